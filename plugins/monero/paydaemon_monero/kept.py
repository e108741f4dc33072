"""A prepared network, kept for the next one: making its wallets and mining its first blocks takes half a
minute.

It lies in our cache, beside the programs that ``tools/get-monero`` unpacks, one for each release of them.
Where there is no such cache, each network is prepared anew.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import trio

from paydaemon_monero.programs import MONEROD, cache, find_monero

_LAYOUT = 2
"""Grows with what a prepared network holds, so that an older one is not taken for it."""

_LOOK_S = 0.1


async def fill(folder: Path, prepare: Callable[[], Awaitable[None]]) -> None:
    """Fill `folder` with a prepared network: a copy of the kept one, or what `prepare` makes in it."""
    kept = await _place()
    if kept is None:
        await prepare()
        return
    async with _alone(kept.with_suffix(".lock")):
        if not kept.exists():
            await prepare()
            await trio.to_thread.run_sync(_keep, folder, kept)
            return
    await trio.to_thread.run_sync(lambda: shutil.copytree(kept, folder, dirs_exist_ok=True))


async def _place() -> Path | None:
    """Where it is kept, or would be; None where there is no cache of ours, or none to write to."""
    if not os.access(cache(), os.W_OK):
        return None
    asked = [str(find_monero() / MONEROD), "--version"]
    version = (await trio.run_process(asked, capture_stdout=True, stderr=subprocess.DEVNULL)).stdout
    return cache() / f"regtest-{_LAYOUT}-{hashlib.sha256(version).hexdigest()[:12]}"


def _keep(folder: Path, kept: Path) -> None:
    """As a whole, or not at all."""
    with suppress(OSError), tempfile.TemporaryDirectory(dir=kept.parent) as beside:
        shutil.copytree(folder, Path(beside, "net"), ignore=shutil.ignore_patterns("*.out", "*.log"))
        Path(beside, "net").rename(kept)


@asynccontextmanager
async def _alone(lock: Path) -> AsyncIterator[None]:
    """One at a time, over all processes; the next one finds the work done."""
    with lock.open("w") as held:
        while not _taken(held.fileno()):  # noqa: ASYNC110 - what is waited for is no task of ours
            await trio.sleep(_LOOK_S)
        yield


def _taken(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
