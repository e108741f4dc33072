"""Plugins: entry points → hooks → typed objects, with one record for each plugin found.

A plugin that cannot be imported, misspells a hook or returns what the hook does not ask for becomes a record
with a reason, and stops nobody else. pluggy is used here and at start only, and every plugin gets a manager
of its own: in a shared one a hook that raises silences the others', and a broken entry point ends the loading
half-way.
"""

import inspect
import re
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from importlib.metadata import Distribution, distributions
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias, TypeVar

import click
import pluggy
from pydantic import BaseModel

from paydaemon.hooks import specs
from paydaemon.hooks.specs import (
    ChainPlugin,
    FrontendPlugin,
    NotifierPlugin,
    RateSourcePlugin,
    SandboxPlugin,
)
from paydaemon.logs import in_one_line
from paydaemon.suggest import did_you_mean

NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}", re.ASCII)
"""What a plugin may call itself, its chains and its rate sources."""

MAX_REASON = 500
"""The most characters of a reason."""

_HOOKS = tuple(name for name in vars(specs) if name.startswith("register_"))


class PluginStatus(StrEnum):
    """Whether a plugin can be used."""

    LOADED = "loaded"
    BROKEN = "broken"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class PluginRecord:
    """What is known of one plugin.

    `name` is its entry point's; `distribution` and `version` are those of what was installed, None for one
    that was handed over by `extra`. `reason` says why it cannot be used, and is empty while it can.
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


def load_plugins(disabled: Collection[str] = (), extra: Mapping[str, object] | None = None) -> LoadedPlugins:
    """Load every installed plugin that is not `disabled`, then those of `extra`.

    `extra` holds modules or objects with hooks, by name: for tests, and for programs that embed the daemon.
    Whatever is wrong with a plugin is told in its record; it never raises.
    """
    shelf = _Shelf()
    for candidate in (*_installed(), *_given(extra or {})):
        shelf.records.append(_load(candidate, disabled, shelf))
    return shelf.closed()


# --- Loading


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A plugin before it is loaded. `load` returns what holds its hooks, or raises."""

    name: str
    distribution: str | None
    version: str | None
    load: Callable[[], object]


