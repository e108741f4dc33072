"""Payments: each on-chain credit once, with its exact amount, and found again while it may still change."""

from collections.abc import Sequence
from dataclasses import replace
from operator import methodcaller

import pytest
import trio

from paydaemon.core.access import Seller
from paydaemon.core.payment import Payment, PaymentState
from paydaemon.store.port import Duplicate, Reader, Store, Transaction
from paydaemon.testing.samples import NOW_MS, invoice, payment
from paydaemon.testing.store_conformance.base import BOUND_S, Suite

HUGE = 10**78 - 1


def add_all(store_tx: Transaction, *payments: Payment) -> None:
    """Record some payments in that order."""
    for one in payments:
        store_tx.add_payment(one)


def ids(payments: Sequence[Payment]) -> list[str]:
    """Their ids."""
    return [one.id for one in payments]


class Payments(Suite):
    """The ledger's rows."""

    @pytest.fixture
    async def listed_payments(self, store: Store) -> Store:
        """Seven payments: two of one seller, two of another, three unmatched."""

        def add(tx: Transaction) -> None:
            tx.add_seller(Seller("other", "Other", 0))
            tx.add_invoice(invoice(0))
            tx.add_invoice(invoice(1, seller_id="other"))
            for number, owner in enumerate(("inv_0", None, "inv_1", "inv_0", None, "inv_1", None)):
                tx.add_payment(payment(number, invoice_id=owner))

        await store.transact(add)
        return store

    async def test_a_payment_comes_back_whole(self, store: Store) -> None:
        whole = payment(
            invoice_id="inv_0",
            state=PaymentState.REPLACED,
            amount_minor=HUGE,
            position=2**62,
            height=800_000,
            block="00" * 32,
            final=True,
            replaced_by="ff" * 32,
            recorded_at_ms=5,
        )
        await store.transact(lambda tx: tx.add_invoice(invoice()))
        await store.transact(lambda tx: tx.add_payment(whole))
        assert await store.read(lambda reader: reader.payment("pay_0")) == whole
        assert await store.read(lambda reader: reader.payment_by_ref("bitcoin", whole.ref)) == whole
        assert await store.read(lambda reader: reader.payments_of("inv_0")) == [whole]
        assert await store.read(lambda reader: reader.payment("pay_1")) is None
        assert await store.read(lambda reader: reader.payment_by_ref("hedera", whole.ref)) is None

    async def test_sums_are_exact_at_any_size(self, store: Store) -> None:
        amounts = [HUGE, 1, 2**63, 2**64 + 1, HUGE - 7]

        def add(tx: Transaction) -> None:
            tx.add_invoice(invoice())
            for number, amount in enumerate(amounts):
                tx.add_payment(payment(number, invoice_id="inv_0", amount_minor=amount))

        await store.transact(add)
        paid = await store.read(lambda reader: reader.payments_of("inv_0"))
        assert sum(one.amount_minor for one in paid) == sum(amounts)

    @pytest.mark.parametrize("second", [payment(1, ref=payment(0).ref), replace(payment(1), id="pay_0")])
    async def test_a_credit_counts_once(self, store: Store, second: Payment) -> None:
        await store.transact(lambda tx: tx.add_payment(payment()))
        with pytest.raises(Duplicate) as caught:
            await store.transact(lambda tx: tx.add_payment(second))
        assert caught.value.what == "payment"
        assert await store.read(lambda reader: ids(_all(reader))) == ["pay_0"]

    async def test_a_credit_told_many_times_at_once_counts_once(self, store: Store) -> None:
        refused: list[str] = []

        async def tell(number: int) -> None:
            try:
                await store.transact(lambda tx: tx.add_payment(payment(number, ref="the same")))
            except Duplicate as error:
                refused.append(error.what)

        with trio.fail_after(BOUND_S):
            async with trio.open_nursery() as nursery:
                for number in range(100):
                    nursery.start_soon(tell, number)
        assert refused == ["payment"] * 99
        assert len(await store.read(_all)) == 1

    async def test_the_same_ref_on_two_chains_is_two_credits(self, store: Store) -> None:
        await store.transact(
            lambda tx: add_all(tx, payment(0), payment(1, chain="hedera", ref=payment(0).ref))
        )
        assert await store.read(lambda reader: ids(_all(reader))) == ["pay_1", "pay_0"]

    async def test_a_payment_changes_but_not_its_credit(self, store: Store) -> None:
        moved = payment(
            invoice_id="inv_0",
            confirmations_required=1,
            state=PaymentState.CONFIRMED,
            seen_at_ms=1,
            position=9,
            height=10,
            block="aa",
            final=True,
            replaced_by="bb",
        )

        def change(tx: Transaction) -> None:
            tx.add_invoice(invoice())
            tx.add_payment(payment())
            tx.set_payment(moved)

        await store.transact(change)
        assert await store.read(lambda reader: reader.payment("pay_0")) == moved
        for other in (
            replace(moved, amount_minor=1),
            replace(moved, ref="another"),
            replace(moved, id="pay_9"),
        ):
            with pytest.raises(LookupError):
                await store.transact(methodcaller("set_payment", other))
        assert await store.read(_all) == [moved]

    async def test_a_destination_was_paid_on_its_own_chain_whatever_became_of_it(self, store: Store) -> None:
        paid = payment(chain="bitcoin", state=PaymentState.DROPPED)
        key = paid.destination_key
        assert not await store.read(lambda reader: reader.was_paid("bitcoin", key))
        await store.transact(lambda tx: tx.add_payment(paid))
        assert await store.read(lambda reader: reader.was_paid("bitcoin", key))
        assert not await store.read(lambda reader: reader.was_paid("hedera", key))
        assert not await store.read(lambda reader: reader.was_paid("bitcoin", key[:-1]))

    async def test_a_payment_needs_its_invoice(self, store: Store) -> None:
        with pytest.raises(LookupError):
            await store.transact(lambda tx: tx.add_payment(payment(invoice_id="inv_9")))

    async def test_an_invoices_payments_come_in_the_order_they_were_recorded(
        self, listed_payments: Store
    ) -> None:
        assert await listed_payments.read(lambda reader: ids(reader.payments_of("inv_0"))) == [
            "pay_0",
            "pay_3",
        ]
        assert await listed_payments.read(lambda reader: ids(reader.payments_of("inv_9"))) == []

    async def test_unmatched_payments_are_counted(self, listed_payments: Store) -> None:
        assert await listed_payments.read(lambda reader: reader.count_unmatched()) == 3

    @pytest.mark.parametrize(
        ("seller_id", "unmatched", "numbers"),
        [
            (None, False, (6, 5, 4, 3, 2, 1, 0)),
            (None, True, (6, 4, 1)),
            ("shop", False, (3, 0)),
            ("other", False, (5, 2)),
            ("shop", True, ()),
            ("nobody", False, ()),
        ],
    )
    async def test_payments_are_listed_newest_first(
        self, listed_payments: Store, seller_id: str | None, unmatched: bool, numbers: Sequence[int]
    ) -> None:
        """All of them at once, and again a page at a time."""
        expected = [f"pay_{number}" for number in numbers]

        def page(reader: Reader, before: str | None, limit: int) -> list[str]:
            rows = reader.payments(seller_id=seller_id, unmatched=unmatched, before=before, limit=limit)
            return ids(rows)

        def walk(reader: Reader) -> list[str]:
            found: list[str] = []
            while more := page(reader, found[-1] if found else None, 2):
                assert len(more) <= 2
                found += more
            return found

        assert await listed_payments.read(lambda reader: page(reader, None, 100)) == expected
        assert await listed_payments.read(lambda reader: page(reader, None, 0)) == []
        assert await listed_payments.read(lambda reader: page(reader, "pay_nope", 100)) == []
        assert await listed_payments.read(walk) == expected

    async def test_an_assigned_payment_is_its_sellers(self, listed_payments: Store) -> None:
        await listed_payments.transact(lambda tx: tx.set_payment(payment(4, invoice_id="inv_1")))

        def lists(reader: Reader) -> tuple[list[str], list[str], list[str]]:
            return (
                ids(reader.payments(seller_id=None, unmatched=True, before=None, limit=9)),
                ids(reader.payments(seller_id="other", unmatched=False, before=None, limit=9)),
                ids(reader.payments_of("inv_1")),
            )

        assert await listed_payments.read(lists) == (
            ["pay_6", "pay_1"],
            ["pay_5", "pay_4", "pay_2"],
            ["pay_2", "pay_4", "pay_5"],
        )

    async def test_unfinal_payments_are_those_that_blocks_may_change(self, store: Store) -> None:
        def add(tx: Transaction) -> None:
            add_all(
                tx,
                payment(0),
                payment(1, height=99),
                payment(2, height=100, state=PaymentState.CONFIRMED),
                payment(3, height=101, state=PaymentState.CONFIRMED),
                payment(4, height=101, state=PaymentState.CONFIRMED, final=True),
                payment(5, final=True),
                payment(6, state=PaymentState.DROPPED),
                payment(7, chain="hedera", height=200),
                payment(8, recorded_at_ms=NOW_MS - 1),
                payment(9, recorded_at_ms=NOW_MS - 1, state=PaymentState.REPLACED),
                payment(10, recorded_at_ms=NOW_MS - 1, height=101),
            )

        await store.transact(add)
        assert await store.read(lambda reader: ids(reader.unfinal_payments("bitcoin", 100, NOW_MS))) == [
            "pay_0",
            "pay_3",
            "pay_6",
            "pay_8",
            "pay_10",
        ]
        assert await store.read(lambda reader: ids(reader.unfinal_payments("hedera", 100, 0))) == ["pay_7"]
        assert await store.read(lambda reader: ids(reader.unfinal_payments("monero", 0, 0))) == []

    async def test_ripe_payments_have_all_their_confirmations(self, store: Store) -> None:
        """A block's own number counts: one confirmation is the newest block itself."""

        def add(tx: Transaction) -> None:
            add_all(
                tx,
                payment(0, height=100, confirmations_required=1),
                payment(1, height=95, confirmations_required=6),
                payment(2, height=96, confirmations_required=6),
                payment(3, height=101, confirmations_required=1),
                payment(4, height=1, state=PaymentState.CONFIRMED),
                payment(5, height=1, state=PaymentState.CONFLICTED),
                payment(6),
                payment(7, chain="hedera", height=1),
                payment(8, height=50, confirmations_required=40),
            )

        await store.transact(add)

        def ripe(reader: Reader, tip: int, limit: int = 100) -> set[str]:
            return set(ids(reader.ripe_payments("bitcoin", tip, limit)))

        assert await store.read(lambda reader: ripe(reader, 88)) == set()
        assert await store.read(lambda reader: ripe(reader, 100)) == {"pay_0", "pay_1", "pay_8"}
        assert await store.read(lambda reader: ripe(reader, 101)) == {
            "pay_0",
            "pay_1",
            "pay_2",
            "pay_3",
            "pay_8",
        }
        assert len(await store.read(lambda reader: ripe(reader, 101, 2))) == 2

    async def test_deepening_payments_are_pending_ones_in_a_block(self, store: Store) -> None:
        def add(tx: Transaction) -> None:
            add_all(
                tx,
                payment(0),
                payment(1, height=95),
                payment(2, height=96),
                payment(3, height=97, state=PaymentState.CONFIRMED),
                payment(4, height=98, state=PaymentState.CONFLICTED),
                payment(5, chain="hedera", height=99),
            )

        await store.transact(add)

        def deepening(reader: Reader, limit: int) -> set[str]:
            return set(ids(reader.deepening_payments("bitcoin", limit)))

        assert await store.read(lambda reader: deepening(reader, 100)) == {"pay_1", "pay_2"}
        assert len(await store.read(lambda reader: deepening(reader, 1))) == 1


def _all(reader: Reader) -> Sequence[Payment]:
    return reader.payments(seller_id=None, unmatched=False, before=None, limit=1_000)
