"""Asking: every hook of one plugin is called, and what it returns is held to what its spec says."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import click
import pluggy
from pydantic import BaseModel

from paydaemon.hooks import specs, version
from paydaemon.hooks.specs import (
    ChainPlugin,
    FrontendPlugin,
    NotifierPlugin,
    RateSourcePlugin,
    SandboxPlugin,
)
from paydaemon.plugins.record import NAME
from paydaemon.plugins.telling import Broken, in_words, kind_of
from paydaemon.suggest import did_you_mean

_HOOKS = tuple(name for name in vars(specs) if name.startswith("register_"))


@dataclass(frozen=True, slots=True)
class Offer:
    """What the hooks of one plugin returned, by name, and what is said of what will be gone."""

    chains: Mapping[str, ChainPlugin]
    rate_sources: Mapping[str, RateSourcePlugin]
    sandboxes: Mapping[str, SandboxPlugin]
    commands: Mapping[str, click.Command]
    notifiers: Mapping[str, NotifierPlugin]
    frontends: Mapping[str, FrontendPlugin]
    deprecated: tuple[str, ...]


def ask(plugin: object) -> Offer:
    """Everything a plugin's hooks return. Raises `Broken` for hooks that do not do what the specs say."""
    hooks = _hooks(plugin)
    chains = _items(hooks, "register_chains", ChainPlugin)
    sources = _items(hooks, "register_rate_sources", RateSourcePlugin)
    sandboxes = _items(hooks, "register_sandboxes", SandboxPlugin)
    commands = _items(hooks, "register_commands", click.Command)
    notifiers = _items(hooks, "register_notifiers", NotifierPlugin)
    frontends = _items(hooks, "register_frontends", FrontendPlugin)
    return Offer(
        _by_name("chain", [(chain.name, chain) for chain in chains]),
        _by_name("rate source", [(source.name, source) for source in sources]),
        _by_name("sandbox", [(sandbox.chain, sandbox) for sandbox in sandboxes]),
        _by_name("command", [(str(command.name), command) for command in commands]),
        _by_name("notifier", [(notifier.name, notifier) for notifier in notifiers]),
        _by_name("frontend", [(frontend.name, frontend) for frontend in frontends]),
        tuple(_deprecated(hooks, (*chains, *sources, *sandboxes, *notifiers, *frontends))),
    )


def _deprecated(hooks: pluggy.HookRelay, items: Sequence[object]) -> Iterator[str]:
    """A sentence for each deprecated hook that is implemented, and each deprecated field that is filled."""
    for one in version.DEPRECATED:
        kind, _, name = one.what.rpartition(".")
        own = [item for item in items if type(item).__name__ == kind]
        if getattr(hooks, one.what).get_hookimpls() if not kind else any(_fills(item, name) for item in own):
            yield str(one)


def _fills(item: object, name: str) -> bool:
    default: object = inspect.signature(type(item)).parameters[name].default
    return getattr(item, name) is not default


def _hooks(plugin: object) -> pluggy.HookRelay:
    manager = pluggy.PluginManager("paydaemon")
    manager.add_hookspecs(specs)
    marked = [name for name in dir(plugin) if _is_marked(manager, plugin, name)]
    for name in marked:
        if name not in _HOOKS:
            raise Broken(f'there is no hook "{name}"{did_you_mean(name, _HOOKS)}')
    if not marked:
        raise Broken("it implements no hook: none of its functions is marked with @hookimpl")
    try:
        manager.register(plugin)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise Broken(" ".join(str(error).split())) from error
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
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise Broken(f"{hook}() raised {in_words(error)}") from error
    if inspect.iscoroutine(returned):
        returned.close()
    if not isinstance(returned, Sequence) or isinstance(returned, str | bytes):
        raise Broken(f"{hook}() must return a list of {kind.__name__}, not {kind_of(returned)}")
    for item in returned:
        if not isinstance(item, kind):
            raise Broken(f"{hook}() must return a list of {kind.__name__}, not with {kind_of(item)} in it")
        _check(hook, item)
    return returned


def _check(hook: str, item: _Item) -> None:
    name: object = item.chain if isinstance(item, SandboxPlugin) else item.name
    if not isinstance(name, str) or NAME.fullmatch(name) is None:
        raise Broken(f"{hook}() returned the name {name!r}, which must match {NAME.pattern}")
    if isinstance(item, click.Command):
        return
    if not callable(item.build):
        raise Broken(f'{hook}(): the build of "{name}" cannot be called')
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
        raise Broken(f'{hook}(): the {what} of "{name}" cannot be called')


def _check_table(hook: str, name: str, item: ChainPlugin | NotifierPlugin | FrontendPlugin) -> None:
    """What is configured in tables of an operator's own naming."""
    if "plugin" in item.config.model_fields:
        raise Broken(f'{hook}(): the config of "{name}" has a key "plugin", which the daemon reads itself')


def _check_model(hook: str, name: str, config: object) -> None:
    if not (isinstance(config, type) and issubclass(config, BaseModel)):
        raise Broken(f'{hook}(): the config of "{name}" must be a pydantic model')


def _by_name(what: str, named: Sequence[tuple[str, T]]) -> Mapping[str, T]:
    found: dict[str, T] = {}
    for name, item in named:
        if name in found:
            raise Broken(f'it brings the {what} "{name}" twice')
        found[name] = item
    return found
