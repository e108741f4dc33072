"""Provocations of the supervisor's patience with chains and rate sources."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from unittest.mock import patch

import trio
from structlog.testing import capture_logs

from paydaemon import app
from paydaemon.ending import Holder, nursery_that_ends
from paydaemon.engine.clock import system_clock
from paydaemon.store.sqlite import open_store
from paydaemon.supervisor import ServiceState, Supervisor
from tests.limits.trial import Trial, provokes
from tests.supervisor.trial import Status, Told, fails_at_once, never_comes_up
from tests.support.waiting import until

SOON_S = 0.9
"""Sooner than the first pause that there is by default."""


@asynccontextmanager
async def supervised(supervisor: Supervisor, service: Callable[..., Awaitable[None]]) -> AsyncIterator[None]:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(supervisor.run, "chain a", "a-plugin", service)
        yield
        nursery.cancel_scope.cancel()


@provokes("limits.plugins.start_timeout_s")
async def a_service_that_does_not_come_up(trial: Trial) -> str:
    async with open_store(":memory:", executor="inline") as store:
        supervisor = Supervisor(system_clock, app._Failures(store, system_clock), trial.all(0.05).services)
        async with supervised(supervisor, never_comes_up):
            await until(lambda: store.last_seq == 1)
        (event,) = await store.read(
            lambda reader: reader.events(after=0, types=(), invoice_id=None, seller_id=None, limit=2)
        )
    assert event.data["reason"] == "TimeoutError: not started within 0.05 s"
    return f"`{event.type.value}`: not started within so many seconds"


@provokes("limits.plugins.first_pause_s", "limits.plugins.longest_pause_s")
async def a_service_that_fails_at_once(trial: Trial) -> str:
    first = trial.key.endswith("first_pause_s")
    told = Told()
    supervisor = Supervisor(system_clock, told, trial.all(0.1).services)
    async with supervised(supervisor, fails_at_once):
        with trio.fail_after(SOON_S):
            await until(lambda: len(told.failures) == 2)
        assert supervisor.services[0].state is ServiceState.WAITING
    assert told.at_s[1] - told.at_s[0] >= 0.1
    return f"the service is `waiting` for {'as long' if first else 'no longer'}"


@provokes("limits.plugins.steady_after_s")
async def a_service_that_fails_now_and_then(trial: Trial) -> str:
    async def lives_a_while(*, task_status: Status) -> None:
        task_status.started()
        await trio.sleep(0.02)

    told = Told()
    limits = trial.all(0.01).services
    limits.first_pause_s = 0.05
    async with supervised(Supervisor(system_clock, told, limits), lives_a_while):
        with trio.fail_after(SOON_S):  # with pauses that double it would be after 0.05 s · (2⁶ - 1)
            await until(lambda: len(told.failures) == 7)
    return "the failures before are forgotten"


@provokes("limits.plugins.tell_timeout_s")
async def a_journal_that_hangs(trial: Trial) -> str:
    async def hangs(name: str, plugin: str, reason: str) -> None:
        await trio.sleep_forever()

    limits = trial.all(0.05).services
    limits.first_pause_s = 0.01
    supervisor = Supervisor(system_clock, hangs, limits)
    async with supervised(supervisor, fails_at_once):
        with trio.fail_after(SOON_S):
            await until(lambda: sum(one.restarts for one in supervisor.services) >= 2)
    return "the service is started again all the same"


@provokes("limits.plugins.stop_timeout_s")
async def a_service_that_is_not_cancelled(trial: Trial) -> str:
    free = trio.Event()

    async def holds() -> None:
        with trio.CancelScope(shield=True):
            await free.wait()

    limits, holder = trial.all(0.05).services, Holder("chain a", "a-plugin")
    with patch.object(os, "_exit", lambda status: free.set()), capture_logs() as lines:
        async with nursery_that_ends(limits, lambda: [holder]) as nursery:
            nursery.start_soon(holds)
            nursery.cancel_scope.cancel()
    assert [line.get("service") for line in lines] == ["chain a", None]
    return f"log: {lines[0]['event']}"
