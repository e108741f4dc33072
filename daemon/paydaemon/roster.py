"""The roster: each installed plugin and what of it runs, as the interface shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from paydaemon.core.times import rfc3339
from paydaemon.plugins import PluginRecord
from paydaemon.supervisor import ServiceRecord


def plugin_row(record: PluginRecord, services: Sequence[ServiceRecord]) -> Mapping[str, object]:
    """One installed plugin, with those of all services that are its own."""
    brought = {*record.chains, *record.rate_sources, *record.notifiers, *record.frontends}
    own = [_of_plugin(one) for one in services if one.plugin in brought]
    return {**asdict(record), "status": record.status.value, "services": own}


def service_row(service: ServiceRecord) -> Mapping[str, object]:
    """One supervised service."""
    return asdict(service)


def _of_plugin(service: ServiceRecord) -> Mapping[str, object]:
    return {
        "name": service.name,
        "state": service.state.value,
        "since": rfc3339(service.since_ms),
        "restarts": service.restarts,
        "last_error": service.last_error,
    }
