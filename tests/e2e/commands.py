"""The command line, run as a person runs it."""

import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trio
from click.testing import CliRunner

from paydaemon.cli.main import cli
from paydaemon.hooks.children import Child, start_child
from tests.support.spout import spout
from tests.support.waiting import BOUND_S, until


@dataclass(frozen=True, slots=True)
class Done:
    """What a command said, and how it ended."""

    exit_code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one line of JSON that it said."""
        (line,) = self.out.splitlines()
        return json.loads(line)


async def paydaemon(*arguments: str) -> Done:
    """Run a command that ends by itself, in a thread: what it does to a daemon, it does over its socket."""
    result = await trio.to_thread.run_sync(lambda: CliRunner().invoke(cli, arguments))
    return Done(result.exit_code, result.stdout, result.stderr)


@dataclass(slots=True)
class Running:
    """A command in a process of its own, with the lines it has said so far."""

    process: Child
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)
    has_said_all: bool = False

    async def says(self, text: str) -> str:
        """Wait until a line on stdout holds `text`, and return it."""

        def said() -> bool:
            return any(text in line for line in self.out) or self.has_said_all

        await until(said)
        found = [line for line in self.out if text in line]
        assert found, ("it ended", self.process.poll(), self.out, self.err)
        return found[0]

    async def warns(self, text: str) -> None:
        """Wait until a line on stderr holds `text`."""
        await until(lambda: any(text in line for line in self.err))

    async def ends(self) -> int:
        """Wait until it ends; returns its exit code."""
        with trio.fail_after(BOUND_S):
            return await self.process.wait()

    async def interrupt(self) -> int:
        """Press Ctrl-C; returns its exit code."""
        self.process.send_signal(signal.SIGINT)
        return await self.ends()

    async def interrupt_until_it_ends(self) -> int:
        """Press Ctrl-C again and again; returns its exit code."""
        with trio.fail_after(BOUND_S):
            while self.process.poll() is None:
                self.process.send_signal(signal.SIGINT)
                await trio.sleep(0.005)
            return await self.process.wait()


@asynccontextmanager
async def running(
    *arguments: str, cwd: Path | None = None, env: dict[str, str] | None = None
) -> AsyncIterator[Running]:
    """A ``paydaemon`` command in a process of its own; interrupted at the end of the block if need be."""
    command = [sys.executable, "-m", "paydaemon", *arguments]
    with spout() as (out, said), spout() as (err, warned):
        run = Running(await start_child(command, stdout=out, stderr=err, cwd=cwd, env=env))

    async def listen(stdout: trio.abc.ReceiveStream) -> None:
        await _read(stdout, run.out)
        run.has_said_all = True

    async with trio.open_nursery() as nursery:
        nursery.start_soon(listen, said)
        nursery.start_soon(_read, warned, run.err)
        try:
            yield run
        finally:
            await run.process.end(signal.SIGINT, BOUND_S)


async def _read(pipe: trio.abc.ReceiveStream, lines: list[str]) -> None:
    """Collect whole lines until the end, and what is left then."""
    rest = b""
    async with pipe:
        async for data in pipe:
            *whole, rest = (rest + data).split(b"\n")
            lines += [line.decode() for line in whole]
    lines += [rest.decode()] if rest else []
