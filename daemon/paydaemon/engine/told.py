"""What the journal has told of every invoice, payment and relay, kept as short as it can be compared.

What an invoice asks for and what a payment or a relay is never change: of those a digest is kept, and every
event has to say the same. Of what does change, what was told last is kept. `paydaemon.engine.totals` compares
both with what is stored.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from paydaemon.core.events import Event, EventType
from paydaemon.core.relay import RelayStatus
from paydaemon.core.relaying import TRANSITIONS

Json = Mapping[str, Any]

INVOICE = (
    "id",
    "seller_id",
    "amount",
    "currency",
    "note",
    "metadata",
    "buyer",
    "return_url",
    "created_at",
    "expires_at",
    "monitor_until",
)
OPTION = ("rate", "rate_source", "rate_at", "confirmations_required", "due", "due_minor", "chain", "asset")
DESTINATION = ("address", "memo", "uri")
PAYMENT = ("id", "chain", "asset", "ref", "transaction_id", "amount", "amount_minor", "destination")
"""Fields that were there from the first release on, so that an event of any age can be compared."""

RELAY = ("id", "chain", "transaction_id", "created_at", "transfers")
OF_RELAY = ("status", "updated_at", "precheck", "receipt", "node", "invoice_id", "error")
"""What changes of a relay."""
LATER_OF_RELAY = ("payer", "memo", "payees")
"""What events of earlier releases do not tell, and their relays do not have."""

OF_INVOICES = frozenset(type for type in EventType if type.startswith("invoice."))
OF_PAYMENTS = frozenset(
    type for type in EventType if type.startswith("payment.") or type is EventType.INVOICE_PAYMENT_SEEN
)
OF_RELAYS = frozenset(type for type in EventType if type.startswith("relay."))
SUMS = ["pending_minor", "confirmed_minor"]
ILLEGIBLE = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What comes of taking something apart that is not what it should be."""


@dataclass(slots=True)
class ToldInvoice:
    """What an invoice was created with, as a digest, and how it was told to stand last."""

    terms: bytes
    status: str
    sums: list[tuple[str, ...]]


@dataclass(slots=True)
class ToldPayment:
    """What a payment is, as a digest, and what was last told to have become of it."""

    identity: bytes
    state: str
    invoice_id: str | None
    seen_at: str


@dataclass(slots=True)
class ToldRelay:
    """What a relay is, as a digest, and how it was told to stand last: all of that in `rest`, as a digest."""

    identity: bytes
    status: RelayStatus
    receipt: str | None
    invoice_id: str | None
    rest: bytes

    @property
    def may_come_again(self) -> bool:
        """As `paydaemon.core.relay.Relay.may_come_again`."""
        return self.status is RelayStatus.FAILED and self.receipt is None

    def __str__(self) -> str:
        return f"{self.status} by {self.receipt} for {self.invoice_id}"


