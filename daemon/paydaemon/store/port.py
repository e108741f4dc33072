"""The store's port: durable, atomic steps over invoices, payments, relays, chains, rates and the journal.

Everything that touches money is one function passed to `Store.transact`: it reads, decides and writes in one
transaction, together with the events it appends, and whoever waits is answered after the commit. Many such
functions share one commit; a function that raises takes back its own writes and nobody else's. A function may
run again, so it has no effect outside its transaction.

Rows come back as the core's own frozen objects. Lists are bounded: `limit` is the most that is returned.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from paydaemon.core.access import Key, Seller
from paydaemon.core.events import Draft, Event, EventType
from paydaemon.core.invoice import Destination, Invoice, Stage, Standing, Status
from paydaemon.core.payment import Payment
from paydaemon.core.relay import Relay
from paydaemon.measures import DURATIONS_S, SIZES, Histogram
from paydaemon.store.deliveryport import DeliveryReader, DeliveryWriter
from paydaemon.store.deskport import DeskReader, DeskWriter
from paydaemon.store.rateport import RateReader, RateWriter

T = TypeVar("T")


class StoreUnavailable(Exception):
    """The store cannot take this now (disk full, input or output failed, queue full). Nothing was recorded,
    or, after a failure of the commit itself, it is not known whether it was.
    """


class StoreBusy(StoreUnavailable):
    """As many wait for the store as may: this one was turned away before the store had looked at it."""


class StoreMismatch(Exception):
    """The database is not one this code may open: newer than the code, damaged, not ours or in use."""


class StoreInUse(StoreMismatch):
    """The database is another daemon's for as long as that runs."""


class Duplicate(Exception):
    """A UNIQUE constraint refused a row; `what` names the constraint: so promises 2, 8, 9 and 11 hold."""

    def __init__(self, what: str) -> None:
        super().__init__(f"duplicate {what}")
        self.what = what


@dataclass(frozen=True, slots=True)
class ChainRow:
    """What is kept of a chain. `as_of_ms` and `height`: up to where it was seen complete; None before."""

    id: str
    identity: str | None = None
    cursor: str | None = None
    as_of_ms: int | None = None
    height: int | None = None
    next_index: int = 0
    stale_since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class IdempotencyRow:
    """What a seller's idempotency key stands for, forever."""

    seller_id: str
    key: str
    fingerprint: bytes
    invoice_id: str


@dataclass(frozen=True, slots=True)
class Issued:
    """Which option a destination was issued for."""

    invoice_id: str
    chain: str
    asset_code: str


@dataclass(slots=True)
class StoreMeasures:
    """What a store counts of its own work.

    `commit_s` is how long whole commits take, what they hold included, and `sync_s` the disk's part of it.
    `batch` is how many transactions share one. `failed` counts commits that did not come about.
    """

    commit_s: Histogram = field(default_factory=lambda: Histogram(DURATIONS_S))
    sync_s: Histogram = field(default_factory=lambda: Histogram(DURATIONS_S))
    batch: Histogram = field(default_factory=lambda: Histogram(SIZES))
    failed: int = 0
    writes_waiting: int = 0
    reads_waiting: int = 0


