"""Events: the facts that the journal keeps.

An event is drafted by a pure step, gets its `seq` in the transaction that makes it true, and is never changed
afterwards. `DESCRIPTIONS` is the one list of what exists; the documentation is checked against it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum


class EventType(StrEnum):
    """What can be told. Names are part of the public interface."""

    INVOICE_CREATED = "invoice.created"
    INVOICE_PAYMENT_SEEN = "invoice.payment_seen"
    INVOICE_PARTIALLY_PAID = "invoice.partially_paid"
    INVOICE_PROCESSING = "invoice.processing"
    INVOICE_OVERPAID = "invoice.overpaid"
    INVOICE_SETTLED = "invoice.settled"
    INVOICE_EXPIRED = "invoice.expired"
    INVOICE_PAID_LATE = "invoice.paid_late"
    INVOICE_INVALID = "invoice.invalid"
    INVOICE_REVERSED = "invoice.reversed"
    INVOICE_MARKED = "invoice.marked"
    PAYMENT_CONFIRMED = "payment.confirmed"
    PAYMENT_UNCONFIRMED = "payment.unconfirmed"
    PAYMENT_REPLACED = "payment.replaced"
    PAYMENT_CONFLICTED = "payment.conflicted"
    PAYMENT_DROPPED = "payment.dropped"
    PAYMENT_UNMATCHED = "payment.unmatched"
    RELAY_RECEIVED = "relay.received"
    RELAY_ACCEPTED = "relay.accepted"
    RELAY_SUCCEEDED = "relay.succeeded"
    RELAY_FAILED = "relay.failed"
    RELAY_UNKNOWN = "relay.unknown"
    CHAIN_STALE = "chain.stale"
    CHAIN_RECOVERED = "chain.recovered"
    RATES_STOPPED = "rates.stopped"
    RATES_RECOVERED = "rates.recovered"
    PLUGIN_FAILED = "plugin.failed"
    DELIVERY_PARKED = "delivery.parked"
    ADMIN_SELLER_ADDED = "admin.seller_added"
    ADMIN_SELLER_DISABLED = "admin.seller_disabled"
    ADMIN_SELLER_ENABLED = "admin.seller_enabled"
    ADMIN_SELLER_FRAMED = "admin.seller_framed"
    ADMIN_KEY_MADE = "admin.key_made"
    ADMIN_KEYS_ROTATED = "admin.keys_rotated"
    ADMIN_KEY_REVOKED = "admin.key_revoked"
    ADMIN_INVOICE_MARKED = "admin.invoice_marked"
    ADMIN_PAYMENT_ASSIGNED = "admin.payment_assigned"
    ADMIN_WEBHOOK_ADDED = "admin.webhook_added"
    ADMIN_WEBHOOK_CHANGED = "admin.webhook_changed"
    ADMIN_WEBHOOK_ROTATED = "admin.webhook_rotated"
    ADMIN_WEBHOOK_REMOVED = "admin.webhook_removed"
    ADMIN_CONFIGURATION_RELOADED = "admin.configuration_reloaded"
    ADMIN_BACKUP_MADE = "admin.backup_made"
    ADMIN_RESTORED = "admin.restored"
    ADMIN_DESK_OPENED = "admin.desk_opened"
    ADMIN_DESK_CLOSED = "admin.desk_closed"


LIVE_CONFIRMING = "payment.confirming"
"""The type of a live push that a payment gained depth: it has no `seq` and is not journaled."""

DESCRIPTIONS: dict[EventType, str] = {
    EventType.INVOICE_CREATED: "An invoice was created.",
    EventType.INVOICE_PAYMENT_SEEN: "A valid payment for the invoice was seen, final or not.",
    EventType.INVOICE_PARTIALLY_PAID: "More was paid, but not yet all of it.",
    EventType.INVOICE_PROCESSING: "All of it is there, but not yet final.",
    EventType.INVOICE_OVERPAID: "More was paid than was due.",
    EventType.INVOICE_SETTLED: "All of it is final.",
    EventType.INVOICE_EXPIRED: "Time ran out, and not all of it was paid in time.",
    EventType.INVOICE_PAID_LATE: "All of it is there, final or not, but some came after the expiry.",
    EventType.INVOICE_INVALID: "It was not final when monitoring ended, or it was marked invalid.",
    EventType.INVOICE_REVERSED: "A payment that had settled the invoice no longer does.",
    EventType.INVOICE_MARKED: "A person marked the invoice settled or invalid.",
    EventType.PAYMENT_CONFIRMED: "A payment reached the confirmations it needs.",
    EventType.PAYMENT_UNCONFIRMED: "A payment fell back out of its block, or from its depth: it waits again.",
    EventType.PAYMENT_REPLACED: "Another transaction in the mempool spends the payment's inputs.",
    EventType.PAYMENT_CONFLICTED: "A block holds another transaction that spends the payment's inputs.",
    EventType.PAYMENT_DROPPED: "The network no longer holds the payment.",
    EventType.PAYMENT_UNMATCHED: "A valid payment was seen that belongs to no invoice.",
    EventType.RELAY_RECEIVED: "A signed transaction was taken, and will be handed to the network.",
    EventType.RELAY_ACCEPTED: "The network took a signed transaction; its outcome is awaited.",
    EventType.RELAY_SUCCEEDED: "The network carried a signed transaction out.",
    EventType.RELAY_FAILED: "The network did not carry a signed transaction out, which is certain.",
    EventType.RELAY_UNKNOWN: "Nobody can tell yet what became of a signed transaction.",
    EventType.CHAIN_STALE: "A chain can no longer be seen complete; it gets no new options.",
    EventType.CHAIN_RECOVERED: "A stale chain is seen complete again.",
    EventType.RATES_STOPPED: "There is no rate any more for a pair that was quoted before: sales in it stop.",
    EventType.RATES_RECOVERED: "There is a rate again for a pair whose sales had stopped.",
    EventType.PLUGIN_FAILED: "A plugin raised or ended and is being restarted.",
    EventType.DELIVERY_PARKED: "A target could not be told, and what it was to be told is parked.",
    EventType.ADMIN_SELLER_ADDED: "A seller was added, with a first key.",
    EventType.ADMIN_SELLER_DISABLED: "A seller was disabled: it gets no new invoices.",
    EventType.ADMIN_SELLER_ENABLED: "A seller was enabled again.",
    EventType.ADMIN_SELLER_FRAMED: "The pages that may show a seller's checkout pages were named.",
    EventType.ADMIN_KEY_MADE: "A key was made.",
    EventType.ADMIN_KEYS_ROTATED: "All keys of a seller were revoked, and a new one was made.",
    EventType.ADMIN_KEY_REVOKED: "A key was revoked.",
    EventType.ADMIN_INVOICE_MARKED: "Somebody marked an invoice.",
    EventType.ADMIN_PAYMENT_ASSIGNED: "Somebody gave an unmatched payment to an invoice.",
    EventType.ADMIN_WEBHOOK_ADDED: "A webhook was added.",
    EventType.ADMIN_WEBHOOK_CHANGED: "A webhook was changed.",
    EventType.ADMIN_WEBHOOK_ROTATED: "A webhook was given a new secret.",
    EventType.ADMIN_WEBHOOK_REMOVED: "A webhook was removed.",
    EventType.ADMIN_CONFIGURATION_RELOADED: "The configuration was read again while the daemon ran.",
    EventType.ADMIN_BACKUP_MADE: "A backup was made.",
    EventType.ADMIN_RESTORED: "A backup was restored, and a new epoch of the journal began.",
    EventType.ADMIN_DESK_OPENED: "Somebody logged in at the desk.",
    EventType.ADMIN_DESK_CLOSED: "Somebody logged out at the desk, or ended a session there.",
}


@dataclass(frozen=True, slots=True)
class Holds:
    """What the `data` of an event holds: by name, always or only where there is such a thing."""

    always: frozenset[str]
    sometimes: frozenset[str] = frozenset()

    def fits(self, names: Collection[str]) -> bool:
        """Whether these are all that must be there, and none that is not told of."""
        return self.always <= set(names) <= self.always | self.sometimes


def _holds(*always: str, sometimes: str = "") -> Holds:
    return Holds(frozenset(always), frozenset(sometimes.split()))


_OF_PAYMENTS = _holds("payment", sometimes="invoice")
_OF_CHAINS = _holds("chain", "as_of", "reason")
_OF_SELLERS = _holds("by", "seller_id")
_OF_KEYS = _holds("by", "key_id", "seller_id")
_OF_SESSIONS = _holds("by", "session_id", "seller_id")
_OF_WEBHOOKS = _holds("by", "webhook_id", "seller_id")

DATA: Mapping[EventType, Holds] = {
    **{kind: _holds("invoice") for kind in EventType if kind.startswith("invoice.")},
    EventType.INVOICE_PAYMENT_SEEN: _holds("invoice", "payment", "again"),
    **{kind: _OF_PAYMENTS for kind in EventType if kind.startswith("payment.")},
    EventType.PAYMENT_UNMATCHED: _holds("payment"),
    **{kind: _holds("relay") for kind in EventType if kind.startswith("relay.")},
    EventType.CHAIN_STALE: _OF_CHAINS,
    EventType.CHAIN_RECOVERED: _OF_CHAINS,
    EventType.RATES_STOPPED: _holds("pair", "reason", sometimes="seller_id"),
    EventType.RATES_RECOVERED: _holds("pair", "rate", sometimes="seller_id"),
    EventType.PLUGIN_FAILED: _holds("service", "plugin", "reason"),
    EventType.DELIVERY_PARKED: _holds("target", "notifier", "delivery_id", "event_id", "reason"),
    EventType.ADMIN_SELLER_ADDED: _OF_KEYS,
    EventType.ADMIN_SELLER_DISABLED: _OF_SELLERS,
    EventType.ADMIN_SELLER_ENABLED: _OF_SELLERS,
    EventType.ADMIN_SELLER_FRAMED: _holds("by", "frame_ancestors", "seller_id"),
    EventType.ADMIN_KEY_MADE: _OF_KEYS,
    EventType.ADMIN_KEYS_ROTATED: _holds("by", "key_id", "seller_id", "revoked"),
    EventType.ADMIN_KEY_REVOKED: _OF_KEYS,
    EventType.ADMIN_INVOICE_MARKED: _holds("by", "invoice_id", "seller_id", "status"),
    EventType.ADMIN_PAYMENT_ASSIGNED: _holds("by", "payment_id", "invoice_id"),
    **{kind: _OF_WEBHOOKS for kind in EventType if kind.startswith("admin.webhook_")},
    EventType.ADMIN_CONFIGURATION_RELOADED: _holds("by", "changed"),
    EventType.ADMIN_BACKUP_MADE: _holds("by", "epoch", "last_seq", "file"),
    EventType.ADMIN_RESTORED: _holds("by", "file", "epoch", "last_seq", "leap"),
    EventType.ADMIN_DESK_OPENED: _OF_SESSIONS,
    EventType.ADMIN_DESK_CLOSED: _OF_SESSIONS,
}
"""What each type of event holds. The tests hold every event that they see to it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An event before it has its place in the journal.

    `seller_id` says who besides the operator may read it. `data` is JSON in which amounts and times are
    strings and only counts are numbers. Drafts of one step may share parts of it: it is only ever read.
    """

    type: EventType
    data: Mapping[str, object]
    invoice_id: str | None = None
    seller_id: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A fact in the journal. `seq` is gapless and in commit order; `id` is the same wherever it is told."""

    seq: int
    id: str
    type: EventType
    created_at_ms: int
    data: Mapping[str, object]
    invoice_id: str | None = None
    seller_id: str | None = None
