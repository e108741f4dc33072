"""Chains: where they left off, and indexes that are given out once and never again."""

from dataclasses import replace
from operator import methodcaller

import pytest
import trio

from paydaemon.core.invoice import Stage
from paydaemon.store.port import ChainRow, Issued, Store
from paydaemon.testing.samples import destination, invoice
from paydaemon.testing.store_conformance.base import BOUND_S, StoreFactory, Suite

ROW = ChainRow("bitcoin", "genesis/wallet", "cursor", 1_700_000_000_000, 800_000, 5, 1_600_000_000_000)


class Chains(Suite):
    """What is kept of each network."""

    async def test_a_chain_that_was_never_told_of_is_at_its_beginning(self, store: Store) -> None:
        assert await store.read(lambda reader: reader.chain("bitcoin")) == ChainRow("bitcoin")

    async def test_a_chain_comes_back_whole(self, store: Store) -> None:
        await store.transact(lambda tx: tx.set_chain(ROW))
        assert await store.read(lambda reader: reader.chain("bitcoin")) == ROW
        cleared = ChainRow("bitcoin", next_index=ROW.next_index)
        await store.transact(lambda tx: tx.set_chain(cleared))
        assert await store.read(lambda reader: reader.chain("bitcoin")) == cleared

    async def test_it_is_known_who_waits_for_which_chain(self, store: Store) -> None:
        assert await store.read(lambda reader: reader.waiting_by_chain()) == {}
        for number, chains in enumerate((["bitcoin"], ["bitcoin", "other"], ["other"])):
            await store.transact(methodcaller("add_invoice", invoice(number, chains=chains)))
        assert await store.read(lambda reader: reader.waiting_by_chain()) == {"bitcoin": 2, "other": 2}
        expired, closed = (
            replace(invoice().standing, stage=stage) for stage in (Stage.EXPIRED, Stage.CLOSED)
        )
        await store.transact(methodcaller("set_standing", "inv_0", expired))
        await store.transact(methodcaller("set_standing", "inv_2", closed))
        assert await store.read(lambda reader: reader.waiting_by_chain()) == {"bitcoin": 2, "other": 1}

    async def test_indexes_do_not_come_back_with_an_older_row(self, store: Store) -> None:
        await store.transact(lambda tx: tx.set_chain(ROW))
        assert await store.transact(lambda tx: tx.reserve_indexes("bitcoin", 10)) == 5
        await store.transact(lambda tx: tx.set_chain(replace(ROW, cursor="next")))
        assert await store.read(lambda reader: reader.chain("bitcoin")) == replace(
            ROW, cursor="next", next_index=15
        )
        await store.transact(lambda tx: tx.set_chain(replace(ROW, next_index=100)))
        assert await store.transact(lambda tx: tx.reserve_indexes("bitcoin", 1)) == 100

    async def test_indexes_are_given_out_once(self, store_factory: StoreFactory) -> None:
        """Many ask at once, on two chains, before and after reopening."""
        given: dict[str, list[int]] = {"bitcoin": [], "hedera": []}

        async def reserve(store: Store, chain: str, count: int) -> None:
            first = await store.transact(lambda tx: tx.reserve_indexes(chain, count))
            given[chain] += range(first, first + count)

        for _ in range(3):
            with trio.fail_after(BOUND_S):
                async with store_factory() as store, trio.open_nursery() as nursery:
                    for number in range(40):
                        nursery.start_soon(reserve, store, ("bitcoin", "hedera")[number % 2], number + 1)
        for indexes in given.values():
            assert sorted(indexes) == list(range(len(indexes)))

    @pytest.mark.parametrize("count", [0, -1])
    async def test_at_least_one_index_is_asked_for(self, store: Store, count: int) -> None:
        with pytest.raises(ValueError, match="count"):
            await store.transact(lambda tx: tx.reserve_indexes("bitcoin", count))

    async def test_a_destination_leads_to_what_it_was_issued_for(self, store: Store) -> None:
        await store.transact(lambda tx: tx.add_invoice(invoice(3, chains=["hedera", "bitcoin"])))
        key = destination(3).key
        assert await store.read(lambda reader: reader.issued("bitcoin", key)) == Issued(
            "inv_3", "bitcoin", "BIT"
        )
        assert await store.read(lambda reader: reader.issued("hedera", key)) is None
        assert await store.read(lambda reader: reader.issued("bitcoin", "unknown")) is None

    async def test_destinations_come_by_growing_index(self, store: Store) -> None:
        for number in (30, 10, 20, 0):
            await store.transact(methodcaller("add_invoice", invoice(number)))
        await store.transact(lambda tx: tx.add_invoice(invoice(15, chains=["hedera"])))
        every = [destination(number) for number in (0, 10, 20, 30)]
        assert await store.read(lambda reader: reader.destinations("bitcoin", -1, 100)) == every
        assert await store.read(lambda reader: reader.destinations("bitcoin", 10, 1)) == every[2:3]
        assert await store.read(lambda reader: reader.destinations("bitcoin", 30, 100)) == []
        assert await store.read(lambda reader: reader.destinations("hedera", -1, 100)) == [
            destination(15, "hedera")
        ]
