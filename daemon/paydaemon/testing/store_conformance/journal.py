"""The journal: gapless, in commit order, and whoever waits for it is woken."""

from collections.abc import Collection, Sequence
from functools import partial

import pytest
import trio
import trio.testing

from paydaemon.core.events import Event, EventType
from paydaemon.store.port import Reader, Store, Transaction
from paydaemon.testing.samples import draft
from paydaemon.testing.store_conformance.base import BOUND_S, StoreFactory, Suite, append

CREATED, SETTLED, STALE = EventType.INVOICE_CREATED, EventType.INVOICE_SETTLED, EventType.CHAIN_STALE


class Refused(Exception):
    """What a function raises here."""


def events(
    reader: Reader,
    *,
    after: int = 0,
    types: Collection[EventType] = (),
    invoice_id: str | None = None,
    seller_id: str | None = None,
    limit: int = 10_000,
) -> Sequence[Event]:
    """Events, by default all of them."""
    return reader.events(after=after, types=types, invoice_id=invoice_id, seller_id=seller_id, limit=limit)


def seqs(reader: Reader) -> list[int]:
    """The `seq` of every event."""
    return [event.seq for event in events(reader)]


class Journal(Suite):
    """Facts, one after another."""

    async def test_an_event_comes_back_whole(self, store: Store) -> None:
        data = {"invoice": {"amount": "12.50", "lines": ["ä", None, True]}, "empty": {}}
        written = await store.transact(
            lambda tx: tx.append(draft(SETTLED, data=data, invoice_id="inv_1", seller_id="shop"), 77)
        )
        epoch = await store.read(lambda reader: reader.epoch())
        assert written == Event(1, f"evt_{epoch}_1", SETTLED, 77, data, "inv_1", "shop")
        assert await store.read(events) == [written]

    async def test_a_journal_begins_empty(self, store: Store) -> None:
        assert store.last_seq == await store.read(lambda reader: reader.last_seq()) == 0
        assert await store.read(events) == []

    async def test_seq_goes_on_and_the_epoch_stays_after_reopening(self, store_factory: StoreFactory) -> None:
        epochs: set[str] = set()
        for expected in range(1, 4):
            async with store_factory() as store:
                assert store.last_seq == expected - 1
                assert await store.transact(append) == expected
                epochs.add(await store.read(lambda reader: reader.epoch()))
        assert len(epochs) == 1

    async def test_seq_is_gapless_and_in_commit_order(self, store: Store) -> None:
        """Many append at once, some several, some to fail after it; what one function appends is together."""
        answered: list[list[int]] = []

        async def one(number: int) -> None:
            def write(tx: Transaction) -> list[int]:
                mine = [append(tx) for _ in range(number % 4)]
                if number % 5 == 0:
                    raise Refused
                return mine

            try:
                answered.append(await store.transact(write))
            except Refused:
                assert number % 5 == 0

        with trio.fail_after(BOUND_S):
            async with trio.open_nursery() as nursery:
                for number in range(200):
                    nursery.start_soon(one, number)
        told = sorted(seq for mine in answered for seq in mine)
        assert told == list(range(1, len(told) + 1)) == await store.read(seqs)
        assert store.last_seq == len(told)
        assert all(mine == list(range(mine[0], mine[-1] + 1)) for mine in answered if mine)

    async def test_an_event_that_cannot_be_kept_takes_no_seq(self, store: Store) -> None:
        def write(tx: Transaction) -> int:
            with pytest.raises((TypeError, ValueError)):
                tx.append(draft(data={"not": object()}), 0)
            return append(tx)

        assert await store.transact(write) == 1

    @pytest.mark.parametrize("types", [(), (SETTLED,), (CREATED, STALE), tuple(EventType)])
    @pytest.mark.parametrize("invoice_id", [None, "inv_1", "inv_9"])
    @pytest.mark.parametrize("seller_id", [None, "shop", "nobody"])
    async def test_events_are_found_by_any_filters(
        self, store: Store, types: tuple[EventType, ...], invoice_id: str | None, seller_id: str | None
    ) -> None:
        def write(tx: Transaction) -> list[Event]:
            drafts = [
                draft(type, invoice_id=invoice, seller_id=seller)
                for type in (SETTLED, CREATED, STALE)
                for invoice in (None, "inv_1", "inv_2")
                for seller in (None, "shop", "other")
            ]
            return [tx.append(each, 0) for each in drafts]

        written = await store.transact(write)
        expected = [
            event
            for event in written
            if (not types or event.type in types)
            and (invoice_id is None or event.invoice_id == invoice_id)
            and (seller_id is None or event.seller_id == seller_id)
        ]

        def find(reader: Reader, after: int, limit: int) -> Sequence[Event]:
            return events(
                reader, after=after, types=types, invoice_id=invoice_id, seller_id=seller_id, limit=limit
            )

        assert await store.read(lambda reader: find(reader, 0, 1_000)) == expected
        beyond = [event for event in expected if event.seq > 9]
        assert await store.read(lambda reader: find(reader, 9, 1_000)) == beyond
        assert await store.read(lambda reader: find(reader, 0, 2)) == expected[:2]
        assert await store.read(lambda reader: find(reader, 0, 0)) == []

    async def test_data_is_kept_as_it_was(self, store: Store) -> None:
        """Whatever a draft's data was made of, changing that afterwards changes nothing."""
        data = {"list": ["a"]}
        await store.transact(lambda tx: tx.append(draft(data=data), 0))
        data["list"].append("b")
        [event] = await store.read(events)
        assert event.data == {"list": ["a"]}

    async def test_whoever_waits_is_woken_by_what_it_waits_for(self, store: Store) -> None:
        woken: list[int] = []

        async def wait(seq: int) -> None:
            await store.wait_beyond(seq)
            assert store.last_seq > seq
            woken.append(seq)

        with trio.fail_after(BOUND_S):
            async with trio.open_nursery() as nursery:
                for seq in (0, 1, 2, 3):
                    nursery.start_soon(wait, seq)
                await trio.testing.wait_all_tasks_blocked()
                await store.transact(lambda tx: tx.reserve_indexes("bitcoin", 1))
                assert woken == []
                await store.transact(lambda tx: [append(tx), append(tx)])
                await store.transact(append)
                await trio.testing.wait_all_tasks_blocked()
                assert sorted(woken) == [0, 1, 2]
                await store.transact(append)
        assert sorted(woken) == [0, 1, 2, 3]

    async def test_nobody_waits_for_what_is_there(self, store: Store) -> None:
        await store.transact(append)
        with trio.fail_after(BOUND_S):
            await store.wait_beyond(0)

    async def test_whoever_is_woken_finds_the_events(self, store: Store) -> None:
        """A follower that reads, waits and reads again sees each event once and in order."""
        seen: list[int] = []

        async def follow() -> None:
            while len(seen) < 100:
                await store.wait_beyond(seen[-1] if seen else 0)
                after = seen[-1] if seen else 0
                found = await store.read(partial(events, after=after))
                seen.extend(event.seq for event in found)

        with trio.fail_after(BOUND_S):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(follow)
                for _ in range(100):
                    nursery.start_soon(store.transact, append)
        assert seen == list(range(1, 101))

    async def test_waiting_can_be_cancelled(self, store: Store) -> None:
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(store.wait_beyond, 0)
                await trio.testing.wait_all_tasks_blocked()
                scope.cancel()
        assert scope.cancelled_caught
