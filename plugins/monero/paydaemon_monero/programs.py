"""monerod and monero-wallet-rpc as processes of ours: found, started on loopback, and ended by their pid."""

import os
import shutil
import signal
import socket
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import trio

from paydaemon.hooks.children import Child, start_child
from paydaemon.hooks.sandbox import NotInstalled
from paydaemon_monero.commands import HOST
from paydaemon_monero.errors import RpcError, Unavailable
from paydaemon_monero.rpc import Rpc

MONEROD = "monerod"
WALLET_RPC = "monero-wallet-rpc"

_START_S = 90.0
_LOOK_S = 0.05
_CALL_S = 120.0
_LOG_TAIL = 2_000


class ProgramFailed(Exception):
    """A program ended, or did not start; the text is the end of what it said."""


def find_monero() -> Path:
    """The folder with both programs: $PAYDAEMON_MONERO_DIR, else our cache, else the PATH.

    Raises `NotInstalled`, saying how to get them.
    """
    told = os.environ.get("PAYDAEMON_MONERO_DIR")
    places = [Path(told)] if told else [cache() / "node-1" / "bin", *_on_path()]
    for folder in places:
        if all(os.access(folder / program, os.X_OK) for program in (MONEROD, WALLET_RPC)):
            return folder
    where = " or ".join(str(folder) for folder in places)
    raise NotInstalled(f"there is no {MONEROD} with {WALLET_RPC} in {where}: `make monero` fetches them")


def free_ports(count: int) -> Sequence[int]:
    """Ports that nobody uses now. Somebody may still take one before its program does."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((HOST, 0))
        return [int(one.getsockname()[1]) for one in sockets]


class Program:
    """One program in one folder, with an RPC; it can be stopped and started again on the same data."""

    def __init__(self, folder: Path, name: str, port: int, arguments: Sequence[str]) -> None:
        """`arguments` are all but what says where the RPC is."""
        self.folder = folder
        self.port = port
        self.rpc = Rpc(name, self.url, timeout_s=_CALL_S)
        self._name = name
        self._arguments = arguments
        self._process: Child | None = None
        self._dialled = False

    @property
    def url(self) -> str:
        """Its RPC."""
        return f"http://{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start it, and wait until it answers. Raises `ProgramFailed`."""
        await self.launch()
        await self.until_it_answers()

    async def until_it_answers(self) -> None:
        """Wait for that. Raises `ProgramFailed` where it ends instead."""
        if not self._dialled:
            await self.rpc.__aenter__()
            self._dialled = True
        with trio.fail_after(_START_S):
            while not await self._answers():  # noqa: ASYNC110 - what is waited for is no task of ours
                await trio.sleep(_LOOK_S)

    async def hang_up(self) -> None:
        """Close the connections to it; `until_it_answers` dials anew."""
        if self._dialled:
            self._dialled = False
            await self.rpc.__aexit__()

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it by its pid, gently unless told otherwise, and wait for it."""
        process, self._process = self._process, None
        await self.hang_up()
        if process is not None:
            await process.end(how)

    @property
    def runs(self) -> bool:
        """Whether it was started, and not stopped since."""
        return self._process is not None

    def check(self) -> None:
        """Raise `ProgramFailed` where it has ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            raise ProgramFailed(self._said())

    async def launch(self) -> None:
        """Start it, and do not wait for it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [str(find_monero() / self._name), f"--rpc-bind-ip={HOST}", f"--rpc-bind-port={self.port}"]
        with self._output.open("wb") as output:
            self._process = await start_child([*command, *self._arguments], stdout=output, stderr=output)

    async def _answers(self) -> bool:
        self.check()
        with suppress(Unavailable, RpcError):
            await self.rpc.call("get_version")
            return True
        return False

    @property
    def _output(self) -> Path:
        return self.folder / f"{self._name}.out"

    def _said(self) -> str:
        return f"{self._name} ended: {self._output.read_text(errors='replace')[-_LOG_TAIL:]}"


def cache() -> Path:
    """The folder that ``tools/get-monero`` unpacks into."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("PAYDAEMON_CACHE") or Path(base, "paydaemon"), "monero")


def _on_path() -> Sequence[Path]:
    found = shutil.which(MONEROD)
    return [Path(found).parent] if found else []
