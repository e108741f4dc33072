"""Provocations of what is kept of rates."""

from decimal import Decimal

import trio

from paydaemon.engine import ratehistory
from paydaemon.engine.clock import system_clock
from paydaemon.engine.ratehistory import DAY_MS, HistoryRules, RateHistory, Span
from paydaemon.engine.rates import RateBook
from paydaemon.hooks.ports import Rate
from paydaemon.store.sqlite import open_store
from tests.limits.trial import Trial, provokes
from tests.support.waiting import BOUND_S


@provokes("quotes.history_every_s")
async def a_rate_that_changes_oftener(trial: Trial) -> str:
    every_s = round(trial.value(1))
    async with open_store(":memory:", executor="inline") as store, trio.open_nursery() as nursery:
        book = RateBook(system_clock)
        history = RateHistory(store, book, system_clock, HistoryRules(every_s))
        nursery.start_soon(history.run)
        seen: list[int] = []
        with trio.fail_after(BOUND_S):
            while len(seen) < 2:
                for source in ("one", "two"):
                    book.publish(source, [Rate("BTC", "EUR", Decimal(1), system_clock())])
                await trio.sleep(0.1)
                page, _ = await history.span(Span("BTC", "EUR"), cursor=None, limit=9)
                seen = [one.at_ms for one in page]
        assert seen[0] - seen[1] == 1_000 * every_s
        nursery.cancel_scope.cancel()
    return "what a rate was in between is not known later"


@provokes("quotes.history_keep_days")
async def a_rate_of_long_ago(trial: Trial) -> str:
    rules = HistoryRules(keep_days=round(trial.value(1)))
    async with open_store(":memory:", executor="inline") as store:
        book = RateBook(system_clock)
        history = RateHistory(store, book, system_clock, rules)
        for source in ("one", "two"):
            book.publish(source, [Rate("BTC", "EUR", Decimal(1), system_clock())])
        for days in (0, 2):
            await history.note(system_clock() - days * DAY_MS)
        await history.prune()
        page, _ = await history.span(Span("BTC", "EUR"), cursor=None, limit=9)
        assert len(page) == 1
        assert ratehistory.PRUNE_EVERY_S == 3_600
    return "it is forgotten within an hour"
