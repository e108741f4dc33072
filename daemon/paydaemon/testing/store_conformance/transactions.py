"""Transactions: whole or not at all, durable once answered, and never half cancelled."""

from collections.abc import Callable
from operator import methodcaller

import pytest
import trio

from paydaemon.core.access import Seller
from paydaemon.store.port import Reader, Store, StoreUnavailable, Transaction
from paydaemon.testing.samples import SELLER, invoice, payment
from paydaemon.testing.store_conformance.base import BOUND_S, StoreFactory, Suite, append

MANY = 200


class Oops(Exception):
    """What a function raises here."""


def failing(fn: Callable[[Transaction], object]) -> Callable[[Transaction], None]:
    """`fn`, and then an exception."""

    def run(tx: Transaction) -> None:
        fn(tx)
        raise Oops

    return run


def seller(id: str) -> Seller:
    """A seller of that id."""
    return Seller(id, id, 0)


def ids(reader: Reader) -> set[str]:
    """Every seller's id but the first one's."""
    return {seller.id for seller in reader.sellers()} - {SELLER.id}


class Transactions(Suite):
    """All or nothing, for good."""

    async def test_the_result_is_returned(self, store: Store) -> None:
        assert await store.transact(lambda tx: tx.chain("bitcoin").next_index) == 0

    async def test_a_transaction_reads_its_own_writes(self, store: Store) -> None:
        def write_and_read(tx: Transaction) -> list[object]:
            tx.add_invoice(invoice())
            tx.add_payment(payment(invoice_id="inv_0"))
            tx.reserve_indexes("bitcoin", 3)
            append(tx)
            return [
                tx.invoice("inv_0"),
                tx.payments_of("inv_0"),
                tx.chain("bitcoin").next_index,
                tx.last_seq(),
            ]

        assert await store.transact(write_and_read) == [invoice(), [payment(invoice_id="inv_0")], 3, 1]

    async def test_what_a_function_raises_comes_out_and_takes_back_its_writes(self, store: Store) -> None:
        def write(tx: Transaction) -> None:
            tx.add_invoice(invoice())
            tx.add_payment(payment())
            tx.reserve_indexes("bitcoin", 7)
            append(tx)

        with pytest.raises(Oops):
            await store.transact(failing(write))

        def left(reader: Reader) -> list[object]:
            return [reader.invoice("inv_0"), reader.payment("pay_0"), reader.chain("bitcoin").next_index]

        assert await store.read(left) == [None, None, 0]
        assert store.last_seq == 0

    async def test_a_function_that_raises_takes_back_nobody_elses_writes(self, store: Store) -> None:
        raised: set[int] = set()

        async def one(number: int) -> None:
            def add(tx: Transaction) -> None:
                tx.add_seller(seller(f"s{number}"))

            try:
                await store.transact(failing(add) if number % 3 == 0 else add)
            except Oops:
                raised.add(number)

        async with trio.open_nursery() as nursery:
            for number in range(MANY):
                nursery.start_soon(one, number)
        assert raised == set(range(0, MANY, 3))
        assert await store.read(ids) == {f"s{number}" for number in range(MANY) if number % 3}

    async def test_read_and_write_are_one_step(self, store: Store) -> None:
        """Each of many at once adds one to what it read, and none is lost."""

        def increment(tx: Transaction) -> None:
            tx.reserve_indexes("counter", tx.chain("counter").next_index + 1)

        def halve(tx: Transaction) -> int:
            return tx.chain("counter").next_index

        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(store.transact, increment)
        assert await store.transact(halve) == 2**20 - 1

    async def test_what_was_answered_is_there_after_reopening(self, store_factory: StoreFactory) -> None:
        async with store_factory() as store:
            await store.transact(lambda tx: tx.add_seller(SELLER))
            await store.transact(lambda tx: tx.add_invoice(invoice()))
            await store.transact(append)
        async with store_factory() as store:
            assert store.last_seq == 1
            assert await store.read(lambda reader: reader.invoice("inv_0")) == invoice()

    async def test_a_read_sees_what_was_answered(self, store: Store) -> None:
        for number in range(50):
            await store.transact(methodcaller("add_seller", seller(f"s{number}")))
            assert len(await store.read(ids)) == number + 1

    async def test_a_read_sees_one_moment(self, store: Store) -> None:
        """Sellers come in pairs, so no reader ever counts an odd number."""

        def add_pair(tx: Transaction) -> None:
            count = len(tx.sellers())
            tx.add_seller(seller(f"s{count}"))
            tx.add_seller(seller(f"s{count + 1}"))

        def count_twice(reader: Reader) -> tuple[int, int]:
            return len(ids(reader)), len(ids(reader))

        async def read() -> None:
            for _ in range(20):
                first, second = await store.read(count_twice)
                assert first == second
                assert first % 2 == 0

        async with trio.open_nursery() as nursery:
            nursery.start_soon(read)
            for _ in range(40):
                nursery.start_soon(store.transact, add_pair)

    async def test_a_read_raises_what_its_function_raises(self, store: Store) -> None:
        def fail(reader: Reader) -> None:
            raise Oops

        for _ in range(20):
            with pytest.raises(Oops):
                await store.read(fail)
        assert await store.read(ids) == set()

    async def test_a_transaction_that_has_begun_is_not_cancelled(self, store: Store) -> None:
        trio_token = trio.lowlevel.current_trio_token()
        with trio.CancelScope() as scope:

            def write(tx: Transaction) -> str:
                trio_token.run_sync_soon(scope.cancel)
                tx.add_seller(seller("late"))
                return "answered"

            assert await store.transact(write) == "answered"
            await trio.lowlevel.checkpoint()
            await trio.lowlevel.checkpoint()
        assert scope.cancelled_caught
        assert await store.read(ids) == {"late"}

    async def test_a_queued_transaction_happens_though_its_waiter_is_cancelled(self, store: Store) -> None:
        """Whichever came first, what was answered is there and nothing else."""
        answered: set[str] = set()

        async def one(id: str, scope: trio.CancelScope) -> None:
            with scope:
                await store.transact(lambda tx: tx.add_seller(seller(id)))
                answered.add(id)

        scopes = [trio.CancelScope() for _ in range(MANY)]
        with trio.fail_after(BOUND_S):
            async with trio.open_nursery() as nursery:
                for number, scope in enumerate(scopes):
                    nursery.start_soon(one, f"s{number}", scope)
                await trio.lowlevel.checkpoint()
                for scope in scopes:
                    scope.cancel()
        assert await store.read(ids) == answered

    async def test_a_transaction_cancelled_before_it_began_does_not_happen(self, store: Store) -> None:
        with trio.CancelScope() as scope:
            scope.cancel()
            await store.transact(lambda tx: tx.add_seller(seller("never")))
        assert scope.cancelled_caught
        assert await store.read(ids) == set()

    async def test_closing_finishes_what_is_queued(self, store_factory: StoreFactory) -> None:
        answered: set[str] = set()

        async def one(store: Store, id: str) -> None:
            await store.transact(lambda tx: tx.add_seller(seller(id)))
            answered.add(id)

        async with trio.open_nursery() as nursery, store_factory() as store:
            for number in range(MANY):
                nursery.start_soon(one, store, f"s{number}")
            for _ in range(2):  # all of them have begun by then
                await trio.lowlevel.checkpoint()
        async with store_factory() as store:
            assert await store.read(ids) == answered == {f"s{number}" for number in range(MANY)}

    async def test_a_closed_store_says_so(self, store_factory: StoreFactory) -> None:
        async with store_factory() as store:
            pass
        with pytest.raises(StoreUnavailable, match="closed"):
            await store.transact(append)
        with pytest.raises(StoreUnavailable, match="closed"):
            await store.read(ids)
        with pytest.raises(StoreUnavailable, match="closed"):
            await store.wait_beyond(0)
        await store.aclose()
