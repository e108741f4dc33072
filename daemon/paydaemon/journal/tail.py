"""The tail: the newest events, read once and held once for everybody who has caught up."""

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice

import trio

from paydaemon.core.events import Event
from paydaemon.journal.filter import EVERYTHING, View
from paydaemon.journal.limits import JournalLimits
from paydaemon.store.port import Store


class Tail:
    """The newest events. Whoever is first to want one that is not here yet reads it, for all the others."""

    def __init__(self, store: Store, limits: JournalLimits) -> None:
        self._store = store
        self._limits = limits
        self._reading = trio.Lock()
        self._events: deque[Event] = deque()
        self._last = store.last_seq

    async def reaches_beyond(self, after: int) -> bool:
        """Read on until something beyond `after` is here, which the store must have; False where some of it
        is here no more.
        """
        if self._begins_by(after):
            async with self._reading:
                if self._last <= after:
                    await self._read_on(after)
        return self._begins_by(after)  # others may have read far ahead while we waited

    def beyond(self, view: View, after: int) -> tuple[Sequence[Event], int]:
        """A page of what is here for this reader beyond `after`, and up to which `seq` that is everything."""
        most, fresh = self._limits.page_events, list[Event]()
        for event in self._oldest_first(after):
            if view.shows(event):
                fresh.append(event)
                if len(fresh) == most:
                    return fresh, event.seq
        return fresh, max(after, self._last)

    def _begins_by(self, after: int) -> bool:
        return after >= (self._events[0].seq - 1 if self._events else self._last)

    async def _read_on(self, after: int) -> None:
        """Read on from `after`. What nobody was there to hear, between the last and that, is left out."""
        fresh = await read_page(self._store, EVERYTHING, after, self._limits.tail_events)
        if after > self._last:
            self._events.clear()
        self._events.extend(fresh)
        self._last = fresh[-1].seq
        while len(self._events) > self._limits.tail_events:
            self._events.popleft()

    def _oldest_first(self, after: int) -> Iterator[Event]:
        """What is here beyond `after`; there is no gap in it."""
        if self._events:
            return islice(self._events, max(0, after + 1 - self._events[0].seq), None)
        return iter(())


async def read_page(store: Store, view: View, after: int, limit: int) -> Sequence[Event]:
    """At most `limit` events of a view beyond `after`, oldest first, from the database."""
    return await store.read(
        lambda reader: reader.events(
            after=after,
            types=view.types,
            invoice_id=view.invoice_id,
            seller_id=view.seller_id,
            limit=limit,
        )
    )
