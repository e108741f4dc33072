"""Epochs: a copy that goes on says nothing, and gives nothing out, that the original may have."""

import pytest

from paydaemon.store.port import ChainRow, Store, Transaction
from paydaemon.testing.samples import draft
from paydaemon.testing.store_conformance.base import StoreFactory, Suite
from paydaemon.testing.store_conformance.journal import events

LEAP = 10_000


class Epochs(Suite):
    """What a restored backup is."""

    async def test_ids_of_events_never_collide_and_those_told_stay(self, store: Store) -> None:
        def write(tx: Transaction) -> tuple[str, str]:
            return tx.append(draft(), 0).id, tx.append(draft(), 0).id

        before = await store.transact(write)
        first, second = [await store.transact(lambda tx: tx.begin_epoch(LEAP)) for _ in range(2)]
        after = await store.transact(write)
        found = await store.read(events)
        assert [event.id for event in found] == [*before, *after]
        assert [event.seq for event in found] == [1, 2, 3, 4]
        assert len(set(before + after)) == 4
        assert await store.read(lambda reader: reader.epoch()) == second != first
        assert not any(second in id for id in before)
        assert all(second in id for id in after)

    async def test_every_chain_leaves_out_what_may_have_been_given_out(
        self, store_factory: StoreFactory
    ) -> None:
        async with store_factory() as store:
            await store.transact(lambda tx: tx.reserve_indexes("bitcoin", 16))
            await store.transact(lambda tx: tx.begin_epoch(LEAP))
        async with store_factory() as store:
            assert await store.transact(lambda tx: tx.reserve_indexes("bitcoin", 16)) == LEAP + 16
            assert await store.transact(lambda tx: tx.reserve_indexes("bitcoin", 1)) == LEAP + 32

    async def test_also_one_that_came_after_the_copy_was_made(self, store: Store) -> None:
        await store.transact(lambda tx: tx.begin_epoch(LEAP))
        for chain in ("reserved", "told of"):
            assert await store.read(lambda reader, id=chain: reader.chain(id).next_index) == LEAP  # type: ignore[misc]
        await store.transact(lambda tx: tx.set_chain(ChainRow("told of", identity="genesis")))
        for chain in ("reserved", "told of"):
            first = await store.transact(lambda tx, id=chain: tx.reserve_indexes(id, 3))  # type: ignore[misc]
            assert first == LEAP
        await store.transact(lambda tx: tx.begin_epoch(7))
        assert await store.transact(lambda tx: tx.reserve_indexes("reserved", 1)) == LEAP + 10
        assert await store.transact(lambda tx: tx.reserve_indexes("new", 1)) == LEAP + 7

    async def test_no_leap_leads_back(self, store: Store) -> None:
        with pytest.raises(ValueError, match="leap"):
            await store.transact(lambda tx: tx.begin_epoch(-1))
        await store.transact(lambda tx: tx.begin_epoch(0))
        assert await store.transact(lambda tx: tx.reserve_indexes("bitcoin", 1)) == 0

    async def test_an_epoch_is_begun_whole_or_not_at_all(self, store: Store) -> None:
        def give_up(tx: Transaction) -> None:
            tx.begin_epoch(LEAP)
            raise RuntimeError("on second thoughts")

        before = await store.read(lambda reader: reader.epoch())
        with pytest.raises(RuntimeError):
            await store.transact(give_up)
        assert await store.read(lambda reader: reader.epoch()) == before
        assert await store.transact(lambda tx: tx.reserve_indexes("bitcoin", 1)) == 0
