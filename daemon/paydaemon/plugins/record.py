"""What is known of plugins once they are loaded."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import click

from paydaemon.hooks.specs import (
    ChainPlugin,
    FrontendPlugin,
    NotifierPlugin,
    RateSourcePlugin,
    SandboxPlugin,
)

NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}", re.ASCII)
"""What a plugin may call itself, its chains and its rate sources."""

KINDS: Mapping[str, str] = {
    "chains": "chain",
    "rate_sources": "rate source",
    "sandboxes": "sandbox",
    "commands": "command",
    "notifiers": "notifier",
    "frontends": "frontend",
}
"""What plugins bring: by the fields of offers, records and of all that is loaded, each with its word."""

MAX_REASON = 500
"""The most characters of a reason."""


class PluginStatus(StrEnum):
    """Whether a plugin can be used."""

    LOADED = "loaded"
    BROKEN = "broken"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class PluginRecord:
    """What is known of one plugin.

    `name` is its entry point's; `distribution` and `version` are those of what was installed, None for one
    that was handed over by `extra`. `reason` says why it cannot be used, and is empty while it can. `api` is
    the version of the hooks that it was written for, None where it could not be asked. `deprecated` has a
    sentence for each thing that it uses and that goes with the next major version.
    """

    name: str
    distribution: str | None
    version: str | None
    status: PluginStatus
    reason: str = ""
    chains: tuple[str, ...] = ()
    rate_sources: tuple[str, ...] = ()
    sandboxes: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    notifiers: tuple[str, ...] = ()
    frontends: tuple[str, ...] = ()
    api: str | None = None
    deprecated: tuple[str, ...] = ()

    @property
    def who(self) -> str:
        """Its name for people, and where it comes from."""
        return f'the plugin "{self.name}"' + (f" of {self.distribution}" if self.distribution else "")


@dataclass(frozen=True, slots=True)
class LoadedPlugins:
    """Every plugin found, and what the usable ones bring, by name."""

    records: tuple[PluginRecord, ...]
    chains: Mapping[str, ChainPlugin]
    rate_sources: Mapping[str, RateSourcePlugin]
    sandboxes: Mapping[str, SandboxPlugin]
    commands: Mapping[str, click.Command] = field(default_factory=dict)
    notifiers: Mapping[str, NotifierPlugin] = field(default_factory=dict)
    frontends: Mapping[str, FrontendPlugin] = field(default_factory=dict)
