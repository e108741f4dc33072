"""Sheets: the invoices that one transaction touches, as they were and as they become.

A transaction may hear of many credits for one invoice. They are gathered on its sheet, and the ledger's step
is taken once at the end: one standing, one set of events, whatever order the credits came in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from paydaemon.core import ledger
from paydaemon.core.errors import not_found
from paydaemon.core.invoice import Invoice, Mark, Stage
from paydaemon.core.payment import Payment
from paydaemon.engine.measures import Move
from paydaemon.store.port import Reader, Transaction


class TipsOf(dict[str, int | None]):
    """Each chain's newest block number, read from the store once when first asked for."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self._reader = reader

    def __missing__(self, chain: str) -> int | None:
        self[chain] = self._reader.chain(chain).height
        return self[chain]

    def get(self, chain: str, default: int | None = None) -> int | None:  # type: ignore[override]
        """Look the chain up rather than fall back: a chain that was never seen has no height."""
        return self[chain]


@dataclass(slots=True)
class Sheet:
    """One invoice with its payments before the transaction and, by id, as they are now."""

    invoice: Invoice
    before: Sequence[Payment]
    after: dict[str, Payment] = field(init=False)

    def __post_init__(self) -> None:
        self.after = {payment.id: payment for payment in self.before}


class Sheets:
    """Every sheet of one transaction. Payments are written as they come, standings and events at the end."""

    def __init__(self, tx: Transaction, now_ms: int) -> None:
        self._tx = tx
        self._now_ms = now_ms
        self._open: dict[str, Sheet] = {}
        self.tips = TipsOf(tx)
        self.moves: list[Move] = []

    def of(self, invoice_id: str) -> Sheet:
        """The sheet of an invoice, opened when first asked for. Raises `Refusal` where there is none."""
        if invoice_id not in self._open:
            invoice = self._tx.invoice(invoice_id)
            if invoice is None:
                raise not_found("invoice", invoice_id)
            self._open[invoice_id] = Sheet(invoice, self._tx.payments_of(invoice_id))
        return self._open[invoice_id]

    def add(self, payment: Payment) -> None:
        """Record a payment that the ledger did not hold."""
        self._enter(None, payment)
        self._tx.add_payment(payment)
        self.moves.append(Move(payment, is_new=True))

    def set(self, before: Payment, after: Payment) -> None:
        """Record what a known payment has become."""
        if after != before:
            self._enter(before, after)
            self._tx.set_payment(after)
        if after.state is not before.state:
            self.moves.append(Move(after, is_new=False))

    def settle(self, invoice_id: str, *, stage: Stage | None = None, mark: Mark | None = None) -> Invoice:
        """Take the ledger's step for one invoice and close its sheet."""
        sheet = self.of(invoice_id)
        after = list(sheet.after.values())
        step = ledger.advance(sheet.invoice, sheet.before, after, self.tips, stage=stage, mark=mark)
        if step.invoice.standing != sheet.invoice.standing:
            self._tx.set_standing(invoice_id, step.invoice.standing)
        for draft in step.events:
            self._tx.append(draft, self._now_ms)
        del self._open[invoice_id]
        return step.invoice

    def settle_all(self) -> None:
        """Take the ledger's step for every sheet."""
        for invoice_id in list(self._open):
            self.settle(invoice_id)

    def _enter(self, before: Payment | None, after: Payment) -> None:
        """Note a payment on its sheet. Before it is written: a sheet opened after that had lost what was."""
        if after.invoice_id is not None:
            self.of(after.invoice_id).after[after.id] = after
        elif before is None:
            self._tx.append(ledger.unmatched(after, self.tips), self._now_ms)
        else:
            for draft in ledger.unmatched_moved(before, after, self.tips):
                self._tx.append(draft, self._now_ms)
