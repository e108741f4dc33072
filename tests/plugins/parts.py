"""What a made-up plugin brings, and how it is loaded."""

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import click

from paydaemon.hooks.settings import Settings
from paydaemon.hooks.specs import ChainPlugin, RateSourcePlugin, SandboxPlugin, hookimpl
from paydaemon.plugins import LoadedPlugins, PluginRecord, PluginStatus, load_plugins


class Keys(Settings):
    depth: int = 6


def build(*args: object) -> Any:
    raise AssertionError("nothing is built while loading")


COIN = ChainPlugin("coin", Keys, build)
BOARD = RateSourcePlugin("board", Keys, build)
PLAYGROUND = SandboxPlugin("coin", build)
DIG = click.Command("dig")


def plugin(**hooks: Callable[[], object]) -> object:
    return SimpleNamespace(**{name: hookimpl(hook) for name, hook in hooks.items()})


def chains(*items: object) -> object:
    return plugin(register_chains=lambda: list(items))


def load(extra: Mapping[str, object], disabled: Sequence[str] = ()) -> LoadedPlugins:
    return load_plugins(disabled, extra)


def record(loaded: LoadedPlugins, name: str) -> PluginRecord:
    (found,) = [one for one in loaded.records if one.name == name]
    return found


def refused(extra: object) -> str:
    """Why a plugin is broken; a good one beside it is loaded all the same, whichever comes first."""
    loaded = load(
        {"first": chains(COIN), "bad": extra, "last": plugin(register_rate_sources=lambda: [BOARD])}
    )
    assert record(loaded, "first").status is PluginStatus.LOADED
    assert record(loaded, "last").status is PluginStatus.LOADED
    assert (loaded.chains["coin"], loaded.rate_sources["board"]) == (COIN, BOARD)
    bad = record(loaded, "bad")
    assert bad.status is PluginStatus.BROKEN
    assert (bad.chains, bad.rate_sources, bad.sandboxes, bad.commands) == ((), (), (), ())
    return bad.reason
