"""Killed at any moment (SIGKILL), what was answered is there, whole, once and in its place."""

import random
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from subprocess import PIPE

import pytest
import trio

from paydaemon.core.events import Event
from paydaemon.store.port import Reader, Store
from paydaemon.store.sqlite import open_store
from tests.support.waiting import BOUND_S

CHILD = Path(__file__).parent / "children" / "write_until_killed.py"
PAGE = 1_000


async def write_and_kill(path: Path, answers: int, pause_s: float) -> dict[int, str]:
    """Let a process write until it has told of so many answers and a moment more; returns all it told."""
    told = bytearray()
    process = await trio.lowlevel.open_process([sys.executable, str(CHILD), str(path)], stdout=PIPE)
    assert process.stdout is not None
    try:
        with trio.fail_after(BOUND_S):
            while told.count(b"\n") < answers:
                told += await process.stdout.receive_some()
                assert process.returncode is None
            await trio.sleep(pause_s)
    finally:
        process.kill()
        await process.wait()
    async with process.stdout:
        async for rest in process.stdout:
            told += rest
    lines = told.decode().split("\n")[:-1]  # what the kill cut short is no answer
    return {int(seq): id for seq, id in (line.split() for line in lines)}


async def all_events(store: Store) -> list[Event]:
    found: list[Event] = []

    def page(reader: Reader) -> list[Event]:
        after = found[-1].seq if found else 0
        return list(reader.events(after=after, types=(), invoice_id=None, seller_id=None, limit=PAGE))

    while more := await store.read(page):
        found += more
    return found


async def check(path: Path, answered: dict[int, str]) -> None:
    async with open_store(path) as store:
        events = await all_events(store)
        payments = {paid.id for paid in await store.read(lambda reader: reader.payments_of("inv_0"))}
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    told = {event.seq: event.data["payment"] for event in events}
    assert {seq: told.get(seq) for seq in answered} == answered
    assert set(told.values()) == payments, "an event and its payment are recorded together"
    assert len(payments) == len(events)
    with closing(sqlite3.connect(path)) as stranger:
        assert stranger.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def kill_again_and_again(path: Path, seed: int, times: int) -> None:
    chance = random.Random(seed)
    answered: dict[int, str] = {}
    for _ in range(times):
        answered |= await write_and_kill(path, chance.randrange(1, 1_500), chance.uniform(0, 0.01))
        await check(path, answered)


async def test_nothing_that_was_answered_is_lost(tmp_path: Path, seed: int) -> None:
    await kill_again_and_again(tmp_path / "ledger.sqlite", seed, 4)


@pytest.mark.soak
async def test_nothing_that_was_answered_is_lost_in_fifty_kills(tmp_path: Path, seed: int) -> None:
    await kill_again_and_again(tmp_path / "ledger.sqlite", seed, 50)