@dataclass(slots=True)
class Told:
    """Everything told so far."""

    invoices: dict[str, ToldInvoice] = field(default_factory=dict)
    payments: dict[str, ToldPayment] = field(default_factory=dict)
    relays: dict[str, ToldRelay] = field(default_factory=dict)
    _untaken: dict[tuple[str, str], str] = field(default_factory=dict)
    """Relays that nobody has ever taken, by chain and transaction: another may come in their place."""

    def take(self, event: Event) -> Iterator[str]:
        """Take an event in; yields every way in which it contradicts itself or an earlier one."""
        try:
            if event.type in OF_INVOICES or (event.type in OF_PAYMENTS and event.invoice_id is not None):
                yield from self._take_invoice(event, event.data["invoice"])  # type: ignore[arg-type]
            if event.type in OF_PAYMENTS:
                yield from self._take_payment(event, event.data["payment"])  # type: ignore[arg-type]
            if event.type in OF_RELAYS:
                yield from self._take_relay(event, event.data["relay"])  # type: ignore[arg-type]
        except ILLEGIBLE as error:
            yield f"event {event.seq} is not what an event is: {type(error).__name__} {error}"

    def _take_invoice(self, event: Event, invoice: Json) -> Iterator[str]:
        now = told_invoice(invoice)
        before = self.invoices.setdefault(event.invoice_id or "", now)
        if (invoice["id"], invoice["seller_id"]) != (event.invoice_id, event.seller_id):
            yield f"event {event.seq} belongs to invoice {event.invoice_id} and tells of {invoice['id']}"
        elif before.terms != now.terms:
            yield f"event {event.seq} tells other terms of invoice {event.invoice_id} than those before it"
        before.status, before.sums = now.status, now.sums
        for option in invoice["options"]:
            for payment in option["payments"]:
                yield from self._listed(event, payment)

    def _take_payment(self, event: Event, payment: Json) -> Iterator[str]:
        yield from self._listed(event, payment)
        self.payments[payment["id"]] = told_payment(payment)

    def _take_relay(self, event: Event, relay: Json) -> Iterator[str]:
        now = told_relay(relay)
        before = self.relays.get(relay["id"])
        if event.type != f"relay.{now.status}" or event.invoice_id != now.invoice_id:
            yield f"event {event.seq} is {event.type} for {event.invoice_id}, and its relay is {now}"
        elif before is not None and before.identity != now.identity:
            yield f"event {event.seq} tells something else of relay {relay['id']} than those before it"
        elif not _follows(before, now):
            yield f"event {event.seq} tells relay {relay['id']} as {now}, which before was {before}"
        self._note_relay(relay, now)

    def _note_relay(self, relay: Json, now: ToldRelay) -> None:
        place = relay["chain"], relay["transaction_id"]
        replaced = self._untaken.pop(place, relay["id"])
        if replaced != relay["id"]:
            self.relays.pop(replaced, None)
        self.relays[relay["id"]] = now
        if now.may_come_again:
            self._untaken[place] = relay["id"]

    def _listed(self, event: Event, payment: Json) -> Iterator[str]:
        """A payment that an event holds, be it about that one or about its invoice."""
        now = told_payment(payment)
        before = self.payments.setdefault(payment["id"], now)
        if payment["invoice_id"] != event.invoice_id:
            yield f"event {event.seq} is of {event.invoice_id}, and its payment of {payment['invoice_id']}"
        if before.identity != now.identity:
            yield f"event {event.seq} tells something else of payment {payment['id']} than those before it"


def told_invoice(invoice: Json) -> ToldInvoice:
    """What is kept of an invoice in its public shape (`paydaemon.core.public`). Raises `ILLEGIBLE`."""
    sums = [
        (option["chain"], option["asset"], *(option[name] for name in SUMS)) for option in invoice["options"]
    ]
    return ToldInvoice(_digest(terms(invoice)), invoice["status"], sums)


def told_payment(payment: Json) -> ToldPayment:
    """What is kept of a payment in its public shape. Raises `ILLEGIBLE`."""
    identity = {name: payment[name] for name in PAYMENT}
    return ToldPayment(_digest(identity), payment["state"], payment["invoice_id"], payment["seen_at"])


def told_relay(relay: Json) -> ToldRelay:
    """What is kept of a relay in its public shape. Raises `ILLEGIBLE`."""
    identity, rest = ({name: relay[name] for name in names} for names in (RELAY, OF_RELAY))
    identity |= {name: relay.get(name) for name in LATER_OF_RELAY}
    status = RelayStatus(relay["status"])
    return ToldRelay(_digest(identity), status, relay["receipt"], relay["invoice_id"], _digest(rest))


def terms(invoice: Json) -> dict[str, object]:
    """All that never changes of an invoice in its public shape, by its path. Raises `ILLEGIBLE`."""
    found = {name: invoice[name] for name in INVOICE}
    for place, option in enumerate(invoice["options"]):
        at, where = f"options.{place}", option["destination"]
        found |= {f"{at}.{name}": option[name] for name in OPTION}
        found |= {f"{at}.destination.{name}": where[name] for name in DESTINATION}
    return found


def _follows(before: ToldRelay | None, now: ToldRelay) -> bool:
    """Whether a relay may be told so after what was told of it last (`paydaemon.core.relaying`)."""
    if before is None or before.may_come_again:
        return now.status is RelayStatus.RECEIVED
    return now.status in TRANSITIONS[before.status]


def _digest(content: object) -> bytes:
    return blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=16).digest()