class _Broken(Exception):
    """A plugin cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class _Offer:
    """What the hooks of one plugin returned, by name."""

    chains: Mapping[str, ChainPlugin]
    rate_sources: Mapping[str, RateSourcePlugin]
    sandboxes: Mapping[str, SandboxPlugin]
    commands: Mapping[str, click.Command]
    notifiers: Mapping[str, NotifierPlugin]
    frontends: Mapping[str, FrontendPlugin]


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

    def take(self, offer: _Offer) -> None:
        """Put an offer on the shelf, all or nothing. Raises `_Broken` for a name that somebody else has."""
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
                    raise _Broken(f'the {what} "{name}" is already brought by {_who(record)}')

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


def _load(candidate: _Candidate, disabled: Collection[str], shelf: _Shelf) -> PluginRecord:
    record = partial(PluginRecord, candidate.name, candidate.distribution, candidate.version)
    if candidate.name in disabled:
        return record(PluginStatus.DISABLED, "disabled in the configuration")
    try:
        _refuse_name(candidate.name, shelf.records)
        offer = _call_hooks(_import(candidate))
        shelf.take(offer)
    except _Broken as broken:
        return record(PluginStatus.BROKEN, str(broken)[:MAX_REASON])
    except (Exception, SystemExit) as error:  # noqa: BLE001 - attributes of a stranger's may raise anything
        return record(PluginStatus.BROKEN, f"cannot be looked at: {_tell(error)}"[:MAX_REASON])
    return record(
        PluginStatus.LOADED,
        "",
        tuple(offer.chains),
        tuple(offer.rate_sources),
        tuple(offer.sandboxes),
        tuple(offer.commands),
        tuple(offer.notifiers),
        tuple(offer.frontends),
    )


def _refuse_name(name: str, records: Sequence[PluginRecord]) -> None:
    if NAME.fullmatch(name) is None:
        raise _Broken("its name must be made of a-z, 0-9, - and _, starting with a letter, 32 at most")
    for record in records:
        if record.name == name:
            raise _Broken(f'the name "{name}" is already taken by {_who(record)}')


def _who(record: PluginRecord) -> str:
    return f'the plugin "{record.name}"' + (f" of {record.distribution}" if record.distribution else "")


def _import(candidate: _Candidate) -> object:
    try:
        return candidate.load()
    except _Broken:
        raise
    # A module that calls sys.exit() must not end the daemon either.
    except (Exception, SystemExit) as error:
        raise _Broken(f"cannot be imported: {_tell(error)}") from error


# --- Finding


def _installed() -> Iterator[_Candidate]:
    """One candidate for each entry point of the group, in a fixed order.

    Not by `importlib.metadata.entry_points`: a malformed file of any one distribution makes it raise for all.
    """
    ours: dict[str, Distribution] = {}
    for distribution in distributions():
        if specs.GROUP in _entry_points_text(distribution):
            # Of two with one name, the first on sys.path is the one that imports come from.
            ours.setdefault(distribution.name.lower(), distribution)
    for name in sorted(ours):
        yield from _candidates(ours[name])


def _entry_points_text(distribution: Distribution) -> str:
    try:
        return distribution.read_text("entry_points.txt") or ""
    except (OSError, UnicodeDecodeError):
        return ""


def _candidates(distribution: Distribution) -> Iterator[_Candidate]:
    name, version = distribution.name, distribution.version
    try:
        for entry in sorted(distribution.entry_points.select(group=specs.GROUP)):
            yield _Candidate(entry.name, name, version, entry.load)
    except (ValueError, TypeError) as error:
        yield _Candidate(name.lower(), name, version, partial(_fail, f"its entry_points.txt: {_tell(error)}"))


def _fail(reason: str) -> object:
    raise _Broken(reason)


def _given(extra: Mapping[str, object]) -> Iterator[_Candidate]:
    for name, plugin in extra.items():
        yield _Candidate(name, None, None, partial(_itself, plugin))


def _itself(plugin: object) -> object:
    return plugin


# --- Asking


def _call_hooks(plugin: object) -> _Offer:
    """Everything a plugin's hooks return. Raises `_Broken` for hooks that do not do what the specs say."""
    hooks = _hooks(plugin)
    chains = _items(hooks, "register_chains", ChainPlugin)
    sources = _items(hooks, "register_rate_sources", RateSourcePlugin)
    sandboxes = _items(hooks, "register_sandboxes", SandboxPlugin)
    commands = _items(hooks, "register_commands", click.Command)
    notifiers = _items(hooks, "register_notifiers", NotifierPlugin)
    frontends = _items(hooks, "register_frontends", FrontendPlugin)
    return _Offer(
        _by_name("chain", [(chain.name, chain) for chain in chains]),
        _by_name("rate source", [(source.name, source) for source in sources]),
        _by_name("sandbox", [(sandbox.chain, sandbox) for sandbox in sandboxes]),
        _by_name("command", [(str(command.name), command) for command in commands]),
        _by_name("notifier", [(notifier.name, notifier) for notifier in notifiers]),
        _by_name("frontend", [(frontend.name, frontend) for frontend in frontends]),
    )


def _hooks(plugin: object) -> pluggy.HookRelay:
    manager = pluggy.PluginManager("paydaemon")
    manager.add_hookspecs(specs)
    marked = [name for name in dir(plugin) if _is_marked(manager, plugin, name)]
    for name in marked:
        if name not in _HOOKS:
            raise _Broken(f'there is no hook "{name}"{did_you_mean(name, _HOOKS)}')
    if not marked:
        raise _Broken("it implements no hook: none of its functions is marked with @hookimpl")
    try:
        manager.register(plugin)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise _Broken(" ".join(str(error).split())) from error
    return manager.hook


