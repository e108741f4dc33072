"""What a payer may see of an invoice: an allowlist, for whoever has the link, which nobody can guess.

Nothing of the seller's own: no note, no metadata, no buyer, and no number that would tell how much else is
sold here. Made from the public shape of an invoice, be it read now or as an event has it, so that both look
the same. A destination that nobody watches any more is not shown: what is sent there would not be seen.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from paydaemon.core.events import Event, EventType
from paydaemon.core.money import format_minor
from paydaemon.core.public import Json, public_invoice
from paydaemon.core.times import rfc3339
from paydaemon.engine.invoices import InvoiceView
from paydaemon.engine.live import LivePush
from paydaemon.engine.preparations import Preparation

INVOICE_FIELDS = (
    "id", "status", "flags", "amount", "currency", "created_at", "expires_at", "return_url",
)  # fmt: skip
OPTION_FIELDS = (
    "chain", "asset", "symbol", "due", "due_minor", "remaining_minor", "rate", "confirmations_required",
    "pending_minor", "confirmed_minor",
)  # fmt: skip
PAYMENT_FIELDS = (
    "id", "chain", "asset", "symbol", "amount", "amount_minor", "state", "confirmations",
    "confirmations_required", "seen_at",
)  # fmt: skip

NEWEST = 20
"""How many payments of each option are shown, as in an event."""

NOW = "invoice.now"
"""The type of what comes first: how the invoice stands."""

TYPES = frozenset(
    kind
    for kind in EventType
    if kind.startswith(("invoice.", "payment.")) and kind is not EventType.PAYMENT_UNMATCHED
)
"""The events that a payer hears of: those that show the invoice as it stands after them."""

IsWatched = Callable[[str], bool]
"""Whether what is paid on a chain is seen here."""


def view(seen: InvoiceView, is_watched: IsWatched) -> Json:
    """What a payer may see of an invoice as it was read."""
    shown = public_invoice(seen.invoice, seen.payments, seen.tips, newest=NEWEST)
    return invoice(shown, is_watched)


def invoice(shown: Mapping[str, Any], is_watched: IsWatched) -> Json:
    """An invoice's public shape with nothing in it but what is the payer's."""
    return {**_only(INVOICE_FIELDS, shown), "options": [_option(one, is_watched) for one in shown["options"]]}


def payment(shown: Mapping[str, Any]) -> Json:
    """The same of a payment."""
    return _only(PAYMENT_FIELDS, shown)


def prepared(made: Preparation, now_ms: int) -> Json:
    """A payment that was drawn up: what a wallet is to sign, what it does, and how long there is for it."""
    option, unsigned = made.ask.option, made.unsigned
    return {
        "chain": option.asset.chain,
        "asset": option.asset.code,
        "symbol": option.asset.symbol,
        "amount": format_minor(made.ask.remaining_minor, option.asset.decimals),
        "amount_minor": str(made.ask.remaining_minor),
        "address": option.destination.address,
        "memo": option.destination.memo,
        "transaction_id": unsigned.transaction_id,
        "signer": unsigned.signer,
        "node": unsigned.node,
        "unsigned": b64encode(unsigned.unsigned).decode("ascii"),
        "max_fee_minor": str(unsigned.max_fee_minor),
        "sign_before": rfc3339(made.sign_before_ms),
        "sign_within_s": max(0, made.sign_before_ms - now_ms) // 1_000,
    }


def now(seen: InvoiceView, is_watched: IsWatched, at_ms: int) -> Json:
    """The first message of a stream."""
    return {"type": NOW, "at": rfc3339(at_ms), "invoice": view(seen, is_watched)}


def event(told: Event, is_watched: IsWatched) -> Json:
    """An event of `TYPES`: what happened, when, and how the invoice stands since."""
    shown: Any = told.data["invoice"]
    at = rfc3339(told.created_at_ms)
    return {"type": told.type.value, "at": at, "invoice": invoice(shown, is_watched)}


def push(told: LivePush) -> Json:
    """A payment's new depth."""
    data: Any = told.body["data"]
    return {"type": told.type, "payment": payment(data["payment"])}


def _option(shown: Mapping[str, Any], is_watched: IsWatched) -> Json:
    listed: Sequence[Mapping[str, Any]] = shown["payments"]
    return {
        **_only(OPTION_FIELDS, shown),
        "destination": shown["destination"] if is_watched(shown["chain"]) else None,
        "payments": [payment(one) for one in listed],
    }


def _only(fields: Sequence[str], shown: Mapping[str, Any]) -> Json:
    return {name: shown[name] for name in fields}
