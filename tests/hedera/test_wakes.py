"""Tasks that wait for calls: woken from whatever thread, all at once, and never for nothing."""

from concurrent.futures import Future
from threading import Thread
from typing import Any

import pytest
import trio
import trio.testing

from paydaemon_hedera.wakes import Wakes


def future() -> Any:
    """One that ends as a test says. gRPC's own have the same methods, as far as they are used."""
    return Future[bytes]()


async def test_one_that_has_ended_already_is_not_waited_for() -> None:
    ended = future()
    ended.set_result(b"")
    with trio.fail_after(5):
        await Wakes().done(ended)


async def test_many_that_end_in_another_thread() -> None:
    wakes, calls, woken = Wakes(), [future() for _ in range(500)], 0

    async def wait(call: Any) -> None:
        nonlocal woken
        await wakes.done(call)
        assert call.done()
        woken += 1

    def end() -> None:
        for call in calls:
            call.set_result(b"")

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            for call in calls:
                nursery.start_soon(wait, call)
            await trio.testing.wait_all_tasks_blocked()
            thread = Thread(target=end)
            thread.start()
    thread.join()
    assert woken == 500


async def test_whoever_gives_up_ends_the_call_too() -> None:
    wakes, call = Wakes(), future()
    with trio.move_on_after(0.01) as waiting:
        await wakes.done(call)
    assert (waiting.cancelled_caught, call.cancelled()) == (True, True)


@pytest.mark.parametrize("number", range(3))
async def test_one_that_ends_as_somebody_gives_up_wakes_nobody_twice(number: int) -> None:
    wakes, call = Wakes(), future()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(wakes.done, call)
        await trio.testing.wait_all_tasks_blocked()
        if number != 1:
            call.set_result(b"")
        if number != 2:
            nursery.cancel_scope.cancel()
    assert call.done()


def test_a_call_that_ends_after_the_run_is_nobodys_matter() -> None:
    call = future()

    async def give_up() -> None:
        wakes = Wakes()
        call.add_done_callback(lambda _: wakes._finished(Any))  # type: ignore[arg-type]

    trio.run(give_up)
    call.set_result(b"")
