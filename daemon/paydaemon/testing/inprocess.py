"""The real daemon, whole, in a thread of the test's process: what a test of a plugin runs and asks.

It is composed as ``paydaemon run`` composes it, from a configuration that is checked, on SQLite and with
its listeners; only signals stay the process's. It is asked over its Unix socket, so as an operator who may
act for any seller. What it keeps is in its folder, so that stopping and starting it is a restart.
"""

import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import httpx
import trio

from paydaemon.app import Daemon, run_until
from paydaemon.config import Config
from paydaemon.config.parse import parse_config
from paydaemon.plugins import LoadedPlugins
from paydaemon.testing.loops import ENDS_WITHIN_S, Loop, NotEnding

SELLER = "shop"
TIMEOUT_S = 60.0

Json = dict[str, Any]
T = TypeVar("T")


class DaemonThread:
    """One daemon's files and, while it runs, its thread. `tables` is its configuration beside its places.

    `prepare` may change the configuration that was read, as a test does that wraps what a plugin builds.
    `ahead_ms` is how far its clock is ahead of the machine's.
    """

    def __init__(
        self,
        tables: Mapping[str, object],
        plugins: LoadedPlugins,
        *,
        prepare: Callable[[Config], Config] = lambda config: config,
        ends_within_s: float = ENDS_WITHIN_S,
    ) -> None:
        # A socket's path is short (unix(7)), and a test's own folder need not be.
        self.folder = Path(tempfile.mkdtemp(prefix="paydaemon-"))
        self.ahead_ms = 0
        self.loop = Loop("daemon", ends_within_s)
        self._ends_within_s = ends_within_s
        self._tables = tables
        self._plugins = plugins
        self._prepare = prepare
        self._daemon: Daemon | None = None
        self._stop: trio.Event | None = None
        self._client: httpx.Client | None = None

    @property
    def is_up(self) -> bool:
        """Whether it runs, and nobody has told it to end."""
        return self._daemon is not None

    @property
    def daemon(self) -> Daemon:
        """What runs, while it runs. It belongs to its own thread: see `do`."""
        assert self._daemon is not None, "the daemon does not run"
        return self._daemon

    def start(self) -> None:
        """Start it; raises what keeps it from starting, such as `ConfigError`."""
        config = self._prepare(self._config())
        self.loop = Loop("daemon", self._ends_within_s)
        self.loop.start(partial(self._main, config))
        socket = httpx.HTTPTransport(uds=str(config.admin.socket))
        self._client = httpx.Client(transport=socket, base_url="http://paydaemon", timeout=TIMEOUT_S)
        if not any(seller["id"] == SELLER for seller in self.call("GET", "/admin/v1/sellers")["data"]):
            self.call("POST", "/admin/v1/sellers", {"id": SELLER})

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

    def call(
        self, method: str, path: str, body: Mapping[str, object] | None = None, *, expect: int = 2
    ) -> Json:
        """A request; `expect` is the first digit of the status. Raises `AssertionError` for another one."""
        assert self._client is not None, "the daemon does not run"
        answer = self._client.request(method, path, json=body)
        content = answer.json()
        assert answer.status_code // 100 == expect, (answer.status_code, content)
        return dict(content)

    def do(self, what: Callable[[Daemon], Awaitable[T]]) -> T:
        """Do something with what runs, in its own thread."""
        return self.loop.call(what, self.daemon)

    def _now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms

    def _config(self) -> Config:
        own = {
            "daemon": {"state_dir": str(self.folder)},
            "http": {"bind": "127.0.0.1:0"},
            "limits": {"requests_per_s": 10_000, "requests_burst": 10_000},
        }
        return parse_config({**own, **self._tables}, self._plugins, folder=self.folder)

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
            if self._client is not None:
                self._client.close()
