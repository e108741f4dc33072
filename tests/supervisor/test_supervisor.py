"""Services are restarted alone, for as long as it takes."""

from collections.abc import Awaitable, Callable

import pytest
import structlog
import trio
import trio.testing

from paydaemon.hooks.ports import ChainMismatch
from paydaemon.supervisor import JITTER, ServiceLimits, ServiceRecord, ServiceState, Supervisor
from tests.supervisor.trial import (
    Status,
    Told,
    fails_at_once,
    fails_later,
    never_comes_up,
    now_ms,
    steady,
    trial,
)

# --- What becomes of a service


async def test_a_service_that_is_up_is_left_alone(autojump_clock: trio.testing.MockClock) -> None:
    async with trial() as it:
        it.start("chain a", steady)
        await trio.sleep(86_400)
        assert it.record("chain a") == ServiceRecord(
            "chain a", "a-plugin", ServiceState.RUNNING, 0, None, it.record("chain a").since_ms
        )
        assert it.told.failures == []


async def test_one_that_fails_for_ever_leaves_the_others_running(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with trial() as it:
        it.start("chain a", steady)
        it.start("chain b", fails_at_once)
        it.start("chain c", steady)
        await trio.sleep(86_400)
        assert it.record("chain a").state is ServiceState.RUNNING
        assert it.record("chain c").state is ServiceState.RUNNING
        assert (it.record("chain a").restarts, it.record("chain c").restarts) == (0, 0)
        failing, longest_s = it.record("chain b"), ServiceLimits().longest_pause_s
        assert failing.state is ServiceState.WAITING
        assert failing.last_error == "ConnectionError: no node"
        assert 86_400 / (longest_s * (1 + JITTER)) < failing.restarts < 86_400 / longest_s + 7
        assert set(it.told.failures) == {("chain b", "a-plugin", "ConnectionError: no node")}
        assert len(it.told.failures) == failing.restarts + 1


@pytest.mark.parametrize(
    ("error", "shown"), [(ChainMismatch("call it 'a' again"), False), (ConnectionError("no node"), True)]
)
async def test_where_it_went_wrong_is_logged_unless_the_words_say_what_to_do(
    autojump_clock: trio.testing.MockClock, error: Exception, shown: bool
) -> None:
    async def fails(task_status: trio.TaskStatus[None]) -> None:
        await trio.lowlevel.checkpoint()
        raise error

    with structlog.testing.capture_logs() as log:
        async with trial() as it:
            it.start("chain a", fails)
            await trio.sleep(0.5)
    [line] = log
    assert (line["event"], line["log_level"]) == ("service failed", "warning")
    assert str(error) in line["reason"]
    assert (line["exc_info"] is not None) is shown


async def test_raising_after_started(autojump_clock: trio.testing.MockClock) -> None:
    async with trial() as it:
        it.start("chain a", fails_later)
        await trio.sleep(1)
        assert it.record("chain a").state is ServiceState.RUNNING
        await trio.sleep(4.5)
        assert it.record("chain a").state is ServiceState.WAITING
        assert it.told.reasons == ["ConnectionError: node gone"]
        await trio.sleep(1)
        assert it.record("chain a").state is ServiceState.RUNNING
        assert it.record("chain a").restarts == 1
        assert it.record("chain a").last_error == "ConnectionError: node gone"


async def test_simply_returning(autojump_clock: trio.testing.MockClock) -> None:
    async def returns(*, task_status: Status) -> None:
        task_status.started()

    async def returns_before(*, task_status: Status) -> None:
        pass

    async with trial() as it:
        it.start("early", returns_before)
        it.start("late", returns)
        await trio.sleep(0.5)
        assert it.record("late").last_error == "ended by itself"
        assert it.record("early").last_error == (
            "RuntimeError: child exited without calling task_status.started()"
        )
        await trio.sleep(100)
        assert it.record("early").restarts > 3
        assert it.record("late").restarts > 3


async def test_one_that_does_not_come_up_is_visible_then_restarted(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with trial(start_timeout_s=40) as it:
        it.start("chain a", never_comes_up)
        await trio.sleep(39)
        assert it.record("chain a").state is ServiceState.STARTING
        assert it.told.failures == []
        await trio.sleep(1.5)
        assert it.record("chain a").state is ServiceState.WAITING
        assert it.told.reasons == ["TimeoutError: not started within 40 s"]
        await trio.sleep(1)
        assert it.record("chain a").state is ServiceState.STARTING
        assert it.record("chain a").restarts == 1


async def test_one_that_is_up_is_not_held_to_the_start_limit(autojump_clock: trio.testing.MockClock) -> None:
    async with trial(start_timeout_s=1) as it:
        it.start("chain a", steady)
        await trio.sleep(1_000)
        assert it.record("chain a").restarts == 0


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
async def test_ending_the_process_is_not_a_plugins_affair(
    autojump_clock: trio.testing.MockClock, error: BaseException
) -> None:
    async def ends(*, task_status: Status) -> None:
        task_status.started()
        raise error

    async with trial() as it:
        it.start("chain a", ends)
        it.start("chain b", steady)
        await trio.sleep(10)
        assert type(error).__name__ in str(it.record("chain a").last_error)
        assert it.record("chain a").restarts > 1
        assert it.record("chain b").state is ServiceState.RUNNING


async def test_since_is_when_the_state_was_entered(autojump_clock: trio.testing.MockClock) -> None:
    async with trial() as it:
        await trio.sleep(7)
        it.start("chain a", fails_later)
        await trio.sleep(3)
        assert it.record("chain a").since_ms == 7_000
        await trio.sleep(2.5)
        assert it.record("chain a").since_ms == 12_000


# --- Groups


async def test_every_exception_of_a_group_is_told(autojump_clock: trio.testing.MockClock) -> None:
    async def inner(error: Exception) -> None:
        raise error

    async def group(*, task_status: Status) -> None:
        task_status.started()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(inner, ValueError("one"))
            nursery.start_soon(inner, KeyError("two"))

    async with trial() as it:
        it.start("chain a", group)
        await trio.sleep(0.5)
        (reason,) = it.told.reasons
        assert sorted(reason.split("; ")) == ["KeyError: 'two'", "ValueError: one"]


async def test_of_a_mixed_group_only_the_cancellation_passes(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def mixed(*, task_status: Status) -> None:
        task_status.started()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            try:
                await trio.sleep_forever()
            finally:
                raise KeyboardInterrupt

    told = Told()
    supervisor = Supervisor(now_ms, told)
    with trio.move_on_after(1) as scope:
        await supervisor.run("chain a", "a-plugin", mixed)
    assert scope.cancelled_caught
    assert told.failures == []
    assert supervisor.services[0].state is ServiceState.STOPPED


async def test_a_failure_while_being_cancelled_ends_in_cancellation(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def breaks_on_the_way_out(*, task_status: Status) -> None:
        task_status.started()
        try:
            await trio.sleep_forever()
        finally:
            raise ValueError("in the cleanup")

    async def breaks_beside_others(*, task_status: Status) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            await breaks_on_the_way_out(task_status=task_status)

    async with trial() as it:
        it.start("chain a", breaks_on_the_way_out)
        it.start("chain b", breaks_beside_others)
        await trio.sleep(1)
    assert it.told.failures == []


# --- Cancellation


@pytest.mark.parametrize("service", [steady, never_comes_up, fails_at_once])
async def test_cancellation_passes_in_every_state(
    service: Callable[..., Awaitable[None]], autojump_clock: trio.testing.MockClock
) -> None:
    async with trial() as it:
        it.start("chain a", service)
        await trio.sleep(0.5)
        assert it.record("chain a").state is not ServiceState.STOPPED
    assert it.record("chain a").state is ServiceState.STOPPED


async def test_coming_up_after_the_limit_is_too_late(autojump_clock: trio.testing.MockClock) -> None:
    async def stubborn(*, task_status: Status) -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep(100)
        task_status.started()
        await trio.sleep_forever()

    async with trial(start_timeout_s=10) as it:
        it.start("chain a", stubborn)
        await trio.sleep(100.5)
        assert it.record("chain a").state is ServiceState.WAITING
        assert it.told.reasons == ["TimeoutError: not started within 10 s"]


# --- Names


async def test_one_service_of_a_name(autojump_clock: trio.testing.MockClock) -> None:
    async with trial() as it:
        it.start("chain a", steady)
        await trio.sleep(1)
        with pytest.raises(ValueError, match="'chain a' runs already"):
            await it.supervisor.run("chain a", "a-plugin", steady)
        assert it.record("chain a").state is ServiceState.RUNNING


async def test_a_stopped_service_may_run_again(autojump_clock: trio.testing.MockClock) -> None:
    async with trial() as it:
        with trio.move_on_after(1):
            await it.supervisor.run("chain a", "a-plugin", steady)
        assert it.record("chain a").state is ServiceState.STOPPED
        it.start("chain a", steady)
        await trio.sleep(1)
        assert it.record("chain a").state is ServiceState.RUNNING
