"""Intake: what a chain says becomes what the ledger holds, in one transaction.

The order within it matters. Credits come first and only then the clock: an invoice whose payment is told in
the same breath as "complete past its expiry" was paid in time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from paydaemon.core.invoice import Stage
from paydaemon.core.payment import ChainTime, Observation, Payment, absorb, deepen, first_sight
from paydaemon.engine.ids import new_id
from paydaemon.engine.measures import Move
from paydaemon.engine.sheet import Sheets
from paydaemon.store.port import ChainRow, Reader, Transaction

RIPE_AT_ONCE = 1_000
"""How many payments are held in memory at once while a transaction confirms all that are deep enough."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one chain says: credits, up to when it was seen complete, and where it left off."""

    chain: str
    observations: Sequence[Observation]
    as_of: ChainTime | None
    cursor: str | None
    default_confirmations: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of it: the payments that came into another state, and what is worth a live push."""

    moves: Sequence[Move]
    confirming: "Confirming | None"


@dataclass(frozen=True, slots=True)
class Confirming:
    """Payments that gained depth without reaching it, and the height they are told at."""

    payments: Sequence[Payment]
    tip: int


def record(tx: Transaction, told: Told, now_ms: int, confirming: int) -> Recorded:
    """Fold everything a chain said into the ledger; so many live pushes at most are worth sending."""
    before = tx.chain(told.chain)
    row = _chain_row(before, told, now_ms)
    if row != before:
        tx.set_chain(row)
    sheets = Sheets(tx, now_ms)
    for observation in told.observations:
        _take(tx, sheets, told, observation, row.height, now_ms)
    if row.height is not None and row.height != before.height:
        _ripen(tx, sheets, told.chain, row.height)
    sheets.settle_all()
    return Recorded(sheets.moves, _confirming(tx, before, row, confirming))


def sellers_of(reader: Reader, news: Confirming) -> dict[str, str]:
    """Whose invoice each of these payments is for, by the invoice's id."""
    invoices = map(reader.invoice, {p.invoice_id for p in news.payments if p.invoice_id is not None})
    return {invoice.id: invoice.seller_id for invoice in invoices if invoice is not None}


def turn_clocks(tx: Transaction, stage: Stage, now_ms: int, most: int) -> int:
    """Move at most so many invoices on from `stage` whose time has run out; returns how many.

    Whether it has is the chains' word, never this daemon's clock alone.
    """
    sheets = Sheets(tx, now_ms)
    due = tx.invoices_due(stage, most)
    following = Stage.EXPIRED if stage is Stage.OPEN else Stage.CLOSED
    for invoice_id in due:
        sheets.settle(invoice_id, stage=following)
    return len(due)


def _chain_row(row: ChainRow, told: Told, now_ms: int) -> ChainRow:
    """Complete up to a time once is complete up to it for good, unless that time is still to come: then the
    chain's clock was wrong, and its next word may put it right.
    """
    if told.cursor is not None:
        row = replace(row, cursor=told.cursor)
    if told.as_of is not None:
        as_of_ms = max(min(row.as_of_ms or 0, now_ms), told.as_of.at_ms)
        row = replace(row, as_of_ms=as_of_ms, height=told.as_of.height)
    return row


def _take(
    tx: Transaction, sheets: Sheets, told: Told, seen: Observation, tip: int | None, now_ms: int
) -> None:
    known = tx.payment_by_ref(told.chain, seen.ref)
    if known is not None:
        sheets.set(known, absorb(known, seen, tip))
        return
    invoice_id, required = _option_for(tx, sheets, told, seen)
    sheets.add(first_sight(new_id("pay"), told.chain, seen, invoice_id, required, tip, now_ms))


def _option_for(tx: Transaction, sheets: Sheets, told: Told, seen: Observation) -> tuple[str | None, int]:
    """The invoice a credit belongs to and the depth it needs; none where nobody was given its destination."""
    issued = tx.issued(told.chain, seen.destination_key)
    if issued is None or issued.asset_code != seen.asset.code:
        return None, told.default_confirmations
    option = sheets.of(issued.invoice_id).invoice.option(seen.asset)
    if option is None:
        return None, told.default_confirmations
    return issued.invoice_id, option.confirmations_required


def _ripen(tx: Transaction, sheets: Sheets, chain: str, tip: int) -> None:
    """Confirm what the chain's growth alone has buried deep enough. Each pass leaves fewer to do."""
    while ripe := tx.ripe_payments(chain, tip, RIPE_AT_ONCE):
        for payment in ripe:
            sheets.set(payment, deepen(payment, tip))


def _confirming(tx: Transaction, before: ChainRow, row: ChainRow, most: int) -> Confirming | None:
    if row.height is None or row.height == before.height:
        return None
    return Confirming(tx.deepening_payments(row.id, most), row.height)
