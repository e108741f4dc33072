"""Coroutines of asyncio's, called by trio's tasks: each is told once, or ended when its caller gives up."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from functools import partial

import pytest
import trio

from paydaemon_hedera.sidethread import Closed, SideThread
from tests.support.waiting import until

SOON_S = 5


@pytest.fixture
async def side() -> AsyncIterator[SideThread]:
    made = SideThread()
    yield made
    with trio.fail_after(SOON_S):
        await made.close()
    assert "hedera-grpc" not in {thread.name for thread in threading.enumerate()}


async def test_what_is_returned_and_what_is_raised(side: SideThread) -> None:
    async def answer() -> str:
        await asyncio.sleep(0)
        return threading.current_thread().name

    async def fail() -> None:
        raise LookupError("nothing there")

    assert await side.call(answer) == "hedera-grpc"
    with pytest.raises(LookupError, match="nothing there"):
        await side.call(fail)


async def test_many_at_once_are_each_told_what_is_theirs(side: SideThread) -> None:
    told: dict[int, int] = {}

    async def ask(number: int) -> None:
        async def answer() -> int:
            await asyncio.sleep(number % 3 / 1000)
            return number

        for _ in range(5):
            told[number] = await side.call(answer)

    with trio.fail_after(SOON_S):
        async with trio.open_nursery() as nursery:
            for number in range(500):
                nursery.start_soon(ask, number)
    assert told == {number: number for number in range(500)}


async def test_trio_is_told_once_of_all_that_came_back_while_it_was_busy(side: SideThread) -> None:
    """Each announcement wakes trio's loop by a call of the kernel."""
    announced, began = 0, threading.Semaphore(0)
    hand_back = side._hand_back

    def counted() -> None:
        nonlocal announced
        announced += 1
        hand_back()

    async def answer(number: int) -> int:
        began.release()
        await asyncio.sleep(number / 1000)
        return number

    async def keep_busy() -> None:
        for _ in range(30):
            await trio.to_thread.run_sync(began.acquire)
        time.sleep(0.1)  # noqa: ASYNC251 - so that nobody else has a turn

    side._hand_back = counted  # type: ignore[method-assign]
    told: list[int] = []

    async def ask(number: int) -> None:
        told.append(await side.call(partial(answer, number + 20)))

    with trio.fail_after(SOON_S):
        async with trio.open_nursery() as nursery:
            for number in range(30):
                nursery.start_soon(ask, number)
            await keep_busy()
    assert sorted(told) == list(range(20, 50))
    assert announced < 15


async def test_whoever_gives_up_ends_what_was_called(side: SideThread) -> None:
    ended: list[str] = []

    async def wait() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("cancelled")

    with trio.move_on_after(0.05) as patience:
        await side.call(wait)
    assert patience.cancelled_caught
    await until(lambda: ended == ["cancelled"])


async def test_an_answer_that_comes_as_somebody_gives_up_is_nobodys(side: SideThread) -> None:
    for _ in range(200):
        with trio.move_on_after(0.0005):
            await side.call(lambda: asyncio.sleep(0.0005, "late"))
    assert await side.call(lambda: asyncio.sleep(0, "in time")) == "in time"


async def test_its_end_waits_for_partings_and_ends_everything_else() -> None:
    side, seen = SideThread(), list[str]()

    async def part() -> None:
        await asyncio.sleep(0.05)
        seen.append("parted")

    async def wait() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            seen.append("ended")

    async def is_told_of_the_end() -> None:
        with pytest.raises(asyncio.CancelledError):
            await side.call(wait)
        seen.append("told")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(is_told_of_the_end)
        await trio.sleep(0.05)
        side.part(part)
        with trio.fail_after(SOON_S):
            await side.close()
    assert seen == ["parted", "ended", "told"]


async def test_calls_that_race_with_its_end_are_each_told_something() -> None:
    for number in range(60):
        side, told = SideThread(), list[str]()

        async def ask(side: SideThread = side, told: list[str] = told, number: int = number) -> None:
            try:
                with trio.move_on_after(0.002 * (number % 3)):
                    await side.call(lambda: asyncio.sleep(0.001))
                told.append("answered, or given up")
            except (Closed, asyncio.CancelledError) as error:
                told.append(type(error).__name__)

        with trio.fail_after(SOON_S):
            async with trio.open_nursery() as nursery:
                for _ in range(10):
                    nursery.start_soon(ask)
                nursery.start_soon(side.close)
                for _ in range(10):
                    nursery.start_soon(ask)
        assert len(told) == 20


async def test_one_that_is_closed_takes_nothing_more() -> None:
    side = SideThread()
    await side.close()
    await side.close()
    side.part(lambda: asyncio.sleep(0))
    with pytest.raises(Closed):
        await side.call(lambda: asyncio.sleep(0))
