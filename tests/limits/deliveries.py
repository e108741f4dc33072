"""Provocations of what telling others can take."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
import trio

from paydaemon.core.access import Principal
from paydaemon.core.delivery import DeliveryState
from paydaemon.core.errors import Refusal
from paydaemon.engine.deliveries import deliveries, lanes
from paydaemon.engine.deliveries.endpoints import EndpointRequest, Endpoints
from paydaemon.hooks.notifier import Notice, NotTold, Target, Told
from tests.deliveries.office import Office, office
from tests.deliveries.played import hangs, is_away, refuses
from tests.limits.trial import Trial, provokes
from tests.support.waiting import until

SHOP = Principal("key_shop", "shop")
URL = EndpointRequest({"url": "https://shop.example/hook"})


@asynccontextmanager
async def telling(
    trial: Trial, small: float, *, endpoints: int = 1, slow_s: float = 1
) -> AsyncIterator[Office]:
    """An office with this limit set, and endpoints ``we_0``, ``we_1`` and so on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lanes, "SLOW_S", slow_s)
        async with office(limits=trial.all(small).deliveries) as desk:
            desk.limits.retry_pause_s = min(desk.limits.retry_pause_s, 0.05)
            for number in range(endpoints):
                await desk.endpoint(f"we_{number}")
            yield desk


async def happen(desk: Office, count: int) -> None:
    for number in range(count):
        await desk.happen(str(number))


@provokes("limits.deliveries.at_once")
async def places_that_are_all_taken(trial: Trial) -> str:
    async with telling(trial, 1, endpoints=2, slow_s=2) as desk:
        desk.notifier.says |= {"we_0": hangs, "we_1": hangs}
        await happen(desk, 1)
        await until(lambda: desk.notifier.under_way == 1)
        await trio.sleep(0.1)
        assert desk.notifier.under_way == 1
        await until(lambda: desk.notifier.under_way == 2)
    return "the next notice waits for a place; one that takes longer than a second gives its own up"


@provokes("limits.deliveries.at_once_failing")
async def many_that_are_away(trial: Trial) -> str:
    async with telling(trial, 1, endpoints=3, slow_s=60) as desk:
        desk.notifier.says |= {"we_0": is_away, "we_1": is_away}
        await happen(desk, 1)
        await until(lambda: len(desk.notifier.calls) >= 3)
        desk.notifier.says |= {"we_0": hangs, "we_1": hangs}
        await until(lambda: desk.notifier.under_way == 1)
        await happen(desk, 1)
        await until(lambda: len(desk.notifier.seqs("we_2")) == 2)
        assert desk.notifier.under_way == 1
    return "the next such target waits; no other does"


@provokes("limits.deliveries.at_once_target")
async def much_for_one(trial: Trial) -> str:
    async with telling(trial, 2, endpoints=2) as desk:
        await happen(desk, 1)
        await until(lambda: len(desk.notifier.seqs("we_0")) == 1)
        desk.notifier.says["we_0"] = slowly
        await happen(desk, 9)
        await until(lambda: len(desk.notifier.seqs("we_1")) == 10)
        await until(lambda: len(desk.notifier.seqs("we_0")) == 10)
        assert desk.notifier.most_under_way["we_0"] == 2
    return "its next notice waits; no other target does"


def slowly(target: Target, notices: Sequence[Notice]) -> object:
    async def wait() -> Told:
        await trio.sleep(0.02)
        return Told()

    return wait()


@provokes("limits.deliveries.notice_timeout_s")
async def one_that_never_answers(trial: Trial) -> str:
    async with telling(trial, 0.05) as desk:
        desk.notifier.says["we_0"] = hangs
        await happen(desk, 1)
        await until(lambda: len(desk.notifier.calls) == 2)
        one = await desk.state("we_0", 1)
        assert one.reason == "it took longer than 0.05 s"
    return "it counts as not told: it took longer than so many seconds"


@provokes("limits.deliveries.events_at_once")
async def more_events_than_go_into_one_write(trial: Trial) -> str:
    async with telling(trial, 2) as desk:
        await happen(desk, 7)
        await until(lambda: len(desk.notifier.seqs("we_0")) == 7)
    return "the rest becomes deliveries in the next write"


