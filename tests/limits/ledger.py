"""Provocations of what the engine does in one go, and remembers; of the journal's followers; of time."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import fields, replace
from decimal import Decimal

import pytest
import trio

from paydaemon.core.errors import Refusal
from paydaemon.core.events import Event
from paydaemon.core.invoice import Destination, Invoice, Status
from paydaemon.core.payment import Observation, ObservedState
from paydaemon.core.raterules import Rules
from paydaemon.engine.invoices import Invoices
from paydaemon.engine.orders import InvoiceRequest
from paydaemon.hooks.ports import DestinationRequest, Rate
from paydaemon.journal import Filter, Journal, Turns
from paydaemon.testing.fakechain import FakeChain
from tests.engine.world import DUE, OPERATOR, SHOP, World, live_chain, world
from tests.limits.trial import Trial, provokes


def limited(daemon: World, trial: Trial, small: float) -> None:
    """Let the engine keep to this one limit."""
    new = trial.all(small).engine
    for field in fields(new):
        setattr(daemon.limits, field.name, getattr(new, field.name))


async def refusal(daemon: World) -> str:
    with pytest.raises(Refusal) as refused:
        await daemon.create()
    return f"`503` `{refused.value.code}`"


# --- Time


@provokes("quotes.max_age_s")
async def a_rate_that_is_old(trial: Trial) -> str:
    async with world() as daemon:
        daemon.rates.rules = replace(daemon.rates.rules, max_age_ms=round(1_000 * trial.value(1)))
        daemon.turn(2)
        await daemon.look()
        with pytest.raises(Refusal, match="BTC/EUR: 0 of 2 sources needed: fixed: 2 s old"):
            await daemon.create()
        return f"{await refusal(daemon)}: each source with its age"


@provokes("quotes.jump_memory_s")
async def a_rate_that_jumps(trial: Trial) -> str:
    async with world() as daemon:
        daemon.rates.forget("fixed")
        daemon.rates.rules = Rules(quorum=1, jump_memory_ms=1_000 * round(trial.value(1)))
        daemon.publish()
        await daemon.create()
        daemon.turn(1)
        daemon.rates.publish("fixed", [Rate("BTC", "EUR", Decimal(80_000), daemon.clock())])
        await daemon.look()
        with pytest.raises(Refusal, match="is too far from the last good rate 60000"):
            await daemon.create()
        refused = await refusal(daemon)
        daemon.turn(1)
        await daemon.look()
        assert (await daemon.create()).invoice.options[0].quote.rate == "80000"
        return f"{refused}: too far from the last good rate"


@provokes("health.stale_after_s")
async def a_chain_that_is_not_heard_of(trial: Trial) -> str:
    async with world() as daemon:
        live = daemon.live_chains["bitcoin"]
        live.stale_after_ms = round(1_000 * trial.value(1))
        daemon.turn(2)
        daemon.publish()
        await daemon.health._look(live)
        assert "chain.stale" in await daemon.told()
        return f"`chain.stale` in the journal and the log; {await refusal(daemon)}"


# --- In one go


@provokes("limits.ledger.keys_remembered")
async def a_second_key(trial: Trial) -> str:
    async with world() as daemon:
        limited(daemon, trial, 1)
        for _ in range(2):
            await daemon.accounts.authenticate((await daemon.accounts.add_operator_key()).secret)
        assert len(daemon.accounts._known) == 1
    return "all are forgotten, and each is read again at its next use"


class Forgetful(FakeChain):
    """A chain that gives each destination twice."""

    async def destination(self, index: int, request: DestinationRequest) -> Destination:
        return self.destination_at(index // 2)


@provokes("limits.ledger.destination_attempts")
async def a_destination_that_is_taken(trial: Trial) -> str:
    async with world() as daemon:
        limited(daemon, trial, 1)
        chain = Forgetful(daemon.bitcoin)
        await chain.start(daemon.hosts["bitcoin"])
        await chain.tell()
        live = live_chain(chain, daemon.store, daemon.clock)
        await live.refresh()
        makes = Invoices(
            daemon.store, {"bitcoin": live}, daemon.rates, daemon.clock, daemon.defaults, daemon.limits
        )
        await makes.create(SHOP, InvoiceRequest("1", "EUR"), None)
        with pytest.raises(Refusal) as refused:
            await makes.create(SHOP, InvoiceRequest("1", "EUR"), None)
    return f"`503` `{refused.value.code}`"


@provokes("limits.ledger.clocks_at_once", "limits.ledger.clock_turns")
async def many_expire_together(trial: Trial) -> str:
    async with world() as daemon:
        limited(daemon, trial, 2)
        if trial.key.endswith("turns"):
            daemon.limits.clocks_at_once, words = 1, "at the chain's next word"
        else:
            daemon.limits.clock_turns, words = 1, "in the next write"
        invoices = [await daemon.invoice() for _ in range(3)]
        daemon.turn(901)
        await daemon.look()
        assert await _expired(daemon, invoices) == 2
        await daemon.look()
        assert await _expired(daemon, invoices) == 3
    return f"the rest expires {words}"


async def _expired(daemon: World, invoices: Sequence[Invoice]) -> int:
    return [(await daemon.stands(invoice))[0] for invoice in invoices].count(Status.EXPIRED)


@provokes("limits.ledger.confirming_at_once")
async def a_block_for_many_payments(trial: Trial) -> str:
    async with world() as daemon:
        limited(daemon, trial, 1)
        for _ in range(2):
            await daemon.pay(((await daemon.invoice()).options[0], DUE))
        async with daemon.live.watch() as watcher:
            await daemon.mine()
            assert watcher.statistics().current_buffer_used == 1
    return "no live push for the rest; their events come all the same"


# --- What a plugin says


@provokes("limits.plugins.observations")
async def a_chain_that_tells_too_much(trial: Trial) -> str:
    async with world() as daemon:
        limited(daemon, trial, 1)
        asset = daemon.chains["bitcoin"].assets[0]
        one = Observation("a:0", "a", asset, DUE, "bitcoin-key-0", ObservedState.SEEN, daemon.clock(), 1)
        with pytest.raises(ValueError, match="2 observations are told at once; the limit is 1"):
            await daemon.hosts["bitcoin"].observe([one, replace(one, ref="a:1")], None, None)
        assert await daemon.unmatched() == []
    return "nothing of it is recorded; `plugin.failed`"


@provokes("limits.plugins.rates")
async def a_source_of_too_many_pairs(trial: Trial) -> str:
    async with world() as daemon:
        limited(daemon, trial, 2)
        before = daemon.rates.all()
        rates = [Rate("BTC", quote, Decimal(1), daemon.clock()) for quote in ("CHF", "USD", "GBP")]
        with pytest.raises(ValueError, match="other published 3 pairs; the limit is 2"):
            daemon.rates.publish("other", rates)
        assert daemon.rates.all() == before
    return "nothing of it is taken; `plugin.failed`"


# --- The journal


async def _batches(journal: Journal, events: int) -> list[Sequence[Event]]:
    """So many events, as they come."""
    found: list[Sequence[Event]] = []
    async with aclosing(journal.follow(OPERATOR, Filter(), 0)) as batches:
        async for batch in batches:
            found.append(batch)
            if sum(map(len, found)) >= events:
                break
    return found


@provokes("limits.journal.page_events")
async def a_long_replay(trial: Trial) -> str:
    async with world() as daemon:
        for _ in range(5):
            await daemon.invoice()
        found = await _batches(Journal(daemon.store, trial.all(2).journal), 5)
        assert [len(batch) for batch in found] == [2, 2, 1]
    return "a replay is read in more pages; nothing of it is lost"


@provokes("limits.journal.tail_events")
async def a_reader_behind_the_tail(trial: Trial) -> str:
    async with world() as daemon:
        journal = Journal(daemon.store, trial.all(2).journal)
        for _ in range(5):
            await daemon.invoice()
            assert await journal._tail.reaches_beyond(daemon.store.last_seq - 1)
        assert [event.seq for event in journal._tail._events] == [4, 5]
        assert not await journal._tail.reaches_beyond(2)
        assert sum(map(len, await _batches(journal, 5))) == 5
    return "a reader further behind replays from the database"


@provokes("limits.journal.replaying", "limits.journal.turn_ms")
async def a_reader_too_many(trial: Trial) -> str:
    limits = trial.all(1, **{"journal.replaying": 1}).journal
    turns = Turns(limits)
    has_turn = False
    async with turns.turn():
        with trio.move_on_after(0.1):
            async with turns.turn():
                has_turn = True
    if trial.key.endswith("turn_ms"):
        assert has_turn
        return "the next reader no longer waits for this one"
    assert not has_turn
    return "the next reader waits for its turn"
