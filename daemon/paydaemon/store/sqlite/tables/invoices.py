"""Invoices, their options, and what a seller's idempotency keys stand for."""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from paydaemon.core.invoice import Invoice, Stage, Standing, Status
from paydaemon.store.port import IdempotencyRow
from paydaemon.store.sqlite import rows
from paydaemon.store.sqlite.session import Session, at_most

BEYOND_ALL = 2**63 - 1
"""More than the number of any row."""


class ReadInvoices(Session):
    """What can be read of invoices."""

    def invoice(self, id: str) -> Invoice | None:
        found = self._with_options(self._rows("invoice", id=id))
        return found[0] if found else None

    def invoices(
        self, *, seller_id: str | None, status: Status | None, before: str | None, limit: int
    ) -> Sequence[Invoice]:
        number = self._invoice_number(before)
        most = at_most(limit)
        match seller_id, status:
            case None, None:
                page = self._rows("invoices", before=number, limit=most)
            case None, Status():
                page = self._rows("invoices_in_status", status=status, before=number, limit=most)
            case str(), None:
                page = self._rows("invoices_of_seller", seller_id=seller_id, before=number, limit=most)
            case _:
                page = self._rows(
                    "invoices_of_seller_in_status",
                    seller_id=seller_id,
                    status=status,
                    before=number,
                    limit=most,
                )
        return self._with_options(page)

    def invoices_by_status(self) -> Mapping[Status, int]:
        return {status: self._count("count_invoices_in_status", status=status) for status in Status}

    def idempotency(self, seller_id: str, key: str) -> IdempotencyRow | None:
        row = self._row("idempotency", seller_id=seller_id, key=key)
        return None if row is None else IdempotencyRow(**row)

    def invoices_due(self, stage: Stage, limit: int) -> Sequence[str]:
        match stage:
            case Stage.OPEN:
                return self._due("invoices_to_expire", limit)
            case Stage.EXPIRED:
                return self._due("invoices_to_close", limit)
            case Stage.CLOSED:
                return []

    def _due(self, statement: str, limit: int) -> Sequence[str]:
        """The oldest of what each set of chains has gone past: at most `limit` rows are read from each."""
        due: list[sqlite3.Row] = []
        for chains in self._rows("complete_chain_sets"):
            due += self._rows(
                statement, chains=chains["chains"], as_of_ms=chains["as_of_ms"], limit=at_most(limit)
            )
        due.sort(key=lambda row: (row["until_ms"], row["number"]))
        return [row["id"] for row in due[: at_most(limit)]]

    def _invoice_number(self, before: str | None) -> int:
        """Where a page starts; an unknown invoice has nothing before it."""
        if before is None:
            return BEYOND_ALL
        row = self._row("invoice_number", id=before)
        return 0 if row is None else int(row["number"])

    def _with_options(self, page: Sequence[sqlite3.Row]) -> Sequence[Invoice]:
        options: defaultdict[str, list[sqlite3.Row]] = defaultdict(list)
        if page:
            for option in self._rows("options", invoice_ids=rows.to_json([row["id"] for row in page])):
                options[option["invoice_id"]].append(option)
        return [rows.invoice(row, options[row["id"]]) for row in page]


class WriteInvoices(ReadInvoices):
    """What can be written of them."""

    def add_invoice(self, invoice: Invoice) -> None:
        with self._together():
            self._change("add_chain_set", chains=rows.chain_set(invoice.options))
            self._change("add_invoice", **rows.invoice_values(invoice))
            for place, option in enumerate(invoice.options):
                self._change("add_option", **rows.option_values(invoice.id, place, option))
            if invoice.note is not None or invoice.metadata or invoice.buyer:
                self._change("add_invoice_words", id=invoice.id)

    def set_standing(self, invoice_id: str, standing: Standing) -> None:
        if self._change("set_standing", **rows.standing_values(invoice_id, standing)) == 0:
            raise LookupError(f"there is no invoice {invoice_id!r}")

    def add_idempotency(self, row: IdempotencyRow) -> None:
        self._change("add_idempotency", **asdict(row))
