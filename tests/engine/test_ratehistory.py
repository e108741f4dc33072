"""What rates there were: noted at a resolution, known after a restart, and forgotten in time."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from operator import methodcaller
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from paydaemon.core.errors import Refusal
from paydaemon.core.invoice import QuoteMethod
from paydaemon.core.money import Asset, Currency
from paydaemon.core.raterules import Rules
from paydaemon.engine import ratehistory
from paydaemon.engine.clock import Clock
from paydaemon.engine.ratehistory import DAY_MS, HistoryRules, RateHistory, Span
from paydaemon.engine.rates import NoRate, RateBook
from paydaemon.hooks.ports import Rate
from paydaemon.store.port import Store, StoreUnavailable
from paydaemon.store.sqlite import open_store
from paydaemon.testing.clocks import TurnedClock, trio_clock
from paydaemon.testing.samples import NOW_MS, kept_rate

BTC = Asset("bitcoin", "BTC", "BTC", 8)
EUR = Currency("EUR", 2)
MINUTE_MS = 60_000


@dataclass
class Room:
    """A history with the book it notes from, on a store of its own."""

    store: Store
    clock: Clock
    book: RateBook = field(init=False)
    history: RateHistory = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """All that is not in the store is forgotten."""
        self.book = RateBook(self.clock, Rules(max_age_ms=150_000))
        self.history = RateHistory(self.store, self.book, self.clock)

    def says(self, pair: str, *prices: str) -> None:
        """A source for each price says it now."""
        base, quote = pair.split("/")
        for number, price in enumerate(prices):
            self.book.publish(f"s{number}", [Rate(base, quote, Decimal(price), self.clock())])

    async def kept(self, pair: str = "BTC/EUR") -> list[tuple[int, str]]:
        """When and what was noted of a pair, oldest first."""
        base, quote = pair.split("/")
        page, more = await self.history.span(Span(base, quote), cursor=None, limit=1_000)
        assert more is None
        return [(one.at_ms, one.rate) for one in reversed(page)]

    async def keep(self, times_ms: Iterable[int], **fields: Any) -> None:
        for at_ms in times_ms:
            await self.store.transact(methodcaller("keep_rate", kept_rate(at_ms, **fields)))


@asynccontextmanager
async def room(clock: Clock | None = None) -> AsyncIterator[Room]:
    async with open_store(":memory:", executor="inline") as store:
        yield Room(store, clock or TurnedClock(NOW_MS))


async def test_what_every_known_pair_costs_is_noted() -> None:
    async with room() as here:
        here.says("BTC/EUR", "60000", "60001", "60002")
        here.says("HBAR/EUR", "0.25")
        await here.history.note(NOW_MS)
        assert await here.kept() == [(NOW_MS, "60001")]
        assert await here.kept("HBAR/EUR") == [], "one source is not enough, so there is no rate"
        [kept] = await here.store.read(lambda reader: reader.last_rates())
        assert (kept.method, kept.source) == (QuoteMethod.MEDIAN, "s0, s1, s2")


async def test_a_cross_is_noted_once_it_was_quoted() -> None:
    async with room() as here:
        here.says("BTC/USD", "66000", "66000")
        here.says("EUR/USD", "1.1", "1.1")
        await here.history.note(1)
        assert await here.kept() == []
        here.book.quote(BTC, EUR)
        await here.history.note(2)
        assert await here.kept() == [(2, "60000")]


async def test_of_too_many_pairs_those_are_noted_that_were_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratehistory, "MOST_PAIRS", 2)
    async with room() as here:
        for base in ("AAA", "AAB", "BTC"):
            here.says(f"{base}/EUR", "1", "1")
        here.book.quote(BTC, EUR)
        await here.history.note(1)
        last = await here.store.read(lambda reader: reader.last_rates())
        assert [one.base for one in last] == ["AAA", "BTC"]


async def test_it_is_noted_at_the_set_resolution(autojump_clock: MockClock) -> None:
    """By the clock, so that a restart moves nothing; and at another one as soon as that is set."""
    async with room(trio_clock(17 * MINUTE_MS + 12_345)) as here, trio.open_nursery() as nursery:
        here.says("BTC/EUR", "60000", "60000")
        nursery.start_soon(here.history.run)
        await trio.sleep(110)
        assert [at_ms for at_ms, _ in await here.kept()] == [18 * MINUTE_MS, 19 * MINUTE_MS]
        here.history.rules.every_s = 120
        here.says("BTC/EUR", "60000", "60000")
        await trio.sleep(200)
        later = [20 * MINUTE_MS]
        assert [at_ms for at_ms, _ in await here.kept()][2:] == later, "by 22 it was too old"
        here.says("BTC/EUR", "60000", "60000")
        await trio.sleep(120)
        assert [at_ms for at_ms, _ in await here.kept()][2:] == [*later, 24 * MINUTE_MS]
        nursery.cancel_scope.cancel()


async def test_another_resolution_holds_at_once(autojump_clock: MockClock) -> None:
    async with room(trio_clock(DAY_MS + 1)) as here, trio.open_nursery() as nursery:
        here.history.rules.every_s = 86_400
        nursery.start_soon(here.history.run)
        await trio.sleep(3_605)
        here.history.rules.every_s = 60
        here.says("BTC/EUR", "60000", "60000")
        await trio.sleep(70)
        assert [at_ms - DAY_MS for at_ms, _ in await here.kept()] == [61 * MINUTE_MS]
        nursery.cancel_scope.cancel()


async def test_it_goes_on_after_the_clock_was_turned_back(autojump_clock: MockClock) -> None:
    follows, turned = trio_clock(600 * MINUTE_MS + 1), TurnedClock(0)

    def clock() -> int:
        return follows() + turned()

    async with room(clock) as here, trio.open_nursery() as nursery:
        nursery.start_soon(here.history.run)
        for minutes in (0, -500):
            turned.turn(60 * minutes)
            here.says("BTC/EUR", "60000", "60000")
            await trio.sleep(65)
        kept = [at_ms // MINUTE_MS for at_ms, _ in await here.kept()]
        nursery.cancel_scope.cancel()
    assert kept == [102, 601]


class Faulty:
    """A store that refuses for a while."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.refuses = True
        self.asked = 0

    async def transact(self, fn: object) -> object:
        self.asked += 1
        if self.refuses:
            raise StoreUnavailable("the disk is full")
        return await self._store.transact(fn)  # type: ignore[arg-type]