class Reader(DeliveryReader, RateReader, DeskReader, Protocol):
    """What can be read, in one consistent snapshot."""

    # Sellers and keys
    def seller(self, id: str) -> Seller | None: ...
    def sellers(self) -> Sequence[Seller]: ...
    def key_by_digest(self, digest: bytes) -> Key | None:
        """A revoked one too: it is known by its `revoked_at_ms`."""
        ...

    def keys(self) -> Sequence[Key]:
        """Every key, revoked ones too, in the order they were made."""
        ...

    # Invoices
    def invoice(self, id: str) -> Invoice | None: ...
    def invoices(
        self, *, seller_id: str | None, status: Status | None, before: str | None, limit: int
    ) -> Sequence[Invoice]:
        """The newest first. `before` is the id of the last invoice of the page before this one.

        Newest means recorded last. Nothing comes before an id that is not recorded.
        """
        ...

    def invoices_by_status(self) -> Mapping[Status, int]:
        """How many invoices there are in each status, by an index: it takes longer the more there are."""
        ...

    def idempotency(self, seller_id: str, key: str) -> IdempotencyRow | None: ...

    # Payments
    def payment(self, id: str) -> Payment | None: ...
    def payment_by_ref(self, chain: str, ref: str) -> Payment | None: ...
    def was_paid(self, chain: str, destination_key: str) -> bool:
        """Whether a payment to this destination is recorded, be it one that no longer counts."""
        ...

    def payments_of(self, invoice_id: str) -> Sequence[Payment]:
        """In the order they were recorded."""
        ...

    def payments(
        self, *, seller_id: str | None, unmatched: bool, before: str | None, limit: int
    ) -> Sequence[Payment]:
        """The newest first; `unmatched` leaves only those that belong to no invoice, and so to no seller."""
        ...

    def count_unmatched(self) -> int:
        """How many payments belong to no invoice."""
        ...

    def unfinal_payments(self, chain: str, above_height: int, gone_since_ms: int) -> Sequence[Payment]:
        """Not `final`, and in no block or in one above that height: what more blocks may still change.

        Of those that do not count any more, only what was recorded since then.
        """
        ...

    def ripe_payments(self, chain: str, tip: int, limit: int) -> Sequence[Payment]:
        """Pending ones in a block that have all their confirmations while the newest block is `tip`."""
        ...

    def deepening_payments(self, chain: str, limit: int) -> Sequence[Payment]:
        """Pending ones in a block: those whose depth is told live."""
        ...

    # Relays
    def relay(self, chain: str, transaction_id: str) -> Relay | None: ...
    def relays(self, *, after: str | None, limit: int) -> Sequence[Relay]:
        """All of them, in the order they were recorded. `after` is as below."""
        ...

    def unresolved_relays(self, chain: str, *, after: str | None, limit: int) -> Sequence[Relay]:
        """Those whose outcome is not final, in the order they were recorded.

        `after` is the id of the last relay of the page before this one; nothing comes after an id that is not
        recorded.
        """
        ...

    def relays_towards(self, invoice_id: str) -> Sequence[Relay]:
        """Those that are to pay an invoice and have not failed, in the order they were recorded."""
        ...

    # Chains
    def chain(self, id: str) -> ChainRow:
        """A chain that was never told of is at its beginning: its `next_index` is where a new one starts."""
        ...

    def chain_known_as(self, identity: str) -> str | None:
        """The id of the chain with this identity, if there is one."""
        ...

    def waiting_by_chain(self) -> Mapping[str, int]:
        """How many invoices may still be paid, or be paid late, on each chain that any ever named."""
        ...

    def issued(self, chain: str, destination_key: str) -> Issued | None: ...
    def destinations(self, chain: str, after_index: int, limit: int) -> Sequence[Destination]: ...
    def invoices_due(self, stage: Stage, limit: int) -> Sequence[str]:
        """Ids of invoices in `stage` whose time has run out by the word of every chain of their options.

        For `Stage.OPEN` that is: every chain's `as_of_ms` is past `expires_at_ms`; for `Stage.EXPIRED`: past
        `monitor_until_ms`. Oldest first.
        """
        ...

    # The journal
    def epoch(self) -> str: ...
    def last_seq(self) -> int: ...
    def event(self, seq: int) -> Event | None: ...
    def events(
        self,
        *,
        after: int,
        types: Collection[EventType],
        invoice_id: str | None,
        seller_id: str | None,
        limit: int,
    ) -> Sequence[Event]:
        """By growing `seq`. Empty `types` and None mean: any."""
        ...


