"""The queue between a connection and whoever talks on it."""

import trio
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.frontends.queue import Queue


@given(count=st.integers(0, 40), most=st.integers(1, 8), pauses=st.lists(st.booleans(), max_size=40))
def test_everything_comes_out_once_in_order_and_it_never_holds_more(
    count: int, most: int, pauses: list[bool]
) -> None:
    queue, got = Queue(most), list[str | bytes]()

    async def fill() -> None:
        for number in range(count):
            await queue.put(str(number))
            assert len(queue._messages) <= most
        queue.close()

    async def empty() -> None:
        rest = list(pauses)
        while (message := await queue.get()) is not None:
            got.append(message)
            if rest and rest.pop():
                await trio.lowlevel.checkpoint()

    async def both() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(empty)
            nursery.start_soon(fill)

    trio.run(both)
    assert got == [str(number) for number in range(count)]


async def test_closing_wakes_who_waits_on_either_side(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    empty, full = Queue(1), Queue(1)
    await full.put("first")
    with trio.fail_after(1):
        async with trio.open_nursery() as waiting:
            waiting.start_soon(empty.get)
            waiting.start_soon(full.put, "let go")
            await trio.testing.wait_all_tasks_blocked()
            empty.close()
            full.close()
    assert [await empty.get(), await full.get(), await full.get()] == [None, "first", None]


async def test_who_is_cancelled_takes_nothing(autojump_clock: trio.testing.MockClock) -> None:
    queue = Queue(1)
    with trio.move_on_after(1):
        await queue.get()
    await queue.put("only")
    with trio.move_on_after(1):
        await queue.put("never came")
    assert await queue.get() == "only"
    await queue.put("next")
    assert await queue.get() == "next"
