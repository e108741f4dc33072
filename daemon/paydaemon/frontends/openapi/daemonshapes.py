"""The shapes of answers about the daemon itself: its plugins, and how it and each of its parts are doing."""

from collections.abc import Mapping

from paydaemon.frontends.openapi.schema import (
    Schema,
    choice,
    listing,
    nullable,
    page_of,
    record,
    text,
    time,
    whole,
)
from paydaemon.hooks.ports import HealthState
from paydaemon.plugins import PluginStatus
from paydaemon.supervisor import ServiceState


def shapes() -> Mapping[str, Schema]:
    """Every such shape, by its name among the components."""
    service = record(
        "One of its services.",
        {
            "name": text("What it is: a chain, a source of rates, a notifier, or a frontend."),
            "state": choice(ServiceState, "What it is doing."),
            "since": time("Since when."),
            "restarts": whole("How often it was started again."),
            "last_error": nullable(text("Why it was, the last time.")),
        },
    )
    health = record(
        "The health of one of its chains.",
        {
            "chain": text("The chain's id, as the operator has named it."),
            "state": choice(HealthState, "How it is doing."),
            "reason": text("Why, in words; empty while it is healthy."),
        },
    )
    plugin = record(
        "One installed plugin. There can be more fields.",
        {
            "name": text("Its name."),
            "distribution": nullable(text("The package that brought it.")),
            "version": nullable(text("That package's version.")),
            "api": nullable(text("The version of the plugin API that it was written for, such as `1.0`.")),
            "deprecated": listing(text(""), "What it uses and will be gone, and what to do instead."),
            "status": choice(PluginStatus, "Whether it can be used."),
            "reason": text("Why not, in words; empty while it can."),
            "chains": listing(text(""), "The kinds of chains it brings."),
            "rate_sources": listing(text(""), "The kinds of rate sources it brings."),
            "sandboxes": listing(text(""), "The chains it can run in a sandbox."),
            "commands": listing(text(""), "The commands it adds to `paydaemon`."),
            "notifiers": listing(text(""), "The ways to tell others that it brings."),
            "frontends": listing(text(""), "The ways to speak to clients that it brings."),
            "services": listing(
                service, "What of it was started: chains, rate sources, notifiers and frontends."
            ),
            "health": listing(health, "Those of its chains that are configured, and how each is doing."),
        },
    )
    return {
        "Plugin": plugin,
        "Plugins": page_of("plugins", "Plugin"),
        "Alive": record("The daemon answers.", {"status": {"const": "ok", "description": "Always `ok`."}}),
        "Readiness": _readiness(),
    }


def _readiness() -> Schema:
    state = choice(HealthState, "How it is doing.")
    reason = text(
        "Why, in words; empty while it is healthy. Only operators are told more than a general word."
    )
    chain = record(
        "One chain.",
        {
            "id": text("The chain's id, as the operator has named it."),
            "plugin": text("The plugin that serves it; empty where it is not configured any more."),
            "state": state,
            "reason": reason,
            "as_of": nullable(time("Up to when it has been seen complete.")),
            "height": nullable(whole("The number of its newest block, where it has blocks.")),
        },
    )
    named = text("Its name.")
    fields = {
        "status": text("Whether an order can be taken.", enum=["ok", "unavailable"]),
        "store": record("The database.", {"state": state, "reason": reason}),
        "chains": listing(chain, "Every chain."),
        "plugins": listing(
            record("One plugin.", {"name": named, "status": choice(PluginStatus, "Whether it can be used.")}),
            "Every installed plugin.",
        ),
        "services": listing(
            record("One service.", {"name": named, "state": text("What it does.")}),
            "Every part that is restarted when it fails.",
        ),
    }
    return record("How the daemon and each of its parts are doing.", fields)