class Transaction(Reader, DeliveryWriter, RateWriter, DeskWriter, Protocol):
    """What can be written; it reads its own writes.

    Raises `LookupError` for a row that belongs to something unrecorded (a key or an invoice to its seller, a
    payment or a relay to its invoice) and for a change of what is not there. A call that raises has written
    nothing, so its exception can be caught and the transaction go on; `StoreUnavailable` alone ends it
    whatever is done.
    """

    def add_seller(self, seller: Seller) -> None:
        """Raises `Duplicate` ("seller")."""
        ...

    def set_seller_disabled(self, id: str, disabled: bool) -> None: ...
    def set_seller_frames(self, id: str, frame_ancestors: Sequence[str] | None) -> None: ...
    def add_key(self, key: Key) -> None:
        """Raises `Duplicate` ("key")."""
        ...

    def revoke_key(self, id: str, at_ms: int) -> Key | None:
        """Revoke one valid key; returns it as it is then, None where no valid key has this id."""
        ...

    def revoke_keys(self, seller_id: str | None, at_ms: int) -> int:
        """Revoke every valid key of a seller (None: of the operators); returns how many."""
        ...

    def add_invoice(self, invoice: Invoice) -> None:
        """Raises `Duplicate` ("destination") where one of its destinations was issued before.

        Also "invoice" for its id, and "option" for two options with the same chain and asset.
        """
        ...

    def set_standing(self, invoice_id: str, standing: Standing) -> None: ...
    def add_idempotency(self, row: IdempotencyRow) -> None:
        """Raises `Duplicate` ("idempotency_key")."""
        ...

    def add_payment(self, payment: Payment) -> None:
        """Raises `Duplicate` ("payment") where its chain and ref are recorded already."""
        ...

    def set_payment(self, payment: Payment) -> None:
        """Record what a payment has become. Its id, chain, ref and amount are those it was added with."""
        ...

    def add_relay(self, relay: Relay) -> None:
        """Raises `Duplicate` ("relay") where its chain and transaction id are recorded already."""
        ...

    def set_relay(self, relay: Relay) -> None:
        """Record what a relay has become. Its ids, digest and transfers are those it was added with."""
        ...

    def replace_relay(self, id: str, relay: Relay) -> None:
        """Let another relay stand in the place of one whose chain and transaction id are the same.

        Raises `Duplicate` ("relay") where its own id is recorded already.
        """
        ...

    def set_chain(self, row: ChainRow) -> None:
        """Keep a chain's row. A `next_index` below what was given out already does not bring that back."""
        ...

    def reserve_indexes(self, chain: str, count: int) -> int:
        """Give out `count` (at least 1) indexes that were never given out before; returns the first."""
        ...

    def append(self, draft: Draft, at_ms: int) -> Event:
        """Append to the journal. `seq` is gapless and in commit order."""
        ...

    def begin_epoch(self, leap: int) -> str:
        """Go on as another database than the one this is a copy of; returns the journal's new epoch.

        What the other recorded after the copy was made is not known here, and must not be said or given out
        once more: ids of events are made with the new epoch from now on, and every chain, also one that is
        yet to come, leaves out the next `leap` indexes. Nobody stays logged in at the desk. Raises
        `ValueError` for a negative one.
        """
        ...


class Store(Protocol):
    """A durable store. All calls may wait; none may be called from more than one trio run."""

    async def transact(self, fn: Callable[[Transaction], T]) -> T:
        """Run `fn` in a transaction and return its result once that is durable.

        Whatever `fn` raises comes out here and takes back its writes. Raises `StoreUnavailable` where the
        store itself failed. Once begun it is not cancelled: the work happens, so the answer is awaited.
        """
        ...

    async def read(self, fn: Callable[[Reader], T]) -> T:
        """Run `fn` on a snapshot of what is committed."""
        ...

    @property
    def measures(self) -> StoreMeasures:
        """What the store has counted since it was opened."""
        ...

    @property
    def last_seq(self) -> int:
        """The newest committed event's `seq`; 0 while the journal is empty."""
        ...

    @property
    def fault(self) -> str | None:
        """Why nothing can be recorded: what the last commit failed by, None once one has been made since."""
        ...

    async def wait_beyond(self, seq: int) -> None:
        """Wait until an event beyond `seq` is committed.

        Raises `StoreUnavailable` where the store closes first.
        """
        ...

    async def aclose(self) -> None:
        """Finish what is queued, then close."""
        ...
