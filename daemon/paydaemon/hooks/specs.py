"""Every hook a plugin may implement.

pluggy calls each once, at start; afterwards the daemon holds the typed objects that came back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click
import pluggy
from pydantic import BaseModel

from paydaemon.hooks.diagnosis import Diagnose, DiagnoseNotifier, DiagnoseRates
from paydaemon.hooks.frontend import Frontend
from paydaemon.hooks.notifier import Notifier, Recipient
from paydaemon.hooks.ports import Chain, RateSource
from paydaemon.hooks.sandbox import RateSandbox, Sandbox

GROUP = "paydaemon.plugins"
"""The entry point group that plugins are found in; an entry names the module that holds the hooks."""

hookspec = pluggy.HookspecMarker("paydaemon")
"""What marks the hooks in this module; plugins need it not."""
hookimpl = pluggy.HookimplMarker("paydaemon")
"""What a plugin's module decorates each hook with that it implements."""


@dataclass(frozen=True, slots=True)
class ChainPlugin:
    """A kind of chain, by the `name` that ``[chains.<id>] plugin`` asks for.

    `config` is the model of that table's other keys; `build` makes the chain from the table's id and it, and
    raises `ValueError` where the values cannot work together. `diagnose` is what ``paydaemon doctor`` asks,
    where the plugin has something to say (`paydaemon.hooks.diagnosis`).
    """

    name: str
    config: type[BaseModel]
    build: Callable[[str, Any], Chain]
    diagnose: Diagnose | None = None


@dataclass(frozen=True, slots=True)
class RateSourcePlugin:
    """A kind of rate source, configured in ``[rates.<name>]`` by its `name`.

    `config` is the model of that table's keys; `build` makes the source from it, and raises `ValueError`
    where the values cannot work together. Both are tried when the configuration is checked, so building
    opens nothing. `sets` says that its prices are the operator's own and need no other source beside them.
    `max_age_s` is for how long its word is good where that is not `[quotes] max_age_s`: a table that comes
    once a day. `diagnose` is what ``paydaemon doctor`` asks. `sandbox` makes a local server to read prices
    from in ``paydaemon demo``.
    """

    name: str
    config: type[BaseModel]
    build: Callable[[Any], RateSource]
    sets: bool = False
    max_age_s: int | None = None
    diagnose: DiagnoseRates | None = None
    sandbox: Callable[[], RateSandbox] | None = None


@dataclass(frozen=True, slots=True)
class NotifierPlugin:
    """A way to tell others, by the `name` that ``[notifiers.<id>] plugin`` asks for.

    `config` is the model of that table's other keys; `build` makes the notifier from the table's id and it,
    and raises `ValueError` where the values cannot work together. Both are tried when the configuration is
    checked, so building opens nothing. `endpoints` says that it tells those endpoints too that sellers make
    through the API (``/v1/webhooks``): one configured notifier can. `diagnose` is what ``paydaemon doctor``
    asks, where the plugin has something to say (`paydaemon.hooks.diagnosis`). `recipient` makes somebody to
    be told in ``paydaemon demo``.
    """

    name: str
    config: type[BaseModel]
    build: Callable[[str, Any], Notifier]
    endpoints: bool = False
    diagnose: DiagnoseNotifier | None = None
    recipient: Callable[[], Recipient] | None = None


@dataclass(frozen=True, slots=True)
class FrontendPlugin:
    """A way to speak to clients, by the `name` that ``[frontends.<id>] plugin`` asks for.

    `config` is the model of that table's other keys; `build` makes the frontend from the table's id and it,
    and raises `ValueError` where the values cannot work together. Both are tried when the configuration is
    checked, so building opens nothing.
    """

    name: str
    config: type[BaseModel]
    build: Callable[[str, Any], Frontend]


@dataclass(frozen=True, slots=True)
class SandboxPlugin:
    """A local network to try a chain on; `chain` is the kind of chain it is for, and `build` makes it.

    `build` opens nothing: that is for `paydaemon.hooks.sandbox.Sandbox.run`.
    """

    chain: str
    build: Callable[[], Sandbox]


@hookspec
def register_chains() -> Sequence[ChainPlugin]:  # type: ignore[empty-body]
    """The kinds of chain this plugin brings."""


@hookspec
def register_rate_sources() -> Sequence[RateSourcePlugin]:  # type: ignore[empty-body]
    """The kinds of rate source this plugin brings."""


@hookspec
def register_notifiers() -> Sequence[NotifierPlugin]:  # type: ignore[empty-body]
    """The ways to tell others that this plugin brings."""


@hookspec
def register_frontends() -> Sequence[FrontendPlugin]:  # type: ignore[empty-body]
    """The ways to speak to clients that this plugin brings."""


@hookspec
def register_sandboxes() -> Sequence[SandboxPlugin]:  # type: ignore[empty-body]
    """The local networks this plugin brings for trying its chains."""


@hookspec
def register_commands() -> Sequence[click.Command]:  # type: ignore[empty-body]
    """The commands this plugin adds to ``paydaemon``; its own commands have their names first."""