async def test_a_store_that_refuses_is_asked_again(autojump_clock: MockClock) -> None:
    async with room(trio_clock(0)) as here, trio.open_nursery() as nursery:
        faulty = Faulty(here.store)
        here.history._store = faulty  # type: ignore[assignment]
        here.says("BTC/EUR", "60000", "60000")
        nursery.start_soon(here.history.run)
        await trio.sleep(65)
        assert faulty.asked == 1
        faulty.refuses = False
        await trio.sleep(60)
        assert faulty.asked == 2
        nursery.cancel_scope.cancel()
        here.history._store = here.store
        assert [at_ms for at_ms, _ in await here.kept()] == [2 * MINUTE_MS]


async def test_the_last_good_rates_are_known_after_a_restart() -> None:
    """Without them a first word that is mad would be held against nothing."""
    async with room() as here:
        here.says("BTC/EUR", "60000", "60000")
        await here.history.note(NOW_MS)
        here.restart()
        await here.history.prime()
        here.says("BTC/EUR", "600000", "600000")
        with pytest.raises(NoRate, match="BTC/EUR"):
            here.book.quote(BTC, EUR)
        here.says("BTC/EUR", "61000", "61000")
        assert here.book.quote(BTC, EUR).rate == "61000"


@pytest.mark.parametrize("method", [QuoteMethod.SET, QuoteMethod.FALLBACK])
async def test_what_no_market_has_said_is_held_against_nobody(method: QuoteMethod) -> None:
    async with room() as here:
        await here.keep([NOW_MS], method=method, rate="1")
        await here.history.prime()
        here.says("BTC/EUR", "60000", "60000")
        assert here.book.quote(BTC, EUR).rate == "60000"


async def test_what_is_old_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratehistory, "PRUNED_AT_ONCE", 3)
    async with room() as here:
        here.history.rules = HistoryRules(keep_days=2)
        oldest_ms = NOW_MS - 2 * DAY_MS
        await here.keep(range(oldest_ms - 8, oldest_ms + 2))
        await here.history.prune()
        assert [at_ms for at_ms, _ in await here.kept()] == [oldest_ms, oldest_ms + 1]


async def test_it_is_pruned_every_hour(autojump_clock: MockClock) -> None:
    async with room(trio_clock(10 * DAY_MS)) as here, trio.open_nursery() as nursery:
        here.history.rules = HistoryRules(keep_days=1)
        await here.keep([8 * DAY_MS, 9 * DAY_MS, 10 * DAY_MS])
        nursery.start_soon(here.history.run)
        await trio.sleep(3_599)
        assert len(await here.kept()) == 3
        await trio.sleep(2)
        assert [at_ms for at_ms, _ in await here.kept()] == [10 * DAY_MS]
        nursery.cancel_scope.cancel()


async def test_it_is_read_page_by_page() -> None:
    async with room() as here:
        await here.keep(range(7))
        span, cursor = Span("BTC", "EUR", 1, 6), None
        found: list[int] = []
        while True:
            page, cursor = await here.history.span(span, cursor=cursor, limit=2)
            found += [one.at_ms for one in page]
            if cursor is None:
                break
        assert found == [5, 4, 3, 2, 1]


@pytest.mark.parametrize("cursor", ["", "-1", "1e3", "inv_1", "٣", "1" * 19])
async def test_a_cursor_of_another_list_is_refused(cursor: str) -> None:
    async with room() as here:
        with pytest.raises(Refusal, match="is no next_cursor"):
            await here.history.span(Span("BTC", "EUR"), cursor=cursor, limit=2)