def _is_marked(manager: pluggy.PluginManager, plugin: object, name: str) -> bool:
    return manager.parse_hookimpl_opts(plugin, name) is not None


_Item: TypeAlias = (
    ChainPlugin | RateSourcePlugin | SandboxPlugin | click.Command | NotifierPlugin | FrontendPlugin
)
T = TypeVar("T", ChainPlugin, RateSourcePlugin, SandboxPlugin, click.Command, NotifierPlugin, FrontendPlugin)


def _items(hooks: pluggy.HookRelay, hook: str, kind: type[T]) -> Sequence[T]:
    """What one hook returned, checked. Empty where the plugin does not implement it."""
    caller = getattr(hooks, hook)
    if not caller.get_hookimpls():
        return ()
    try:
        # Of one plugin's one implementation; pluggy leaves out None.
        returned = next(iter(caller()), None)
    except (Exception, SystemExit) as error:
        raise _Broken(f"{hook}() raised {_tell(error)}") from error
    if inspect.iscoroutine(returned):
        returned.close()
    if not isinstance(returned, Sequence) or isinstance(returned, str | bytes):
        raise _Broken(f"{hook}() must return a list of {kind.__name__}, not {_kind(returned)}")
    for item in returned:
        if not isinstance(item, kind):
            raise _Broken(f"{hook}() must return a list of {kind.__name__}, not with {_kind(item)} in it")
        _check(hook, item)
    return returned


def _check(hook: str, item: _Item) -> None:
    name: object = item.chain if isinstance(item, SandboxPlugin) else item.name
    if not isinstance(name, str) or NAME.fullmatch(name) is None:
        raise _Broken(f"{hook}() returned the name {name!r}, which must match {NAME.pattern}")
    if isinstance(item, click.Command):
        return
    if not callable(item.build):
        raise _Broken(f'{hook}(): the build of "{name}" cannot be called')
    if not isinstance(item, SandboxPlugin):
        _check_model(hook, name, item.config)
    if isinstance(item, ChainPlugin | RateSourcePlugin | NotifierPlugin):
        _check_optional(hook, name, "diagnose", item.diagnose)
    if isinstance(item, RateSourcePlugin):
        _check_optional(hook, name, "sandbox", item.sandbox)
    if isinstance(item, ChainPlugin | NotifierPlugin | FrontendPlugin):
        _check_table(hook, name, item)


def _check_optional(hook: str, name: str, what: str, value: object) -> None:
    if not (value is None or callable(value)):
        raise _Broken(f'{hook}(): the {what} of "{name}" cannot be called')


def _check_table(hook: str, name: str, item: ChainPlugin | NotifierPlugin | FrontendPlugin) -> None:
    """What is configured in tables of an operator's own naming."""
    if "plugin" in item.config.model_fields:
        raise _Broken(f'{hook}(): the config of "{name}" has a key "plugin", which the daemon reads itself')


def _check_model(hook: str, name: str, config: object) -> None:
    if not (isinstance(config, type) and issubclass(config, BaseModel)):
        raise _Broken(f'{hook}(): the config of "{name}" must be a pydantic model')


def _by_name(what: str, named: Sequence[tuple[str, T]]) -> Mapping[str, T]:
    found: dict[str, T] = {}
    for name, item in named:
        if name in found:
            raise _Broken(f'it brings the {what} "{name}" twice')
        found[name] = item
    return found


# --- Telling


def _kind(value: object) -> str:
    return "None" if value is None else type(value).__name__


def _tell(error: BaseException) -> str:
    """An exception in one line, with where it was raised."""
    text = in_one_line(error)
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if "importlib" not in frame.filename
    ]
    # The first frame is this module's own.
    return f"{text} ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames[1:] else text
