"""Killed at any one of its writes, a daemon has recorded the whole of it afterwards, or nothing."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import httpx
import pytest
import trio

from tests.faults.stage import Stage, staged
from tests.faults.strace import files_of, is_running, tracing
from tests.soak.accounts import read_copy
from tests.support.stream import Stream
from tests.support.waiting import BOUND_S

Step = Callable[[Stage, Stream, int], Awaitable[None]]


async def create(stage: Stage, stream: Stream, number: int) -> None:
    """Order an invoice; the answer may never come."""
    await stage.create(f"order-{number}")


async def be_paid(stage: Stage, stream: Stream, number: int) -> None:
    """A payment enters the mempool."""
    invoice = stage.open[-1]
    stage.network.pay(invoice)
    await stream.until("invoice.processing", invoice["id"])


async def be_confirmed(stage: Stage, stream: Stream, number: int) -> None:
    """The payment gets its blocks."""
    invoice = stage.open[-1]
    stage.network.grow(2)
    await stream.until("invoice.settled", invoice["id"])


async def kill_at(stage: Stage, folder: Path, step: Step, call: str, number: int) -> bool:
    """Take a step, and be killed by its call of this number; returns whether there was one."""
    inject = [f"{call}:signal=KILL:when={number}"]
    files = files_of(stage.daemon.database)
    pid = stage.daemon.pid
    async with (
        stage.daemon.stream() as stream,
        tracing(pid, folder / "trace", calls=(call,), paths=files, inject=inject),
    ):
        try:
            await _unless_it_dies(stage, pid, step, stream, number)
        except httpx.TransportError:
            pass
        was_killed = not is_running(pid)
    stage.told.events = stream.journaled
    return was_killed


async def _unless_it_dies(stage: Stage, pid: int, step: Step, stream: Stream, number: int) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_until_dead, pid, nursery.cancel_scope)
        await step(stage, stream, number)
        nursery.cancel_scope.cancel()


async def _until_dead(pid: int, others: trio.CancelScope) -> None:
    with trio.fail_after(BOUND_S):
        while is_running(pid):  # noqa: ASYNC110 - the kernel kills, and tells nobody
            await trio.sleep(0.005)
    others.cancel()


async def survive(stage: Stage, folder: Path, number: int) -> None:
    """Look at what is left, start again, and let everything come to its end."""
    await stage.daemon.kill()
    left = await read_copy(stage.daemon.database, folder / "copy")
    assert left.faults == []
    assert left.events == left.last_seq
    await stage.daemon.start()


async def kill_at_every(
    folder: Path, prepare: Callable[[Stage, int], Awaitable[None]], step: Step, places: Sequence[int]
) -> int:
    """Be killed at each of these writes and at the sync, until there are no more; returns how often."""
    kills = 0
    async with staged(folder) as stage:
        for call, numbers in (("pwrite64", places), ("fdatasync", (1,))):
            for number in numbers:
                await prepare(stage, number)
                if not await kill_at(stage, folder, step, call, number):
                    break
                kills += 1
                await survive(stage, folder, number)
                await finish(stage, call, number)
        await stage.daemon.stop()
    return kills
