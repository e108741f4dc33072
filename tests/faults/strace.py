"""strace(1) on a running daemon: looks at its calls to the kernel, or makes chosen ones fail or deadly.

It attaches and lets go again, so that one daemon can be asked with and without faults. Needs Debian's package
`strace` and the right to trace a process of one's own user; where that is missing, so are these tests: they
fail and say so.
"""

import os
import shutil
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import DEVNULL, PIPE

import trio

from tests.support.waiting import BOUND_S

LETS_GO_WITHIN_S = 2.0
WRITES = ("pwrite64", "write", "fdatasync", "fsync", "ftruncate", "rename", "unlink")
"""Whatever SQLite changes a file by, or makes it last."""


class Trace:
    """What strace has told so far."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def calls(self) -> list[str]:
        """One line for each call, in the order in which they ended."""
        return self._file.read_text(encoding="utf-8", errors="replace").splitlines()

    def injected(self) -> list[str]:
        """The calls that were tampered with."""
        return [line for line in self.calls if "(INJECTED)" in line or "killed by SIGKILL" in line]


@asynccontextmanager
async def tracing(
    pid: int,
    file: Path,
    *,
    calls: Sequence[str] = WRITES,
    paths: Sequence[Path] = (),
    inject: Sequence[str] = (),
    more: Sequence[str] = (),
) -> AsyncIterator[Trace]:
    """Trace a process for as long as the block runs.

    `paths` are the files whose calls count, all where none is named; `inject` are strace's own expressions,
    such as ``pwrite64:error=ENOSPC:when=3+``.
    """
    strace = shutil.which("strace")
    assert strace is not None, "these tests need strace: apt-get install strace"
    process = await trio.lowlevel.open_process(
        [
            *(strace, "-f", "-y", "-o", str(file), "-p", str(pid), "-e", f"trace={','.join(calls)}"),
            *(part for path in paths for part in ("-P", str(path))),
            *(part for one in inject for part in ("-e", f"inject={one}")),
            *more,
        ],
        stdin=DEVNULL,
        stderr=PIPE,
    )
    assert process.stderr is not None
    try:
        await _attached(process)
        yield Trace(file)
    finally:
        with trio.CancelScope(shield=True):
            await _let_go(process)
            await process.stderr.aclose()


async def _let_go(process: trio.Process) -> None:
    """Detach. A strace whose process has died in the middle of a call may wait for it for ever."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    with trio.move_on_after(LETS_GO_WITHIN_S):
        await process.wait()
    process.kill()
    await process.wait()


async def _attached(process: trio.Process) -> None:
    said = b""
    assert process.stderr is not None
    with trio.fail_after(BOUND_S):
        while b"attached" not in said:
            more = await process.stderr.receive_some()
            assert more, f"strace cannot trace the daemon: {said.decode()}"
            said += more


def files_of(database: Path) -> list[Path]:
    """Everything that SQLite keeps of a database on the disk."""
    return [database.with_name(database.name + suffix) for suffix in ("", "-wal", "-journal")]


def is_running(pid: int) -> bool:
    """Whether a process still runs, or has ended and is not waited for."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "State:\tZ" not in Path("/proc", str(pid), "status").read_text()
