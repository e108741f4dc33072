"""The part of the store's port that is about people who look things up: searches, sums by day, exports, and
the sessions of those who are logged in at the desk.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from paydaemon.core.access import DeskSession, Key
from paydaemon.core.events import Event, EventType
from paydaemon.core.invoice import Flag, Invoice, Status
from paydaemon.core.money import Currency
from paydaemon.core.payment import Payment

LATEST_MS = 2**62
"""Later than anything."""


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """Which invoices somebody wants to see; None: any. Times are those of creation, `until_ms` not
    included.
    """

    seller_id: str | None = None
    status: Status | None = None
    flag: Flag | None = None
    since_ms: int = 0
    until_ms: int = LATEST_MS


@dataclass(frozen=True, slots=True)
class DaySum:
    """How many of the invoices that were created on a day are in a status, and what they ask for together.

    `day` counts days in UTC since the Unix epoch.
    """

    day: int
    status: Status
    currency: Currency
    invoices: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the journal: beyond `after`, up to `upto`, and of what was recorded from when until before
    when.
    """

    after: int
    upto: int
    since_ms: int = 0
    until_ms: int = LATEST_MS


class DeskReader(Protocol):
    """What can be looked up."""

    def listed_invoices(self, wanted: InvoiceFilter, *, before: str | None, limit: int) -> Sequence[Invoice]:
        """The newest first. `before` is the id of the last invoice of the page before this one.

        Where a time is asked for, a few from just beyond it may be missing that were recorded out of order.
        """
        ...

    def invoices_with_words(
        self, words: Sequence[str], *, seller_id: str | None, before: str | None, limit: int
    ) -> Sequence[Invoice]:
        """Those with all of the words in note, metadata or buyer, the newest first.

        A word matches those that begin with it, whatever their case and accents. `before` is as above.
        """
        ...

    def invoices_at_place(self, place: str, limit: int) -> Sequence[Invoice]:
        """Those with an option whose memo is this or, where it has none, whose address is."""
        ...

    def payments_of_transaction(self, transaction_id: str, limit: int) -> Sequence[Payment]:
        """On whatever chain it is."""
        ...

    def day_sums(self, seller_id: str, since_ms: int, until_ms: int) -> Sequence[DaySum]:
        """Of one seller's invoices that were created in that time, by day, status and currency."""
        ...

    def invoices_of_seller_by_status(self, seller_id: str) -> Mapping[Status, int]:
        """As `invoices_by_status`, of one seller."""
        ...

    def told(
        self, stretch: Stretch, types: Collection[EventType], *, seller_id: str | None, limit: int
    ) -> Sequence[Event]:
        """Events of these types that are about an invoice, by growing `seq`."""
        ...

    def key(self, id: str) -> Key | None:
        """A revoked one too."""
        ...

    def desk_session(self, digest: bytes) -> DeskSession | None: ...
    def desk_sessions(self, key_id: str) -> Sequence[DeskSession]:
        """The oldest first."""
        ...


class DeskWriter(DeskReader, Protocol):
    """What can be written of sessions. A new epoch ends all of them: a backup must not bring any back."""

    def add_desk_session(self, session: DeskSession) -> None:
        """Raises `LookupError` for a key that is not recorded, `Duplicate` ("desk_session") for another's
        id.
        """
        ...

    def see_desk_session(self, id: str, at_ms: int) -> None:
        """Note that it was used; an earlier time than noted changes nothing."""
        ...

    def end_desk_session(self, id: str) -> bool:
        """Whether there was one."""
        ...

    def end_desk_sessions(self, created_before_ms: int, seen_before_ms: int) -> int:
        """End those that began, or were used last, before that; returns how many."""
        ...
