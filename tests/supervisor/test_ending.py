"""The stop takes no longer than it may, and says whose fault it is."""

import os

import pytest
import trio
import trio.testing
from structlog.testing import capture_logs

from paydaemon.ending import EXIT_HELD, Holder, nursery_that_ends
from paydaemon.supervisor import ServiceLimits

HOLDERS = [Holder("frontend till", "a-plugin"), Holder("chain main", "another")]


class Held:
    """A task that is not cancelled before the process has ended, were it a process of its own."""

    def __init__(self) -> None:
        self.ended: list[int] = []
        self.free = trio.Event()

    async def hold(self) -> None:
        with trio.CancelScope(shield=True):
            await self.free.wait()

    def end(self, status: int) -> None:
        self.ended.append(status)
        self.free.set()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    found = Held()
    monkeypatch.setattr(os, "_exit", found.end)
    return found


async def test_what_would_not_stop_is_named_and_left(
    autojump_clock: trio.testing.MockClock, held: Held
) -> None:
    begun_s = trio.current_time()
    with capture_logs() as lines:
        async with nursery_that_ends(ServiceLimits(stop_timeout_s=7), lambda: HOLDERS) as nursery:
            nursery.start_soon(held.hold)
            nursery.cancel_scope.cancel()
    assert (held.ended, trio.current_time() - begun_s) == ([EXIT_HELD], 7)
    named = [(line["service"], line["plugin"]) for line in lines if "service" in line]
    assert named == HOLDERS


async def test_also_where_it_stops_for_an_error(autojump_clock: trio.testing.MockClock, held: Held) -> None:
    with pytest.RaisesGroup(pytest.RaisesGroup(OSError)):
        async with nursery_that_ends(ServiceLimits(), lambda: HOLDERS) as nursery:
            nursery.start_soon(held.hold)
            raise OSError("the address is taken")
    assert held.ended == [EXIT_HELD]


async def test_also_where_it_is_cancelled_from_outside(
    autojump_clock: trio.testing.MockClock, held: Held
) -> None:
    with trio.move_on_after(100) as outside:
        async with nursery_that_ends(ServiceLimits(), lambda: HOLDERS) as nursery:
            nursery.start_soon(held.hold)
    assert (outside.cancelled_caught, held.ended) == (True, [EXIT_HELD])


async def test_who_stops_in_time_is_waited_for(autojump_clock: trio.testing.MockClock, held: Held) -> None:
    async def tidy_up() -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(6)

    begun_s = trio.current_time()
    async with nursery_that_ends(ServiceLimits(stop_timeout_s=7), lambda: HOLDERS) as nursery:
        nursery.start_soon(tidy_up)
        await trio.sleep(100)
        nursery.cancel_scope.cancel()
    assert (held.ended, trio.current_time() - begun_s) == ([], 106)
