"""Whoever has repaired an endpoint does not wait for the pause that it has earned."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock

from paydaemon.core.access import LOCAL_OPERATOR, Principal
from paydaemon.core.delivery import DeliveryState
from paydaemon.core.errors import Refusal
from paydaemon.core.events import EventType
from paydaemon.engine.deliveries import EndpointRequest, Endpoints, Records, Wish
from paydaemon.engine.deliveries.trials import TESTED_AT_ONCE, TESTED_AT_ONCE_SELLER
from paydaemon.hooks.notifier import Audience, NotTold, Target, Told
from tests.deliveries.office import Office, office
from tests.deliveries.played import hangs, is_away, takes

HOUR_S = 3_600
SHOP, RIVAL = Principal("key_shop", "shop"), Principal("key_rival", "rival")

Act = Callable[[Endpoints, str], Awaitable[object]]


def url(path: str) -> EndpointRequest:
    return EndpointRequest({"url": f"https://shop.example/{path}"})


@asynccontextmanager
async def away(*, alone: bool = False) -> AsyncIterator[tuple[Office, Endpoints, str]]:
    """An endpoint that was away for hours, or refused things alone, and has two waiting about one chain."""

    def is_broken(target: Target, notices: object) -> Told:
        raise NotTold("broken", status=500, target_down=not alone)

    async with office() as desk:
        endpoints = Endpoints(desk.store, desk.deliveries, desk.clock)
        id = (await endpoints.add(SHOP, url("old"))).target.id
        desk.notifier.says[id] = is_broken
        await desk.happen("a")
        await desk.happen("a")
        await trio.sleep(4 * HOUR_S)
        yield desk, endpoints, id


async def gives_a_new_url(endpoints: Endpoints, id: str) -> object:
    return await endpoints.change(SHOP, id, url("new"))


async def enables(endpoints: Endpoints, id: str) -> object:
    await endpoints.change(SHOP, id, EndpointRequest(disabled=True))
    return await endpoints.change(SHOP, id, EndpointRequest(disabled=False))


async def tries_it(endpoints: Endpoints, id: str) -> object:
    return await endpoints.test(SHOP, id)


@pytest.mark.parametrize("alone", [False, True], ids=["away", "refused"])
@pytest.mark.parametrize("repairs", [gives_a_new_url, enables, tries_it])
async def test_a_repaired_one_is_tried_at_once(autojump_clock: MockClock, repairs: Act, alone: bool) -> None:
    async with away(alone=alone) as (desk, endpoints, id):
        desk.notifier.says[id] = takes
        await repairs(endpoints, id)
        await trio.sleep(1)
        assert await desk.count(id, DeliveryState.DELIVERED) == 2


@pytest.mark.parametrize("asked", [EndpointRequest(description="mine"), EndpointRequest(disabled=True)])
async def test_another_change_is_no_repair(autojump_clock: MockClock, asked: EndpointRequest) -> None:
    async with away() as (desk, endpoints, id):
        before = len(desk.notifier.tried(id))
        await endpoints.change(SHOP, id, asked)
        await trio.sleep(1)
        assert len(desk.notifier.tried(id)) == before


async def test_a_test_that_fails_hurries_nothing(autojump_clock: MockClock) -> None:
    async with away() as (desk, endpoints, id):
        before = len(desk.notifier.tried(id))
        await endpoints.test(SHOP, id)
        await trio.sleep(1)
        assert len(desk.notifier.tried(id)) == before + 1


async def test_pauses_begin_anew(autojump_clock: MockClock) -> None:
    async with away() as (desk, endpoints, id):
        await gives_a_new_url(endpoints, id)
        before = len(desk.notifier.tried(id))
        await trio.sleep(60)
        assert len(desk.notifier.tried(id)) >= before + 3


async def test_the_end_of_a_try_at_the_old_url_says_nothing_of_the_new(autojump_clock: MockClock) -> None:
    async with office() as desk:
        endpoints = Endpoints(desk.store, desk.deliveries, desk.clock)
        id = (await endpoints.add(SHOP, url("old"))).target.id
        gone = NotTold("gone", for_good=True, retry_after_s=HOUR_S)

        async def slow() -> Told:
            await trio.sleep(10)
            raise gone

        desk.notifier.says[id] = lambda target, notices: slow()
        await desk.happen("a")
        await trio.sleep(1)
        await gives_a_new_url(endpoints, id)
        desk.notifier.says[id] = takes
        await trio.sleep(15)
        assert await desk.count(id, DeliveryState.DELIVERED) == 1


async def test_the_next_try_is_told(autojump_clock: MockClock) -> None:
    async with away() as (desk, endpoints, id):
        records = Records(desk.store, desk.deliveries, desk.clock)
        next_ms = (await endpoints.one(SHOP, id)).next_at_ms
        assert next_ms is not None
        assert next_ms > desk.clock()
        found = await records.page(SHOP, Wish(id), cursor=None, limit=9)
        assert [one.next_at_ms for one in found] == [next_ms, next_ms]
        assert (await records.one(SHOP, found[0].id)).delivery.next_at_ms == next_ms
        await endpoints.change(SHOP, id, EndpointRequest(disabled=True))
        assert (await endpoints.one(SHOP, id)).next_at_ms is None
        found = await records.page(SHOP, Wish(id), cursor=None, limit=9)
        assert [one.next_at_ms for one in found] == [None, None]


async def test_a_change_is_told_with_it_or_not_made(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office() as desk:
        endpoints = Endpoints(desk.store, desk.deliveries, desk.clock)
        id = (await endpoints.add(SHOP, url("old"))).target.id
        await endpoints.change(SHOP, id, url("new"))
        assert (await desk.types())[-1] == EventType.ADMIN_WEBHOOK_CHANGED

        def breaks(*told: object) -> None:
            raise LookupError("not now")

        monkeypatch.setattr("paydaemon.engine.deliveries.endpoints._tell_of", breaks)
        with pytest.raises(LookupError):
            await endpoints.change(SHOP, id, url("newer"))
        assert (await desk.target(id)).settings == {"url": "https://shop.example/new"}


async def test_one_seller_leaves_tests_to_others(autojump_clock: MockClock) -> None:
    async with office() as desk, trio.open_nursery() as nursery:
        endpoints = Endpoints(desk.store, desk.deliveries, desk.clock)
        id = (await endpoints.add(SHOP, url("hangs"))).target.id
        other = (await endpoints.add(RIVAL, url("answers"))).target.id
        desk.notifier.says[id] = hangs
        assert TESTED_AT_ONCE_SELLER < TESTED_AT_ONCE
        for _ in range(TESTED_AT_ONCE_SELLER):
            nursery.start_soon(endpoints.test, SHOP, id)
        await trio.sleep(1)
        with pytest.raises(Refusal, match="of yours") as refused:
            await endpoints.test(SHOP, id)
        assert refused.value.code == "too_many_tests"
        assert (await endpoints.test(RIVAL, other)).answer.taken
        await trio.sleep(HOUR_S)
        assert not (await endpoints.test(SHOP, id)).answer.taken, "there is a place again"


async def test_all_together_are_bounded(autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paydaemon.engine.deliveries.trials.TESTED_AT_ONCE", 1)
    async with office() as desk, trio.open_nursery() as nursery:
        endpoints = Endpoints(desk.store, desk.deliveries, desk.clock)
        id = (await endpoints.add(LOCAL_OPERATOR, url("hangs"))).target.id
        desk.notifier.says[id] = hangs
        nursery.start_soon(endpoints.test, LOCAL_OPERATOR, id)
        await trio.sleep(1)
        with pytest.raises(Refusal, match="too many webhooks are being tested"):
            await endpoints.test(LOCAL_OPERATOR, id)


async def test_an_audience_is_not_its_sellers_to_see(autojump_clock: MockClock) -> None:
    async with office(Audience("till", seller_id="shop")) as desk:
        records = Records(desk.store, desk.deliveries, desk.clock)
        desk.notifier.says["played:till"] = is_away
        event = await desk.happen("a")
        await trio.sleep(1)
        one = await desk.state("played:till", event.seq)
        for call in (
            records.page(SHOP, Wish("played:till"), cursor=None, limit=9),
            records.one(SHOP, one.id),
            records.retry(SHOP, one.id),
            records.retry_parked(SHOP, "played:till"),
        ):
            with pytest.raises(Refusal, match="there is no"):
                await call
        [same] = await records.page(LOCAL_OPERATOR, Wish("played:till"), cursor=None, limit=9)
        assert same.id == one.id
