"""How long a service is down after a failure, and who is told of it."""

from itertools import pairwise

import trio
import trio.testing

from paydaemon.logs import MAX_REASON
from paydaemon.supervisor import JITTER, ServiceLimits, Supervisor, pause_s
from tests.supervisor.trial import Status, fails_at_once, fails_later, now_ms, trial

# --- Pauses


async def test_pauses_double_from_one_second_to_sixty(autojump_clock: trio.testing.MockClock) -> None:
    async with trial() as it:
        it.start("chain a", fails_at_once)
        await trio.sleep(400)
        pauses = [after - before for before, after in pairwise(it.told.at_s)]
        for pause, least in zip(pauses, [1, 2, 4, 8, 16, 32, 60, 60], strict=False):
            assert least <= pause <= least * (1 + JITTER) + 1e-6


async def test_a_minute_of_running_forgets_the_failures(autojump_clock: trio.testing.MockClock) -> None:
    lives_s = [0.0, 0.0, 0.0, 59.0, 61.0, 0.0]

    async def service(*, task_status: Status) -> None:
        task_status.started()
        await trio.sleep(lives_s.pop(0) if lives_s else 0)
        raise ValueError

    async with trial() as it:
        it.start("chain a", service)
        await trio.sleep(400)
        gaps = [after - before for before, after in pairwise(it.told.at_s)]
        for gap, least in zip(gaps, [1, 2, 4 + 59, 8 + 61, 1, 2, 4], strict=False):
            assert least <= gap <= least * (1 + JITTER) + 1e-6


async def test_time_spent_coming_up_is_no_steadiness(autojump_clock: trio.testing.MockClock) -> None:
    async def slow_then_fails(*, task_status: Status) -> None:
        await trio.sleep(90)
        raise ValueError

    async with trial() as it:
        it.start("chain a", slow_then_fails)
        await trio.sleep(800)
        gaps = [after - before for before, after in pairwise(it.told.at_s)]
        for gap, least in zip(gaps, [91, 92, 94, 98, 106], strict=False):
            assert least <= gap < least + 60


def test_the_pause_has_bounds_after_any_number_of_failures() -> None:
    limits = ServiceLimits(first_pause_s=2, longest_pause_s=30)
    for failures in (1, 2, 7, 8, 1_000, 10**9):
        assert 2 <= pause_s(failures, limits) <= 30 * (1 + JITTER)


def test_pauses_differ() -> None:
    assert len({pause_s(5, ServiceLimits()) for _ in range(20)}) > 1


# --- Telling


async def test_who_cannot_be_told_keeps_nothing_down(autojump_clock: trio.testing.MockClock) -> None:
    calls: list[str] = []

    async def broken(name: str, plugin: str, reason: str) -> None:
        calls.append(name)
        raise OSError("disk full")

    supervisor = Supervisor(now_ms, broken)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(supervisor.run, "chain a", "a-plugin", fails_later)
        await trio.sleep(100)
        assert supervisor.services[0].restarts > 4
        assert len(calls) > 4
        nursery.cancel_scope.cancel()


async def test_who_never_returns_keeps_nothing_down(autojump_clock: trio.testing.MockClock) -> None:
    async def hangs(name: str, plugin: str, reason: str) -> None:
        await trio.sleep_forever()

    supervisor = Supervisor(now_ms, hangs)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(supervisor.run, "chain a", "a-plugin", fails_at_once)
        await trio.sleep(100)
        assert supervisor.services[0].restarts >= 2
        nursery.cancel_scope.cancel()


async def test_a_reason_is_one_short_line_without_credentials(autojump_clock: trio.testing.MockClock) -> None:
    async def talks(*, task_status: Status) -> None:
        raise ValueError("cannot reach\nhttp://user:hunter2@node:8332/ " + "x" * 10_000)

    async with trial() as it:
        it.start("chain a", talks)
        await trio.sleep(0.5)
        reason = it.told.reasons[0]
        assert reason.startswith("ValueError: cannot reach http://[redacted]@node:8332/ xxx")
        assert len(reason) == MAX_REASON


async def test_an_exception_that_cannot_be_told(autojump_clock: trio.testing.MockClock) -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    async def mute(*, task_status: Status) -> None:
        raise Mute

    async with trial() as it:
        it.start("chain a", mute)
        await trio.sleep(0.5)
        assert it.told.reasons[0].endswith("Mute: <exception str() failed>")
