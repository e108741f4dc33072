"""A plugin of which each part does one thing wrong: it raises, or waits for ever, where it is told to.

What it does otherwise is right, so that only that one thing can be to blame.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import trio

from paydaemon.core.events import EventType
from paydaemon.hooks import specs
from paydaemon.hooks.notifier import Audience, Notice, Notifier, Target, Told
from paydaemon.hooks.ports import Chain, RateHost, RateSource
from paydaemon.hooks.settings import Settings
from paydaemon.hooks.specs import ChainPlugin, NotifierPlugin, RateSourcePlugin, hookimpl
from tests.faults.played import PlayedChain, PlayedSettings

RAISES, WAITS = "raises", "waits"


class Spoilt(Exception):
    """What the spoilt parts raise."""


class SpoiltSettings(Settings):
    """Which member is spoilt, and how."""

    member: str
    how: str


class SpoiltChainSettings(SpoiltSettings):
    """For a chain, also the moves of its network."""

    moves: str


def members(port: type) -> list[str]:
    """Everything that a port asks for."""
    return sorted(name for name in vars(port) if not name.startswith("_"))


def is_async(port: type, member: str) -> bool:
    """Whether a member of a port is something to await."""
    return inspect.iscoroutinefunction(vars(port)[member])


class Spoiling:
    """In front of something real: all of it but one member."""

    def __init__(self, real: object, port: type, settings: SpoiltSettings) -> None:
        self._real = real
        self._port = port
        self._spoilt = settings

    def __getattr__(self, name: str) -> Any:
        if name != self._spoilt.member:
            return getattr(self._real, name)
        if isinstance(vars(self._port)[name], property):
            raise Spoilt(f"{name} is spoilt")
        return self._waits if self._spoilt.how == WAITS else self._raiser(name)

    def _raiser(self, name: str) -> Callable[..., Any]:
        async def fails_later(*_: object, **__: object) -> None:
            await trio.lowlevel.checkpoint()
            raise Spoilt(f"{name} is spoilt")

        def fails(*_: object, **__: object) -> None:
            raise Spoilt(f"{name} is spoilt")

        return fails_later if is_async(self._port, name) else fails

    async def _waits(self, *_: object, **__: object) -> None:
        await trio.sleep_forever()


class NoRates:
    """A rate source that has nothing to say."""

    id = "spoilt"

    async def run(
        self, host: RateHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        task_status.started()
        await trio.sleep_forever()


class NotifierSettings(SpoiltSettings):
    """For a notifier, also where it notes whom it has told."""

    told: str


class NotingNotifier:
    """A notifier that notes in a file what it has told."""

    def __init__(self, id: str, settings: NotifierSettings) -> None:
        self.id = id
        self.audiences = (Audience("operator", frozenset({EventType.INVOICE_CREATED})),)
        self._told = Path(settings.told)

    def check(self, settings: Mapping[str, object]) -> Mapping[str, object]:
        return settings

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        task_status.started()
        await trio.sleep_forever()

    async def tell(self, target: Target, notices: Sequence[Notice]) -> Told:
        await trio.lowlevel.checkpoint()
        with self._told.open("a", encoding="ascii") as file:
            file.writelines(f"{notice.invoice_id}\n" for notice in notices)
        return Told()


def build_notifier(id: str, settings: NotifierSettings) -> Any:
    """A notifier with one spoilt member, or none where its name is none of them."""
    return Spoiling(NotingNotifier(id, settings), Notifier, settings)


def build_chain(id: str, settings: SpoiltChainSettings) -> Any:
    """A chain with one spoilt member, or nothing: building is a member too."""
    if settings.member == "build":
        raise Spoilt("build is spoilt")
    Path(settings.moves).touch()
    return Spoiling(PlayedChain(id, PlayedSettings(moves=settings.moves)), Chain, settings)


def source(name: str) -> RateSourcePlugin:
    """A kind of rate source that is spoilt as its name says: ``spoilt-run-raises``."""
    _, member, how = name.split("-")

    def build(settings: Settings) -> Any:
        return Spoiling(NoRates(), RateSource, SpoiltSettings(member=member, how=how))

    return RateSourcePlugin(name, Settings, build)


def ways(port: type) -> list[tuple[str, str]]:
    """Every member of a port, with each way in which it can be spoilt."""
    raising = [(member, RAISES) for member in members(port)]
    return raising + [(member, WAITS) for member in members(port) if is_async(port, member)]


SOURCES = [f"spoilt-{member}-{how}" for member, how in ways(RateSource)]

HOOKS = sorted(name for name in vars(specs) if name.startswith("register_"))


@hookimpl
def register_chains() -> Sequence[ChainPlugin]:
    """One kind of chain, to be spoilt as its table says."""
    return [ChainPlugin("spoilt", SpoiltChainSettings, build_chain)]


@hookimpl
def register_notifiers() -> Sequence[NotifierPlugin]:
    """One way to tell, to be spoilt as its table says."""
    return [NotifierPlugin("spoilt", NotifierSettings, build_notifier)]


@hookimpl
def register_rate_sources() -> Sequence[RateSourcePlugin]:
    """A kind of rate source for each way to be spoilt."""
    return [source(name) for name in SOURCES]
