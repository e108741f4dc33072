"""The watchdog is fed while loop and writer answer, and only then; the status line tells of every chain."""

import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from paydaemon.engine.chains import ChainStatus
from paydaemon.hooks.ports import HealthState
from paydaemon.notify import Manager
from paydaemon.pulse import FEEDS_IN_TIME, Pulse, status_line
from paydaemon.store.sqlite import open_store
from paydaemon.store.sqlite.store import SqliteStore
from tests.support.manager import Told, listening
from tests.support.waiting import until

WATCHDOG_S = 0.06
LONG_S = 10 * WATCHDOG_S


def chain(id: str, state: HealthState, height: int | None = None, reason: str = "") -> ChainStatus:
    return ChainStatus(id, "fake", state, reason, None, height)


@asynccontextmanager
async def beating(
    folder: Path, store: SqliteStore, chains: Callable[[], list[ChainStatus]] = list
) -> AsyncIterator[tuple[Told, Pulse]]:
    async with listening(str(folder / "notify")) as told, trio.open_nursery() as nursery:
        manager = Manager(told.address, WATCHDOG_S)
        pulse = Pulse(manager, store, chains)
        nursery.start_soon(pulse.run)
        yield told, pulse
        nursery.cancel_scope.cancel()
    manager.close()


def fed(told: Told) -> int:
    return len(told.values("WATCHDOG"))


async def test_it_is_fed_in_time_while_all_is_well(tmp_path: Path) -> None:
    async with open_store(tmp_path / "db") as store, beating(tmp_path, store) as (told, _):
        await until(lambda: fed(told) > 3 * FEEDS_IN_TIME)


async def test_a_writer_that_hangs_ends_the_feeding(tmp_path: Path) -> None:
    hung, released = threading.Event(), threading.Event()

    def hang(tx: object) -> None:
        hung.set()
        released.wait()

    async with (
        open_store(tmp_path / "db") as store,
        beating(tmp_path, store) as (told, _),
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(store.transact, hang)
        await until(hung.is_set)
        await trio.sleep(WATCHDOG_S)  # what was on its way has come
        before = fed(told)
        await trio.sleep(LONG_S)
        assert fed(told) == before
        released.set()
        await until(lambda: fed(told) > before)


async def test_a_full_queue_is_no_answer(tmp_path: Path) -> None:
    hung, released = threading.Event(), threading.Event()

    def hang(tx: object) -> None:
        hung.set()
        released.wait()

    async with open_store(tmp_path / "db", queue_limit=1) as store, trio.open_nursery() as nursery:
        nursery.start_soon(store.transact, hang)
        await until(hung.is_set)
        async with beating(tmp_path, store) as (told, _):
            await trio.sleep(LONG_S)
            assert fed(told) == 0
            released.set()
            await until(lambda: fed(told) > 0)


async def test_a_store_that_refuses_has_answered(tmp_path: Path) -> None:
    async with open_store(tmp_path / "db") as store:
        await store.aclose()
        async with beating(tmp_path, store) as (told, _):
            await until(lambda: fed(told) > FEEDS_IN_TIME)


async def test_a_loop_that_does_not_turn_ends_the_feeding(tmp_path: Path) -> None:
    async with open_store(tmp_path / "db") as store, beating(tmp_path, store) as (told, _):
        await until(lambda: fed(told) > 0)
        before = fed(told)
        time.sleep(LONG_S)  # noqa: ASYNC251 - it is to block
        await trio.lowlevel.checkpoint()
        assert fed(told) <= before + 1


async def test_the_status_is_told_when_it_changes(tmp_path: Path) -> None:
    chains = [chain("bitcoin", HealthState.HEALTHY, 5)]
    async with (
        open_store(tmp_path / "db") as store,
        beating(tmp_path, store, lambda: chains) as (told, pulse),
    ):
        await told.until("STATUS", "1 chain healthy; bitcoin at height 5")
        chains[0] = chain("bitcoin", HealthState.HEALTHY, 6)
        await told.until("STATUS", "height 6")
        pulse.say("restart for http.bind")
        await told.until("STATUS", "height 6; restart for http.bind")
    assert len(told.values("STATUS")) == 3


@pytest.mark.parametrize(
    ("chains", "line"),
    [
        (
            [chain("bitcoin", HealthState.HEALTHY, 812_345), chain("hedera", HealthState.HEALTHY)],
            "2 chains healthy; bitcoin at height 812345; hedera complete",
        ),
        (
            [chain("bitcoin", HealthState.STALE, 812_345, "the node does not answer")],
            "0 of 1 chain healthy; bitcoin stale at height 812345: the node does not answer",
        ),
        (
            [chain("a", HealthState.HEALTHY, 1), chain("b", HealthState.STARTING)],
            "1 of 2 chains healthy; a at height 1; b starting",
        ),
    ],
)
def test_the_status_line(chains: list[ChainStatus], line: str) -> None:
    assert status_line(chains) == line
