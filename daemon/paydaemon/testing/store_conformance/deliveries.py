"""Deliveries: one of each order key at a time, in the journal's order, and none forgotten."""

from collections.abc import Sequence
from dataclasses import replace
from operator import methodcaller
from typing import Any

import pytest

from paydaemon.core.delivery import Attempt, Backlog, Delivery, DeliveryState
from paydaemon.core.events import Event, EventType
from paydaemon.core.retrying import revived
from paydaemon.store.port import Duplicate, Reader, Store, Transaction
from paydaemon.testing.samples import NOW_MS, SELLER, delivery, draft, invoice, target
from paydaemon.testing.store_conformance.base import StoreFactory, Suite

FAR_MS = 2 * NOW_MS


class Deliveries(Suite):
    """What is on its way."""

    async def test_a_delivery_comes_back_whole(self, store_factory: StoreFactory) -> None:
        async with store_factory() as store:
            await store.transact(lambda tx: tx.add_seller(SELLER))
            await _begin(store)
            event = await _append(store, "inv_0")
            whole = delivery(
                event, state=DeliveryState.PARKED, attempts=9, failures=3, first_at_ms=1, last_at_ms=2,
                done_at_ms=4, status=503, reason="busy: ä",
            )  # fmt: skip
            await store.transact(lambda tx: tx.add_delivery(whole))
        async with store_factory() as store:
            assert await store.read(lambda reader: reader.delivery(whole.id)) == whole
            assert await store.read(lambda reader: reader.delivery_of("we_0", event.seq)) == whole
            assert await store.read(lambda reader: reader.delivery("dlv_nope")) is None
            assert await store.read(lambda reader: reader.delivery_of("we_0", 99)) is None
            assert (whole.event_id, whole.type, whole.invoice_id) == (event.id, event.type, "inv_0")

    async def test_an_event_goes_to_a_target_once(self, store: Store) -> None:
        await _begin(store)
        first = await _deliver(store, "a")
        for again in (first, replace(first, id="dlv_another")):
            with pytest.raises(Duplicate) as caught:
                await store.transact(methodcaller("add_delivery", again))
            assert caught.value.what == "delivery"

    async def test_a_delivery_needs_its_target_and_its_event(self, store: Store) -> None:
        await _begin(store)
        event = await _append(store)
        with pytest.raises(LookupError):
            await store.transact(lambda tx: tx.add_delivery(delivery(replace(event, seq=99))))
        for act in (
            methodcaller("set_delivery", delivery(event)),
            methodcaller("revive", delivery(event), 0),
            methodcaller("add_attempt", "dlv_nope", _attempt(1), 1),
            methodcaller("add_delivery", delivery(event, "we_9")),
        ):
            with pytest.raises(LookupError):
                await store.transact(act)

    async def test_of_each_order_key_the_oldest_is_due(self, store: Store) -> None:
        await _begin(store)
        first, _, other = [await _deliver(store, key) for key in ("a", "a", "b")]
        assert await store.read(_due) == [first.id, other.id]
        await _done(store, first)
        assert await store.read(_due) == ["dlv_we_0_3", "dlv_we_0_2"]
        assert await store.read(lambda reader: reader.due("we_0", NOW_MS, 1)) != []

    async def test_one_that_is_parked_gives_way_as_well(self, store: Store) -> None:
        await _begin(store)
        first, second = [await _deliver(store, "a") for _ in range(2)]
        await _done(store, first, DeliveryState.PARKED)
        assert await store.read(_due) == [second.id]

    async def test_one_that_waits_is_not_due_before_its_time(self, store: Store) -> None:
        await _begin(store)
        first, second = [await _deliver(store, key) for key in ("a", "b")]
        later = replace(first, attempts=1, failures=1, next_at_ms=NOW_MS + 5)
        await store.transact(lambda tx: tx.set_delivery(later))
        assert await store.read(lambda reader: reader.due("we_0", NOW_MS + 4, 9)) == [_first(second)]
        assert await store.read(_due) == [second.id, first.id]
        assert await store.read(lambda reader: reader.due_beyond("we_0", 0)) == (NOW_MS, NOW_MS + 5)
        beyond = (NOW_MS + 5, NOW_MS + 5)
        assert await store.read(lambda reader: reader.due_beyond("we_0", NOW_MS)) == beyond
        assert await store.transact(lambda tx: tx.hasten("we_0", NOW_MS + 4, NOW_MS + 1, 9)) == 1
        assert await store.read(lambda reader: reader.due_beyond("we_0", 0)) == (NOW_MS, NOW_MS + 1)

    async def test_what_was_never_tried_is_told_from_the_rest(self, store: Store) -> None:
        await _begin(store)
        tried, untried = [await _deliver(store, key) for key in ("a", "b")]
        again = replace(tried, attempts=1, first_at_ms=NOW_MS - 9, next_at_ms=NOW_MS)
        await store.transact(lambda tx: tx.set_delivery(again))
        assert await store.read(_due) == [tried.id, untried.id]
        found = await store.read(lambda reader: reader.untried("we_0", FAR_MS, 9))
        assert [one.id for one in found] == [untried.id]

    async def test_what_waits_is_told_in_order(self, store: Store) -> None:
        await _begin(store)
        made = [await _deliver(store, key) for key in ("a", "b", "a", "a")]
        found = await store.read(lambda reader: reader.waiting("we_0", "a", 2))
        assert [one.id for one in found] == [made[0].id, made[2].id]

    async def test_one_that_is_revived_comes_first_again(self, store: Store) -> None:
        await _begin(store)
        first, second, third = [await _deliver(store, "a") for _ in range(3)]
        await _done(store, first, DeliveryState.PARKED)
        parked = await _get(store, first)
        await store.transact(lambda tx: tx.revive(revived(parked), FAR_MS))
        assert await store.read(_due) == [first.id]
        # What was being tried meanwhile has lost its place, and says so.
        failed = replace(second, attempts=1, next_at_ms=NOW_MS)
        await store.transact(lambda tx: tx.set_delivery(failed))
        assert await store.read(_due) == [first.id]
        await _done(store, first)
        assert await store.read(_due) == [second.id]
        await _done(store, second)
        assert await store.read(_due) == [third.id]

    async def test_what_was_taken_out_of_turn_keeps_the_turn(self, store: Store) -> None:
        """It was on its way when an older one was revived."""
        await _begin(store)
        first, second, third = [await _deliver(store, "a") for _ in range(3)]
        await _done(store, first, DeliveryState.PARKED)
        parked = await _get(store, first)
        await store.transact(lambda tx: tx.revive(revived(parked), NOW_MS))
        await _done(store, second)
        assert await store.read(_due) == [first.id]
        await _done(store, first)
        assert await store.read(_due) == [third.id]

    async def test_attempts_are_kept_up_to_a_number(self, store: Store) -> None:
        await _begin(store)
        first = await _deliver(store, "a")
        for number in range(1, 6):
            await store.transact(methodcaller("add_attempt", first.id, _attempt(number), 3))
        kept = await store.read(lambda reader: reader.attempts(first.id))
        assert kept == [_attempt(3), _attempt(4), _attempt(5)]

    async def test_lists_are_filtered_and_paged(self, store: Store) -> None:
        await _begin(store)
        await store.transact(lambda tx: tx.add_target(target(1)))
        for number, key in enumerate(("inv_0", "inv_1", "inv_0")):
            event = await _append(store, key)
            for name in ("we_0", "we_1"):
                await store.transact(methodcaller("add_delivery", delivery(event, name)))
            await _done(store, delivery(event, f"we_{number % 2}"), DeliveryState.PARKED)
        parked = ["dlv_we_0_3", "dlv_we_1_2", "dlv_we_0_1"]
        assert await _listed(store) == [f"dlv_we_{name}_{seq}" for seq in (3, 2, 1) for name in (1, 0)]
        assert await _listed(store, state=DeliveryState.PARKED) == parked
        assert await _listed(store, target_id="we_0") == ["dlv_we_0_3", "dlv_we_0_2", "dlv_we_0_1"]
        assert await _listed(store, target_id="we_0", state=DeliveryState.PARKED) == parked[::2]
        assert await _listed(store, invoice_id="inv_1") == ["dlv_we_1_2", "dlv_we_0_2"]
        assert await _listed(store, invoice_id="inv_0", target_id="we_1") == ["dlv_we_1_3", "dlv_we_1_1"]
        assert await _listed(store, invoice_id="inv_0", state=DeliveryState.PARKED) == parked[::2]
        assert await store.read(lambda reader: _page(reader, before="dlv_nope")) == []
        assert await store.read(lambda reader: _page(reader, before="dlv_nope", target_id="we_0")) == []

    async def test_backlogs_are_counted(self, store: Store) -> None:
        await _begin(store)
        await store.transact(lambda tx: tx.add_target(target(1)))
        made = [await _deliver(store, key, at_ms=70 + key_ms) for key_ms, key in enumerate("aab")]
        await _done(store, made[0], DeliveryState.PARKED)
        assert await store.read(lambda reader: reader.backlog("we_0")) == Backlog(2, 1, 71)
        assert await store.read(lambda reader: reader.backlog("we_1")) == Backlog(0, 0, None)
        assert await store.read(lambda reader: reader.backlog("we_9")) == Backlog(0, 0, None)
        assert await store.read(lambda reader: reader.targets_with_work()) == ["we_0"]
        await _done(store, made[1])
        await _done(store, made[2])
        assert await store.read(lambda reader: reader.targets_with_work()) == []
        assert await store.read(lambda reader: reader.due_beyond("we_0", 0)) is None

    async def test_the_oldest_in_a_state_are_found(self, store: Store) -> None:
        await _begin(store)
        event = await _append(store)
        first = delivery(event, created_at_ms=5)
        await store.transact(lambda tx: tx.add_delivery(first))
        await _deliver(store, "b")
        found = await store.read(lambda reader: reader.oldest("we_0", DeliveryState.PENDING, 5, 9))
        assert [one.id for one in found] == [first.id]
        assert await store.read(lambda reader: reader.oldest("we_0", DeliveryState.PARKED, FAR_MS, 9)) == []

    async def test_what_was_done_long_ago_is_forgotten(self, store: Store) -> None:
        await _begin(store)
        made = [await _deliver(store, key) for key in "abcd"]
        await store.transact(lambda tx: tx.add_attempt(made[0].id, _attempt(1), 3))
        for done_ms, one in enumerate(made[:3]):
            await _done(store, one, at_ms=done_ms)
        delivered = DeliveryState.DELIVERED
        assert await store.transact(lambda tx: tx.prune_deliveries(delivered, 2, 1)) == 1
        assert await store.read(lambda reader: reader.attempts(made[0].id)) == []
        assert await store.transact(lambda tx: tx.prune_deliveries(delivered, 2, 9)) == 1
        assert await store.transact(lambda tx: tx.prune_deliveries(DeliveryState.PARKED, FAR_MS, 9)) == 0
        assert await _listed(store) == [made[3].id, made[2].id]

    async def test_what_was_done_lately_keeps_nothing_else_from_being_forgotten(self, store: Store) -> None:
        await _begin(store)
        made = [await _deliver(store, key) for key in "abcd"]
        for done_ms, one in zip([9, 9, 2, 1], made, strict=True):
            await _done(store, one, at_ms=done_ms)
        for left in ([2, 1, 0], [1, 0], [1, 0]):
            await store.transact(lambda tx: tx.prune_deliveries(DeliveryState.DELIVERED, 5, 1))
            assert await _listed(store) == [made[number].id for number in left]


