"""Bookkeeping: the journal as an accountant reads it, one line for each credit that was final and each
reversal.

A credit is booked when it reaches the confirmations it needs, and taken back when a reorganization, or
another transaction, unmakes that; it may be booked again. A line is made of its event alone, which never
changes: what was exported once reads the same for good, and later lines only come after it. So the lines of a
payment add up to what the ledger holds of it as confirmed: its amount, or nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from paydaemon.core.events import Event, EventType
from paydaemon.core.money import format_minor
from paydaemon.core.times import rfc3339

BOOKED_BY = EventType.PAYMENT_CONFIRMED

TAKEN_BACK_BY = frozenset(
    {
        EventType.PAYMENT_UNCONFIRMED,
        EventType.PAYMENT_REPLACED,
        EventType.PAYMENT_CONFLICTED,
        EventType.PAYMENT_DROPPED,
    }
)
"""These end a credit that was booked; of one that was not they mean nothing here."""

BOOKS = TAKEN_BACK_BY | {BOOKED_BY}
"""Every event that can be a line."""


class Kind(StrEnum):
    """What a line says."""

    CREDIT = "credit"
    REVERSAL = "reversal"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. Its fields are the columns of an export, in their order; a reversal's amounts are negative.

    All of it is as the event told it: status, flags, state and confirmations too are those of that moment.
    `value` is what the payment counts for in the invoice's currency, by its quote: see `value_of`. `due`,
    `rate` and `value` are None where the invoice has no option in the payment's asset.
    """

    event_id: str
    kind: Kind
    recorded_at: str
    seen_at: str
    seller_id: str
    invoice_id: str
    invoice_status: str
    invoice_flags: tuple[str, ...]
    payment_id: str
    chain: str
    asset: str
    symbol: str
    amount: str
    amount_minor: str
    currency: str
    invoice_amount: str
    due: str | None
    rate: str | None
    value: str | None
    transaction_id: str
    ref: str
    block: str | None
    state: str
    confirmations: int
    note: str | None


def kinds(history: Iterable[Event]) -> Iterator[tuple[int, Kind]]:
    """Which events are lines, by their `seq`, from all of `BOOKS` that one invoice ever had, in their
    order.
    """
    booked: set[str] = set()
    for event in history:
        payment_id = _payment(event)["id"]
        if event.type is BOOKED_BY and payment_id not in booked:
            booked.add(payment_id)
            yield event.seq, Kind.CREDIT
        elif event.type in TAKEN_BACK_BY and payment_id in booked:
            booked.remove(payment_id)
            yield event.seq, Kind.REVERSAL


def entry(event: Event, kind: Kind) -> Entry:
    """The line that an event of an invoice's payment is."""
    payment, invoice = _payment(event), _invoice(event)
    option = _option(invoice, payment)
    sign = "-" if kind is Kind.REVERSAL else ""
    value = None if option is None else value_of(invoice["amount"], payment, option)
    return Entry(
        event_id=event.id,
        kind=kind,
        recorded_at=rfc3339(event.created_at_ms),
        seen_at=payment["seen_at"],
        seller_id=invoice["seller_id"],
        invoice_id=invoice["id"],
        invoice_status=invoice["status"],
        invoice_flags=tuple(invoice["flags"]),
        payment_id=payment["id"],
        chain=payment["chain"],
        asset=payment["asset"],
        symbol=payment.get("symbol", payment["asset"]),  # events of the first release lack it
        amount=sign + payment["amount"],
        amount_minor=sign + payment["amount_minor"],
        currency=invoice["currency"],
        invoice_amount=invoice["amount"],
        due=None if option is None else option["due"],
        rate=None if option is None else option["rate"],
        value=None if value is None else sign + value,
        transaction_id=payment["transaction_id"],
        ref=payment["ref"],
        block=payment.get("block"),
        state=payment["state"],
        confirmations=payment["confirmations"],
        note=invoice["note"],
    )


def value_of(invoice_amount: str, payment: Mapping[str, Any], option: Mapping[str, Any]) -> str:
    """What a payment counts for in the invoice's currency: the invoice's amount times what was paid, by what
    was due, at the currency's own decimals, half of the last one rounded up. Whoever pays what is due pays
    the invoice's amount to the cent.
    """
    whole, _, decimals = invoice_amount.partition(".")
    asked_minor = int(whole + decimals)
    doubled = 2 * asked_minor * int(payment["amount_minor"])
    due_minor = int(option["due_minor"])
    return format_minor((doubled + due_minor) // (2 * due_minor), len(decimals))


def _option(invoice: Mapping[str, Any], payment: Mapping[str, Any]) -> Mapping[str, Any] | None:
    key = payment["chain"], payment["asset"]
    return next((one for one in invoice["options"] if (one["chain"], one["asset"]) == key), None)


def _payment(event: Event) -> Mapping[str, Any]:
    found: Any = event.data["payment"]
    assert isinstance(found, Mapping)
    return found


def _invoice(event: Event) -> Mapping[str, Any]:
    found: Any = event.data["invoice"]
    assert isinstance(found, Mapping)
    return found
