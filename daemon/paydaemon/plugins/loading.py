"""Loading: each plugin found is asked once, and what it brings is put on one shelf, all of it or nothing."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import click

from paydaemon.hooks.specs import (
    ChainPlugin,
    FrontendPlugin,
    NotifierPlugin,
    RateSourcePlugin,
    SandboxPlugin,
)
from paydaemon.hooks.version import ApiVersion, refusal, version_of
from paydaemon.plugins.asking import Offer, ask
from paydaemon.plugins.finding import Candidate, given, installed
from paydaemon.plugins.record import MAX_REASON, NAME, LoadedPlugins, PluginRecord, PluginStatus
from paydaemon.plugins.telling import Broken, in_words


def load_plugins(disabled: Collection[str] = (), extra: Mapping[str, object] | None = None) -> LoadedPlugins:
    """Load every installed plugin that is not `disabled`, then those of `extra`.

    `extra` holds modules or objects with hooks, by name: for tests, and for programs that embed the daemon.
    Whatever is wrong with a plugin is told in its record; it never raises.
    """
    shelf = _Shelf()
    for candidate in (*installed(), *given(extra or {})):
        shelf.records.append(_load(candidate, disabled, shelf))
    return shelf.closed()


@dataclass(slots=True)
class _Shelf:
    """What has been taken so far, and so may not be claimed again."""

    records: list[PluginRecord] = field(default_factory=list)
    chains: dict[str, ChainPlugin] = field(default_factory=dict)
    rate_sources: dict[str, RateSourcePlugin] = field(default_factory=dict)
    sandboxes: dict[str, SandboxPlugin] = field(default_factory=dict)
    commands: dict[str, click.Command] = field(default_factory=dict)
    notifiers: dict[str, NotifierPlugin] = field(default_factory=dict)
    frontends: dict[str, FrontendPlugin] = field(default_factory=dict)

    def take(self, offer: Offer) -> None:
        """Put an offer on the shelf, all or nothing. Raises `Broken` for a name that somebody else has."""
        self._refuse_taken("chain", offer.chains, lambda record: record.chains)
        self._refuse_taken("rate source", offer.rate_sources, lambda record: record.rate_sources)
        self._refuse_taken("sandbox", offer.sandboxes, lambda record: record.sandboxes)
        self._refuse_taken("command", offer.commands, lambda record: record.commands)
        self._refuse_taken("notifier", offer.notifiers, lambda record: record.notifiers)
        self._refuse_taken("frontend", offer.frontends, lambda record: record.frontends)
        self.chains.update(offer.chains)
        self.rate_sources.update(offer.rate_sources)
        self.sandboxes.update(offer.sandboxes)
        self.commands.update(offer.commands)
        self.notifiers.update(offer.notifiers)
        self.frontends.update(offer.frontends)

    def _refuse_taken(
        self, what: str, names: Collection[str], brought_by: Callable[[PluginRecord], Collection[str]]
    ) -> None:
        for record in self.records:
            for name in names:
                if name in brought_by(record):
                    raise Broken(f'the {what} "{name}" is already brought by {_who(record)}')

    def closed(self) -> LoadedPlugins:
        """Everything on the shelf, unchangeable."""
        return LoadedPlugins(
            tuple(self.records),
            MappingProxyType(self.chains),
            MappingProxyType(self.rate_sources),
            MappingProxyType(self.sandboxes),
            MappingProxyType(self.commands),
            MappingProxyType(self.notifiers),
            MappingProxyType(self.frontends),
        )


def _load(candidate: Candidate, disabled: Collection[str], shelf: _Shelf) -> PluginRecord:
    record = PluginRecord(
        candidate.name, candidate.distribution, candidate.version, PluginStatus.BROKEN, "not looked at"
    )
    if candidate.name in disabled:
        return replace(record, status=PluginStatus.DISABLED, reason="disabled in the configuration")
    try:
        _refuse_name(candidate.name, shelf.records)
        plugin = _import(candidate)
        wanted = _wanted(plugin)
        record = replace(record, api=str(wanted))
        _refuse_version(wanted)
        offer = ask(plugin)
        shelf.take(offer)
    except Broken as broken:
        return replace(record, reason=str(broken)[:MAX_REASON])
    except (Exception, SystemExit) as error:  # noqa: BLE001 - attributes of a stranger's may raise anything
        return replace(record, reason=f"cannot be looked at: {in_words(error)}"[:MAX_REASON])
    return _with(record, offer)


def _with(record: PluginRecord, offer: Offer) -> PluginRecord:
    return replace(
        record,
        status=PluginStatus.LOADED,
        reason="",
        chains=tuple(offer.chains),
        rate_sources=tuple(offer.rate_sources),
        sandboxes=tuple(offer.sandboxes),
        commands=tuple(offer.commands),
        notifiers=tuple(offer.notifiers),
        frontends=tuple(offer.frontends),
        deprecated=offer.deprecated,
    )


def _refuse_name(name: str, records: Sequence[PluginRecord]) -> None:
    if NAME.fullmatch(name) is None:
        raise Broken("its name must be made of a-z, 0-9, - and _, starting with a letter, 32 at most")
    for record in records:
        if record.name == name:
            raise Broken(f'the name "{name}" is already taken by {_who(record)}')


def _who(record: PluginRecord) -> str:
    return f'the plugin "{record.name}"' + (f" of {record.distribution}" if record.distribution else "")


def _import(candidate: Candidate) -> object:
    try:
        return candidate.load()
    except Broken:
        raise
    # A module that calls sys.exit() must not end the daemon either.
    except (Exception, SystemExit) as error:
        raise Broken(f"cannot be imported: {in_words(error)}") from error


def _wanted(plugin: object) -> ApiVersion:
    try:
        return version_of(plugin)
    except ValueError as error:
        raise Broken(str(error)) from error


def _refuse_version(wanted: ApiVersion) -> None:
    reason = refusal(wanted)
    if reason is not None:
        raise Broken(reason)
