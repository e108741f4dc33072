"""Invoices: kept whole, listed in order, their destinations and idempotency keys used once."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from operator import methodcaller

import pytest

from paydaemon.core.access import Seller
from paydaemon.core.invoice import (
    Flag,
    Invoice,
    LatePolicy,
    Mark,
    Quote,
    QuoteMethod,
    SourcePrice,
    Stage,
    Standing,
    Status,
)
from paydaemon.core.money import Asset, Currency
from paydaemon.store.port import Duplicate, IdempotencyRow, Reader, Store, Transaction
from paydaemon.testing.samples import SELLER, destination, invoice, option
from paydaemon.testing.store_conformance.base import Suite

HUGE = 10**78 - 1
ROW = IdempotencyRow(SELLER.id, "order-1", b"\x00fingerprint", "inv_0")
CROSSED = Quote(
    "0.000001",
    "a, b and c",
    -5,
    QuoteMethod.MEDIAN,
    15_000,
    (SourcePrice("a", "USDC/USD", "0.9998", -5), SourcePrice("ä", "EUR/USD", "1.10", 7, outlier=True)),
)
SETTLED = Standing(Status.SETTLED, frozenset({Flag.LATE, Flag.OVER}), Stage.EXPIRED, Mark.SETTLED)


def page(
    reader: Reader,
    *,
    seller_id: str | None = None,
    status: Status | None = None,
    before: str | None = None,
    limit: int = 100,
) -> Sequence[str]:
    """The ids of a page of invoices."""
    rows = reader.invoices(seller_id=seller_id, status=status, before=before, limit=limit)
    return [row.id for row in rows]


class Invoices(Suite):
    """What sellers ask for."""

    @pytest.fixture
    async def listed_invoices(self, store: Store) -> Store:
        """Seven invoices: of two sellers in turn, the last three settled."""

        def add(tx: Transaction) -> None:
            tx.add_seller(Seller("other", "Other", 0))
            for number in range(7):
                tx.add_invoice(invoice(number, seller_id=("shop", "other")[number % 2]))
                if number >= 4:
                    tx.set_standing(f"inv_{number}", SETTLED)

        await store.transact(add)
        return store

    async def test_invoices_are_counted_by_their_status(self, listed_invoices: Store) -> None:
        counted = await listed_invoices.read(lambda reader: reader.invoices_by_status())
        none = dict.fromkeys(Status, 0)
        assert counted == {**none, Status.NEW: 4, Status.SETTLED: 3}

    async def test_an_invoice_comes_back_whole(self, store: Store) -> None:
        coin = Asset("hedera", "0.0.456858", "USDC", 6)
        whole = replace(
            invoice(),
            currency=Currency("JPY", 0),
            options=(
                option(1, "hedera", due_minor=7),
                replace(
                    option(0),
                    asset=coin,
                    quote=CROSSED,
                    destination=replace(destination(2), memo="pay ✓"),
                    confirmations_required=1,
                ),
                option(3, "bitcoin"),
            ),
            note='Sale — "50 %"\n',
            metadata={"order": {"lines": [1, 2.5, None, True, "ß"], "empty": {}}},
            buyer={"email": "a@example.org", "locale": "de"},
            return_url="https://example.org/?a=1&b=2",
            tolerance_ppm=500,
            late=LatePolicy.SETTLE,
            standing=SETTLED,
        )
        await store.transact(lambda tx: tx.add_invoice(whole))
        assert await store.read(lambda reader: reader.invoice("inv_0")) == whole
        assert await store.read(lambda reader: reader.invoice("inv_1")) is None

    async def test_amounts_may_have_any_size(self, store: Store) -> None:
        huge = invoice(amount_minor=HUGE, options=(option(due_minor=HUGE - 1),))
        await store.transact(lambda tx: tx.add_invoice(huge))
        assert await store.read(lambda reader: reader.invoice("inv_0")) == huge

    async def test_only_its_standing_changes(self, store: Store) -> None:
        await store.transact(lambda tx: tx.add_invoice(invoice()))
        for standing in (SETTLED, Standing(), Standing(mark=Mark.INVALID, status=Status.INVALID)):
            await store.transact(methodcaller("set_standing", "inv_0", standing))
            assert await store.read(lambda reader: reader.invoice("inv_0")) == invoice(standing=standing)

    async def test_a_standing_needs_its_invoice(self, store: Store) -> None:
        with pytest.raises(LookupError):
            await store.transact(lambda tx: tx.set_standing("inv_0", SETTLED))

    async def test_an_invoice_needs_its_seller(self, store: Store) -> None:
        with pytest.raises(LookupError):
            await store.transact(lambda tx: tx.add_invoice(invoice(seller_id="nobody")))

    @pytest.mark.parametrize(
        ("second", "what"),
        [
            (replace(invoice(1), id="inv_0"), "invoice"),
            (
                invoice(1, options=(replace(option(1), destination=replace(destination(0), index=1)),)),
                "destination",
            ),
            (
                invoice(1, options=(replace(option(1), destination=replace(destination(1), index=0)),)),
                "destination",
            ),
            (invoice(1, options=(option(1), option(2))), "option"),
        ],
    )
    async def test_nothing_is_issued_twice(self, store: Store, second: Invoice, what: str) -> None:
        await store.transact(lambda tx: tx.add_invoice(invoice()))
        with pytest.raises(Duplicate) as caught:
            await store.transact(lambda tx: tx.add_invoice(second))
        assert caught.value.what == what
        assert await store.read(page) == ["inv_0"]

    async def test_a_duplicate_that_is_caught_leaves_nothing_behind(self, store: Store) -> None:
        """The refused invoice is gone, its first destination with it; the rest of the transaction stands."""
        refused = invoice(1, options=(option(1, "hedera"), option(0)))

        def add(tx: Transaction) -> None:
            tx.add_invoice(invoice())
            with pytest.raises(Duplicate):
                tx.add_invoice(refused)
            tx.add_invoice(invoice(2, options=(option(1, "hedera"),)))

        await store.transact(add)
        assert await store.read(page) == ["inv_2", "inv_0"]

    async def test_the_same_destination_on_two_chains_is_no_duplicate(self, store: Store) -> None:
        await store.transact(lambda tx: tx.add_invoice(invoice(0, chains=["bitcoin", "hedera"])))
        await store.transact(lambda tx: tx.add_invoice(invoice(1, chains=["hedera"])))
        assert await store.read(page) == ["inv_1", "inv_0"]

    async def test_an_idempotency_key_stands_for_one_invoice(self, store: Store) -> None:
        await store.transact(lambda tx: tx.add_idempotency(ROW))
        assert await store.read(lambda reader: reader.idempotency(SELLER.id, "order-1")) == ROW
        assert await store.read(lambda reader: reader.idempotency("other", "order-1")) is None
        assert await store.read(lambda reader: reader.idempotency(SELLER.id, "order-2")) is None
        with pytest.raises(Duplicate) as caught:
            await store.transact(lambda tx: tx.add_idempotency(replace(ROW, invoice_id="inv_1")))
        assert caught.value.what == "idempotency_key"
        await store.transact(lambda tx: tx.add_idempotency(replace(ROW, seller_id="other")))

    async def test_invoices_are_listed_newest_first(self, listed_invoices: Store) -> None:
        assert await listed_invoices.read(page) == [f"inv_{number}" for number in (6, 5, 4, 3, 2, 1, 0)]

    @pytest.mark.parametrize(
        ("seller_id", "status", "numbers"),
        [
            ("shop", None, (6, 4, 2, 0)),
            ("other", None, (5, 3, 1)),
            (None, Status.SETTLED, (6, 5, 4)),
            (None, Status.NEW, (3, 2, 1, 0)),
            ("shop", Status.SETTLED, (6, 4)),
            ("other", Status.NEW, (3, 1)),
            ("shop", Status.INVALID, ()),
            ("nobody", None, ()),
        ],
    )
    async def test_invoices_are_listed_by_seller_and_status(
        self, listed_invoices: Store, seller_id: str | None, status: Status | None, numbers: Sequence[int]
    ) -> None:
        """All of them at once, and again a page at a time."""
        expected = [f"inv_{number}" for number in numbers]

        def walk(reader: Reader) -> list[str]:
            found: list[str] = []
            while ids := page(
                reader, seller_id=seller_id, status=status, before=found[-1] if found else None, limit=2
            ):
                assert len(ids) <= 2
                found += ids
            return found

        assert await listed_invoices.read(lambda r: page(r, seller_id=seller_id, status=status)) == expected
        assert await listed_invoices.read(walk) == expected

    async def test_a_page_is_no_longer_than_its_limit(self, listed_invoices: Store) -> None:
        for limit in (0, 1, 5):
            assert len(await listed_invoices.read(partial(page, limit=limit))) == limit

    async def test_nothing_comes_before_an_unknown_invoice(self, listed_invoices: Store) -> None:
        assert await listed_invoices.read(lambda reader: page(reader, before="inv_nope")) == []
