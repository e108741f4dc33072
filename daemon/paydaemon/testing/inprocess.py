"""The real daemon, whole, in a thread of the test's process: what a test of a plugin runs and asks.

It is composed as ``paydaemon run`` composes it, from a configuration that is checked, on SQLite and with
its listeners; only signals stay the process's.
"""

import logging
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog
import trio

from paydaemon.app import Daemon, run_until
from paydaemon.config import Config, ConfigError
from paydaemon.config.parse import parse_config
from paydaemon.engine.chains import ChainStatus
from paydaemon.hooks.ports import HealthState
from paydaemon.plugins import LoadedPlugins, load_plugins
from paydaemon.testing.asked import TIMEOUT_S, Asked
from paydaemon.testing.fakesandbox import NAME, FakePlugin
from paydaemon.testing.loops import ENDS_WITHIN_S, Loop, NotEnding

PAUSE_S = 0.02
FAKE: Mapping[str, object] = {"chains": {NAME: {"plugin": NAME}}}
"""What a configuration without a chain gets."""
QUICK = {"requests_per_s": 10_000, "requests_burst": 10_000}
"""Limits that no test meets by chance."""

T = TypeVar("T")


@contextmanager
def running(tables: Mapping[str, object], plugins: LoadedPlugins | None = None) -> Iterator["DaemonThread"]:
    """A daemon whose chains can be offered, until the block ends; leaves nothing behind."""
    daemon = DaemonThread(tables, plugins)
    try:
        daemon.start()
        until(daemon.is_ready, "not every chain became healthy")
        yield daemon
        if daemon.is_up:
            daemon.stop()
    finally:
        daemon.give_up()


def problems_of(tables: Mapping[str, object], plugins: LoadedPlugins | None = None) -> Sequence[str]:
    """What ``paydaemon check-config`` says is wrong with a `DaemonThread`'s configuration, line by line."""
    try:
        parse_config({**FAKE, **tables}, plugins or _installed(tables))
    except ConfigError as error:
        return [f"{problem.path}: {problem.message}" for problem in error.problems]
    return []


def until(holds: Callable[[], bool], otherwise: str, within_s: float = TIMEOUT_S) -> None:
    """Wait until something holds. Raises `AssertionError` with what is `otherwise` so."""
    by = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < by, f"{otherwise} (waited {within_s:g} s)"
        time.sleep(PAUSE_S)


class DaemonThread(Asked):
    """One daemon's files and, while it runs, its thread. `tables` is its configuration beside its places.

    Where no chain is configured it has the one in memory, `fake`, whose asset is FAKE. `plugins` are those
    that are installed, unless told.
    `prepare` may change the configuration that was read, as a test does that wraps what a plugin builds.
    `ahead_ms` is how far its clock is ahead of the machine's.
    """

    def __init__(
        self,
        tables: Mapping[str, object],
        plugins: LoadedPlugins | None = None,
        *,
        prepare: Callable[[Config], Config] = lambda config: config,
        ends_within_s: float = ENDS_WITHIN_S,
    ) -> None:
        super().__init__()
        self.ahead_ms = 0
        self.loop = Loop("daemon", ends_within_s)
        self._ends_within_s = ends_within_s
        self.tables = tables
        self._plugins = plugins or _installed(tables)
        self._prepare = prepare
        self._daemon: Daemon | None = None
        self._stop: trio.Event | None = None

    @property
    def is_up(self) -> bool:
        """Whether it runs, and nobody has told it to end."""
        return self._daemon is not None

    def is_ready(self) -> bool:
        """Whether every chain can be offered now."""
        return all(chain.state is HealthState.HEALTHY for chain in self.do(_chain_status))

    @property
    def daemon(self) -> Daemon:
        """What runs, while it runs. It belongs to its own thread: see `do`."""
        assert self._daemon is not None, "the daemon does not run"
        return self._daemon

    def start(self) -> None:
        """Start it; raises what keeps it from starting, such as `ConfigError`."""
        _be_quiet()
        config = self._prepare(configured(self.folder, self.tables, self._plugins))
        self.loop = Loop("daemon", self._ends_within_s)
        self.loop.start(partial(self._main, config))
        self._dial(config.admin.socket)
        self._have_seller()

    def stop(self) -> None:
        """Ask it to end, as a service manager does. Raises `NotEnding` where it goes on."""
        if self._stop is not None:
            self.loop.soon(self._stop.set)
        self._wait(self.loop.wait)

    def kill(self) -> None:
        """End it wherever it is. Raises `NotEnding` where it goes on."""
        self._wait(self.loop.end)

    def give_up(self) -> None:
        """End it where it runs, whether it wants to or not, and remove all that it kept."""
        with suppress(NotEnding):
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def do(self, what: Callable[[Daemon], Awaitable[T]]) -> T:
        """Do something with what runs, in its own thread."""
        return self.loop.call(what, self.daemon)

    def _now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms

    async def _main(
        self, config: Config, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        self._stop = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._until_listening, config, task_status)
            await run_until(self._stop, config, self._now_ms, up=self._is_up)
            nursery.cancel_scope.cancel()

    async def _until_listening(self, config: Config, task_status: trio.TaskStatus[None]) -> None:
        while not config.admin.socket.exists():  # noqa: ASYNC110 - a file has no event
            await trio.sleep(0.002)
        task_status.started()

    def _is_up(self, daemon: Daemon) -> None:
        self._daemon = daemon

    def _wait(self, until_ended: Callable[[], None]) -> None:
        try:
            until_ended()
        finally:
            self._daemon = None
            self._hang_up()


def configured(folder: Path, tables: Mapping[str, object], plugins: LoadedPlugins) -> Config:
    """The configuration of a daemon that keeps everything in one folder. Raises `ConfigError`."""
    limits = {**QUICK, **_table(tables, "limits")}
    own = {"daemon": {"state_dir": str(folder)}, "http": {"bind": "127.0.0.1:0"}}
    return parse_config({**own, **FAKE, **tables, "limits": limits}, plugins, folder=folder)


def _installed(tables: Mapping[str, object]) -> LoadedPlugins:
    """What is installed, with the chain in memory where no other one is configured."""
    return load_plugins((), {} if "chains" in tables else {NAME: FakePlugin()})


def _table(tables: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = tables.get(name, {})
    return found if isinstance(found, Mapping) else {}


async def _chain_status(daemon: Daemon) -> Sequence[ChainStatus]:
    return daemon.chain_status()


def _be_quiet() -> None:
    """Where nobody has said how the log is to look, a failing test shows warnings alone, and plainly."""
    if not structlog.is_configured():
        plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
            processors=[*structlog.get_config()["processors"][:-1], plain],
        )