# --- Making them


async def _begin(store: Store) -> None:
    """A target, and two invoices."""
    await store.transact(lambda tx: tx.add_target(target()))
    for number in range(2):
        await store.transact(methodcaller("add_invoice", invoice(number)))


async def _append(store: Store, invoice_id: str | None = None, at_ms: int = 0) -> Event:
    sample = draft(EventType.INVOICE_SETTLED, invoice_id=invoice_id, seller_id="shop")
    return await store.transact(lambda tx: tx.append(sample, at_ms))


async def _deliver(store: Store, key: str, at_ms: int = 0) -> Delivery:
    """An event about something, on its way to the target."""

    def work(tx: Transaction) -> Delivery:
        made = replace(delivery(tx.append(draft(), at_ms)), order_key=key)
        tx.add_delivery(made)
        return made

    return await store.transact(work)


async def _done(
    store: Store, one: Delivery, state: DeliveryState = DeliveryState.DELIVERED, at_ms: int = NOW_MS + 1
) -> None:
    done = replace(one, state=state, next_at_ms=None, done_at_ms=at_ms)
    await store.transact(lambda tx: tx.set_delivery(done))


async def _get(store: Store, one: Delivery) -> Delivery:
    found = await store.read(lambda reader: reader.delivery(one.id))
    assert found is not None
    return found


def _first(one: Delivery) -> Delivery:
    """As it is once nothing is before it."""
    return replace(one, next_at_ms=one.created_at_ms)


def _attempt(number: int) -> Attempt:
    return Attempt(number, 5, 7, number % 2 == 0, 200 if number % 2 else None, f"said {number}")


def _due(reader: Reader) -> list[str]:
    return [one.id for one in reader.due("we_0", FAR_MS, 9)]


async def _listed(store: Store, **filters: Any) -> list[str]:
    """All of a list, page by page."""

    def pages(reader: Reader) -> list[str]:
        found: list[str] = []
        while page := _page(reader, before=found[-1] if found else None, **filters):
            found += [one.id for one in page]
        return found

    return await store.read(pages)


def _page(reader: Reader, **filters: Any) -> Sequence[Delivery]:
    every: dict[str, Any] = {"target_id": None, "state": None, "invoice_id": None, "before": None}
    return reader.deliveries(**{**every, **filters}, limit=2)
