"""Where sales in a pair stop and go on is journaled once, and only of pairs that were quoted."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from paydaemon.core.events import DATA
from paydaemon.core.raterules import Rules, SellerRules
from paydaemon.engine.ratewatch import RateWatch
from paydaemon.hooks.ports import Rate
from paydaemon.store.port import StoreUnavailable, Transaction
from tests.engine.stores import StoreInFront
from tests.engine.world import RIVAL, World, world

T = TypeVar("T")


class Watched:
    """A world whose rates are watched, and two market sources in it."""

    def __init__(self, daemon: World) -> None:
        self.daemon = daemon
        self.watch = RateWatch(daemon.store, daemon.rates, daemon.clock)
        daemon.rates.forget("fixed")
        daemon.rates.rules = Rules()

    def say(self, price: int) -> None:
        for source in ("kraken", "coinbase"):
            self.daemon.rates.publish(source, [Rate("BTC", "EUR", Decimal(price), self.daemon.clock())])

    async def look(self, seconds: float = 5) -> list[tuple[str, dict[str, object]]]:
        """Time passes, the watch looks once; everything told of rates so far."""
        self.daemon.turn(seconds)
        await self.watch.look()
        events = [event for event in await self.daemon.events() if event.type.startswith("rates.")]
        assert all(DATA[event.type].fits(event.data) for event in events)
        return [(event.type.value, dict(event.data)) for event in events]


class AwayStore(StoreInFront):
    """A store that takes nothing while it is away."""

    away = False

    async def transact(self, fn: Callable[[Transaction], T]) -> T:
        if self.away:
            raise StoreUnavailable("the disk is full")
        return await super().transact(fn)


async def test_a_pair_that_nobody_was_quoted_is_not_told_of() -> None:
    async with world() as daemon:
        watched = Watched(daemon)
        watched.say(60_000)
        assert await watched.look(121) == []
        assert await watched.look() == []
        assert daemon.rates.measures.agreeing == {}


async def test_that_sales_stop_is_told_once_and_that_they_go_on() -> None:
    async with world() as daemon:
        watched = Watched(daemon)
        watched.say(60_000)
        await daemon.create()
        assert await watched.look() == []
        assert daemon.rates.measures.agreeing == {"BTC/EUR": 2}
        daemon.rates.failed("kraken", "HTTP 500")
        assert await watched.look(121) == [], "it may be there again in a moment"
        why = "BTC/EUR: 0 of 2 sources needed: kraken: HTTP 500, 131 s old; coinbase: 131 s old"
        stopped = ("rates.stopped", {"pair": "BTC/EUR", "reason": why})
        assert await watched.look() == [stopped]
        assert daemon.rates.measures.agreeing == {"BTC/EUR": 0}
        assert await watched.look() == [stopped]
        watched.say(61_000)
        recovered = ("rates.recovered", {"pair": "BTC/EUR", "rate": "61000"})
        assert await watched.look() == [stopped, recovered]
        assert await watched.look() == [stopped, recovered]
        assert daemon.rates.measures.agreeing == {"BTC/EUR": 2}


async def test_a_moment_without_a_rate_is_not_told() -> None:
    async with world() as daemon:
        watched = Watched(daemon)
        watched.say(60_000)
        await daemon.create()
        daemon.rates.forget("kraken")
        assert await watched.look() == []
        watched.say(60_000)
        assert await watched.look() == []
        daemon.rates.forget("kraken")
        assert await watched.look() == [], "it is doubted anew"


async def test_a_seller_with_rules_of_its_own_stops_alone() -> None:
    async with world() as daemon:
        watched = Watched(daemon)
        daemon.rates.rules = replace(daemon.rates.rules, sellers={"shop": SellerRules(quorum=3)})
        watched.say(60_000)
        daemon.rates.publish("third", [Rate("BTC", "EUR", Decimal(60_000), daemon.clock())])
        await daemon.create()
        await daemon.create(RIVAL)
        daemon.rates.forget("third")
        await watched.look()
        [(type, data)] = await watched.look()
        assert (type, data["pair"], data["seller_id"]) == ("rates.stopped", "BTC/EUR", "shop")


async def test_what_could_not_be_journaled_is_told_later() -> None:
    async with world(front=AwayStore) as daemon:
        assert isinstance(daemon.store, AwayStore)
        watched = Watched(daemon)
        watched.say(60_000)
        await daemon.create()
        await watched.look(121)
        daemon.store.away = True
        assert await watched.look() == []
        daemon.store.away = False
        assert len(await watched.look()) == 1
        watched.say(60_000)
        daemon.store.away = True
        assert len(await watched.look()) == 1
        daemon.store.away = False
        assert len(await watched.look()) == 2
