"""Payments."""

import sqlite3
from collections.abc import Iterable, Sequence

from paydaemon.core.payment import Payment
from paydaemon.store.sqlite import rows
from paydaemon.store.sqlite.session import Session, at_most
from paydaemon.store.sqlite.tables.invoices import BEYOND_ALL


class ReadPayments(Session):
    """What can be read of payments."""

    def payment(self, id: str) -> Payment | None:
        row = self._row("payment", id=id)
        return None if row is None else rows.payment(row)

    def payment_by_ref(self, chain: str, ref: str) -> Payment | None:
        row = self._row("payment_by_ref", chain=chain, ref=ref)
        return None if row is None else rows.payment(row)

    def was_paid(self, chain: str, destination_key: str) -> bool:
        return self._row("payment_to", chain=chain, destination_key=destination_key) is not None

    def payments_of(self, invoice_id: str) -> Sequence[Payment]:
        return _payments(self._rows("payments_of", invoice_id=invoice_id))

    def payments(
        self, *, seller_id: str | None, unmatched: bool, before: str | None, limit: int
    ) -> Sequence[Payment]:
        number = self._payment_number(before)
        most = at_most(limit)
        if unmatched and seller_id is not None:
            return []  # what belongs to no invoice belongs to no seller
        if unmatched:
            return _payments(self._rows("unmatched_payments", before=number, limit=most))
        if seller_id is None:
            return _payments(self._rows("payments", before=number, limit=most))
        return _payments(self._rows("payments_of_seller", seller_id=seller_id, before=number, limit=most))

    def count_unmatched(self) -> int:
        return self._count("count_unmatched_payments")

    def unfinal_payments(self, chain: str, above_height: int, gone_since_ms: int) -> Sequence[Payment]:
        bounds = {"above_height": above_height, "gone_since_ms": gone_since_ms}
        return _payments(self._rows("unfinal_payments", chain=chain, **bounds))

    def ripe_payments(self, chain: str, tip: int, limit: int) -> Sequence[Payment]:
        return _payments(self._rows("ripe_payments", chain=chain, tip=tip, limit=at_most(limit)))

    def deepening_payments(self, chain: str, limit: int) -> Sequence[Payment]:
        return _payments(self._rows("deepening_payments", chain=chain, limit=at_most(limit)))

    def _payment_number(self, before: str | None) -> int:
        """Where a page starts; an unknown payment has nothing before it."""
        if before is None:
            return BEYOND_ALL
        row = self._row("payment_number", id=before)
        return 0 if row is None else int(row["number"])


class WritePayments(ReadPayments):
    """What can be written of them."""

    def add_payment(self, payment: Payment) -> None:
        self._change("add_payment", **rows.payment_values(payment))

    def set_payment(self, payment: Payment) -> None:
        if self._change("set_payment", **rows.payment_change_values(payment)) == 0:
            raise LookupError(
                f"there is no payment {payment.id!r} of {payment.amount_minor} at {payment.ref!r}"
            )


def _payments(page: Iterable[sqlite3.Row]) -> Sequence[Payment]:
    return [rows.payment(row) for row in page]
