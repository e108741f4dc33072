"""Exports: the journal as lines for an accountant (`paydaemon.core.bookkeeping`), page by page.

An export goes from one `seq` of the journal to another, which is the newest when it begins. What is recorded
meanwhile comes after that, so whoever goes on from the last line's `seq` misses nothing and has nothing
twice.
"""

from collections import defaultdict
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from paydaemon.core.access import Principal
from paydaemon.core.bookkeeping import BOOKED_BY, BOOKS, Entry, Kind, entry, kinds
from paydaemon.core.events import Event
from paydaemon.store.deskport import LATEST_MS, Stretch
from paydaemon.store.port import Reader, Store

PAGE_EVENTS = 200
"""How many events are read at once: an export takes as much memory as these, however long it is."""

HISTORY_EVENTS = 100
"""How many events of one invoice are read at once, to know what a reversal reverses."""


@dataclass(frozen=True, slots=True)
class Extract:
    """Which lines somebody wants: beyond `after`, recorded from when until before when, at most so many.

    None for `most` is all of them; `seller_id` None is every seller's.
    """

    seller_id: str | None = None
    after: int = 0
    since_ms: int = 0
    until_ms: int = LATEST_MS
    most: int | None = None


class Exports:
    """Reads the lines."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def pages(self, principal: Principal, wanted: Extract) -> AsyncGenerator[Sequence[Entry], None]:
        """The lines a principal may see, in the journal's order, in pages; a page can be empty.

        Raises `StoreUnavailable` where they cannot be read; whoever was given some of them goes on after the
        last one.
        """
        seller_id = wanted.seller_id if principal.is_operator else principal.seller_id
        after, left = wanted.after, wanted.most
        upto = self._store.last_seq
        while after < upto and left != 0:
            stretch = Stretch(after, upto, wanted.since_ms, wanted.until_ms)
            events, lines = await self._store.read(partial(_page, stretch=stretch, seller_id=seller_id))
            after = events[-1].seq if len(events) == PAGE_EVENTS else upto
            shown = lines if left is None else lines[:left]
            left = None if left is None else left - len(shown)
            yield shown


def _page(reader: Reader, stretch: Stretch, seller_id: str | None) -> tuple[Sequence[Event], Sequence[Entry]]:
    events = reader.told(stretch, BOOKS, seller_id=seller_id, limit=PAGE_EVENTS)
    reversed_ = _reversals(reader, events)
    return events, [entry(event, kind) for event in events if (kind := _kind(event, reversed_)) is not None]


def _kind(event: Event, reversals: Mapping[int, Kind]) -> Kind | None:
    """Every confirmation is a credit; what else is a line is known by what came before it."""
    return Kind.CREDIT if event.type is BOOKED_BY else reversals.get(event.seq)


def _reversals(reader: Reader, events: Sequence[Event]) -> Mapping[int, Kind]:
    """Which of these events take back a credit. They are few: each invoice they are about is read once."""
    upto: dict[str, int] = defaultdict(int)
    for event in events:
        if event.type is not BOOKED_BY and event.invoice_id is not None:
            upto[event.invoice_id] = event.seq
    found: dict[int, Kind] = {}
    for invoice_id, seq in upto.items():
        found.update(kinds(_history(reader, invoice_id, seq)))
    return found


def _history(reader: Reader, invoice_id: str, upto: int) -> Iterator[Event]:
    """Everything in the books of an invoice up to an event."""
    after = 0
    while True:
        page = reader.events(
            after=after, types=BOOKS, invoice_id=invoice_id, seller_id=None, limit=HISTORY_EVENTS
        )
        yield from (event for event in page if event.seq <= upto)
        if len(page) < HISTORY_EVENTS or page[-1].seq >= upto:
            return
        after = page[-1].seq
