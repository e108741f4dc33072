"""The real daemon in a process of its own, which can be killed as a power cut kills it.

What is cancelled in the test's process still runs its ``finally``, and what its modules remember is still
there when it is started again. Here nothing of that is: each start is a process that knows only what the
daemon keeps in its folder. It is forked from one that has done no more than import everything, so that a
start takes no longer than one in a thread.
"""

import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, cast

import trio

from paydaemon.app import run_until
from paydaemon.config import Config
from paydaemon.plugins import load_plugins
from paydaemon.testing.asked import Asked
from paydaemon.testing.inprocess import configured
from paydaemon.testing.loops import WITHIN_S

PAUSE_S = 0.02
LOG_END = 4_000
"""How much is shown of what one that did not start has said, in characters."""


@dataclass(frozen=True, slots=True)
class Named:
    """A class as another process finds it again: by its module's name, and where that is none by its file."""

    module: str
    file: str
    name: str

    def find(self) -> type:
        """The class of that name. Raises `ImportError`, and `AttributeError` for a name of no class there."""
        try:
            module = import_module(self.module)
        except ModuleNotFoundError:
            spec = spec_from_file_location(self.module, self.file)
            assert spec is not None
            assert spec.loader is not None
            module = sys.modules[self.module] = module_from_spec(spec)
            spec.loader.exec_module(module)
        found: Any = module
        for part in self.name.split("."):
            found = getattr(found, part)
        return cast(type, found)


@dataclass(frozen=True, slots=True)
class Order:
    """What one such process is to run: `plugins` is the class whose `extra` are there too."""

    folder: Path
    tables: Mapping[str, object]
    plugins: Named

    def read(self) -> Config:
        """The configuration of the daemon."""
        extra: Mapping[str, object] = getattr(self.plugins.find(), "extra", {})
        return configured(self.folder, self.tables, load_plugins((), extra))


class DaemonProcess(Asked):
    """One daemon's folder and, while it runs, its process. It may have run in a thread before."""

    def __init__(self, order: Order, within_s: float = WITHIN_S) -> None:
        super().__init__(order.folder)
        self._order = order
        self._within_s = within_s
        self._process: ForkServerProcess | None = None

    @property
    def is_up(self) -> bool:
        """Whether it runs, and nobody has told it to end."""
        return self._process is not None

    def start(self) -> None:
        """Start it; raises `AssertionError` with what it said where it does not come to answer."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__, "pytest"])
        self._process = context.Process(target=_serve, args=(self._order,), daemon=True)
        self._process.start()
        place = self._order.read().admin.socket
        by = time.monotonic() + self._within_s
        while not _answers(place):
            gone = self._process.exitcode is not None
            if gone or time.monotonic() > by:
                raise AssertionError(f"the daemon did not start:\n{self._said()}")
            time.sleep(PAUSE_S)
        self._dial(place)
        self._have_seller()

    def stop(self) -> None:
        """Ask it to end, as a service manager does, and wait for it."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once (SIGKILL), wherever it is."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        self._hang_up()
        if process is None:
            return
        assert process.pid is not None
        os.kill(process.pid, how)
        process.join(self._within_s)
        if process.exitcode is None:
            process.kill()
            process.join()
        process.close()

    def _said(self) -> str:
        return _log(self.folder).read_text(errors="replace")[-LOG_END:]


def _answers(place: Path) -> bool:
    """Whether anybody listens there. The file alone says nothing: one that was killed has left it."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(place)) == 0


def _serve(order: Order) -> None:
    """What such a process does: the only thing that is run in it."""
    with _log(order.folder).open("wb") as log:
        for stream in (1, 2):
            os.dup2(log.fileno(), stream)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started it
    trio.run(_run, order.read())


async def _run(config: Config) -> None:
    with trio.open_signal_receiver(signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            stop = trio.Event()
            nursery.start_soon(run_until, stop, config)
            async for _ in signals:
                stop.set()
                break


def _log(folder: Path) -> Path:
    return folder / "process.log"