@provokes("limits.deliveries.retry_pause_s", "limits.deliveries.retry_longest_pause_s")
async def one_that_is_away_for_a_moment(trial: Trial) -> str:
    longest = trial.key.endswith("longest_pause_s")
    async with office(limits=trial.all(0.1).deliveries) as desk:
        await desk.endpoint("we_0")
        desk.notifier.says["we_0"] = asks_for_a_day if longest else is_away
        await happen(desk, 1)
        await until(lambda: len(desk.notifier.calls) == 3)
        first_s, second_s, third_s = desk.notifier.tried("we_0")
        assert second_s - first_s >= (0.09 if longest else 0.04)
        assert third_s - first_s < 5
    return f"it is tried again{' after no longer than that' if longest else ', no sooner and no later'}"


def asks_for_a_day(target: Target, notices: Sequence[Notice]) -> Told:
    raise NotTold("busy", retry_after_s=86_400)


@provokes("limits.deliveries.retry_for_s")
async def one_that_is_away_for_too_long(trial: Trial) -> str:
    async with telling(trial, 0.2) as desk:
        desk.notifier.says["we_0"] = is_away
        desk.limits.retry_longest_pause_s = 0.05
        await happen(desk, 1)
        await until(lambda: desk.store.last_seq == 2)
        assert (await desk.state("we_0", 1)).state is DeliveryState.PARKED
        assert await desk.types() == ["chain.stale", "delivery.parked"]
    return "`delivery.parked` in the journal, the first in a row"


@provokes("limits.deliveries.attempts_kept")
async def one_that_is_tried_often(trial: Trial) -> str:
    async with telling(trial, 2) as desk:
        desk.notifier.says["we_0"] = is_away
        desk.limits.retry_longest_pause_s = 0.05
        await happen(desk, 1)
        await until(lambda: len(desk.notifier.calls) == 5)
        one = await desk.state("we_0", 1)
        kept = await desk.store.read(lambda reader: reader.attempts(one.id))
        assert [attempt.number for attempt in kept] == [one.attempts - 1, one.attempts]
    return "the oldest is forgotten; they stay counted"


@provokes("limits.deliveries.delivered_for_s", "limits.deliveries.parked_for_s")
async def one_that_was_done_long_ago(trial: Trial) -> str:
    parked = trial.key.endswith("parked_for_s")
    state = DeliveryState.PARKED if parked else DeliveryState.DELIVERED
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deliveries, "PRUNE_EVERY_S", 0.05)
        async with telling(trial, 0.2) as desk:
            desk.notifier.says |= {"we_0": refuses} if parked else {}
            await happen(desk, 1)
            await until(lambda: len(desk.notifier.calls) == 1)
            await trio.sleep(0.05)
            assert await desk.count("we_0", state) == 1
            with trio.fail_after(10):
                while await desk.count("we_0", state):  # noqa: ASYNC110 - what is waited for is no task of ours
                    await trio.sleep(0.02)
            assert desk.store.last_seq == 1 + parked
    return "it is forgotten; its event is not"


@provokes("limits.deliveries.endpoints")
async def one_endpoint_too_many(trial: Trial) -> str:
    async with telling(trial, 2) as desk:
        endpoints = Endpoints(desk.store, desk.deliveries, desk.clock)
        await endpoints.add(SHOP, URL)
        with pytest.raises(Refusal) as refused:
            await endpoints.add(SHOP, URL)
    return f"`409` `{refused.value.code}`"


@provokes("limits.deliveries.old_secret_for_s")
async def a_secret_that_was_replaced(trial: Trial) -> str:
    async with telling(trial, 0.3, endpoints=0) as desk:
        endpoints = Endpoints(desk.store, desk.deliveries, desk.clock)
        old = await endpoints.add(SHOP, URL)
        new = await endpoints.rotate(SHOP, old.target.id)
        await endpoints.test(SHOP, old.target.id)
        await trio.sleep(0.4)
        await endpoints.test(SHOP, old.target.id)
        first, second = desk.notifier.calls
        assert first.target_seen.secrets == (new.secret, old.secret)
        assert second.target_seen.secrets == (new.secret,)
    return "the old secret signs no more"
