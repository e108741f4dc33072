"""Which event is an occasion for which mail.

Each is told once for an invoice in the normal case, and no memory is needed for that: the event itself holds
the invoice with its payments. So the first payment is told, and those after it are part of what is told next.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from paydaemon.core.events import EventType

Json = Mapping[str, Any]


class Occasion(StrEnum):
    """What a mail is about; its templates bear the same name."""

    RECEIVED = "received"
    CONFIRMED = "confirmed"
    LATE = "late"
    UNMATCHED = "unmatched"
    REVERSED = "reversed"
    STALE = "stale"
    RECOVERED = "recovered"
    STOPPED = "stopped"
    RESUMED = "resumed"
    RECEIPT = "receipt"


FOR_OPERATORS: Mapping[str, Occasion] = {
    EventType.INVOICE_PAYMENT_SEEN: Occasion.RECEIVED,
    EventType.INVOICE_SETTLED: Occasion.CONFIRMED,
    EventType.INVOICE_PAID_LATE: Occasion.LATE,
    EventType.PAYMENT_UNMATCHED: Occasion.UNMATCHED,
    EventType.INVOICE_REVERSED: Occasion.REVERSED,
    EventType.CHAIN_STALE: Occasion.STALE,
    EventType.CHAIN_RECOVERED: Occasion.RECOVERED,
    EventType.RATES_STOPPED: Occasion.STOPPED,
    EventType.RATES_RECOVERED: Occasion.RESUMED,
}
"""What operators are told of, by the event that brings it about."""

FOR_BUYERS = EventType.INVOICE_SETTLED
"""The event that a receipt is for."""


def for_operators(type: str, data: Json) -> Occasion | None:
    """The mail that an event is worth to an operator, None for none."""
    occasion = FOR_OPERATORS.get(type)
    if occasion is Occasion.RECEIVED and not _is_first(data):
        return None
    return occasion


def for_buyers(type: str, data: Json) -> Occasion | None:
    """The mail that an event is worth to the buyer, None for none.

    An invoice that was reversed had settled before that, and its receipt was sent then.
    """
    if type != FOR_BUYERS or "reversed" in data["invoice"]["flags"]:
        return None
    return Occasion.RECEIPT


def _is_first(data: Json) -> bool:
    """Whether an invoice has no payment before this one, and this one was not seen before it was lost.

    Those of an option stand in the order they were recorded in, and one step is always of one chain: whoever
    finds a payment on another one comes after it. On the same chain its own time decides between assets.
    """
    payment, invoice = data["payment"], data["invoice"]
    listed = list(_payments(invoice))
    if data.get("again") or any(other["chain"] != payment["chain"] for other in listed):
        return False
    firsts: Sequence[Json] = [option["payments"][0] for option in invoice["options"] if option["payments"]]
    first = min(firsts, key=lambda one: str(one["seen_at"]), default=payment)
    return bool(first["id"] == payment["id"])


def _payments(invoice: Json) -> Iterator[Json]:
    for option in invoice["options"]:
        yield from option["payments"]
