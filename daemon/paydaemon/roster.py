"""The roster: each installed plugin and what of it runs, as the interface and the log show them."""

from collections.abc import Sequence
from dataclasses import asdict

import structlog

from paydaemon.core.times import rfc3339
from paydaemon.engine.chains import ChainStatus
from paydaemon.plugins import PluginRecord, PluginStatus
from paydaemon.supervisor import ServiceRecord

log = structlog.get_logger(__name__)

Json = dict[str, object]


def plugin_row(
    record: PluginRecord, services: Sequence[ServiceRecord] = (), chains: Sequence[ChainStatus] = ()
) -> Json:
    """One installed plugin, with those of all services and chains that are its own."""
    brought = {*record.chains, *record.rate_sources, *record.notifiers, *record.frontends}
    own = [_of_plugin(one) for one in services if one.plugin in brought]
    health = [_of_chain(one) for one in chains if one.plugin in record.chains]
    return {**asdict(record), "status": record.status.value, "services": own, "health": health}


def service_row(service: ServiceRecord) -> Json:
    """One supervised service."""
    return asdict(service)


def announce(records: Sequence[PluginRecord]) -> None:
    """Tell in the log, once, which plugins cannot be used, and what the others use that will be gone."""
    for record in records:
        about = {"plugin": record.name, "distribution": record.distribution, "version": record.version}
        if record.status is PluginStatus.BROKEN:
            log.warning("a plugin cannot be used", **about, reason=record.reason)
        for deprecated in record.deprecated:
            log.warning("a plugin uses what will be gone", **about, deprecated=deprecated)


def _of_plugin(service: ServiceRecord) -> Json:
    return {
        "name": service.name,
        "state": service.state.value,
        "since": rfc3339(service.since_ms),
        "restarts": service.restarts,
        "last_error": service.last_error,
    }


def _of_chain(chain: ChainStatus) -> Json:
    return {"chain": chain.id, "state": chain.state.value, "reason": chain.reason}
