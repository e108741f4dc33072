"""The journal as it is read: page by page, or followed for good from where a reader left off.

A reader that follows sees every event once, in order, with no gap between what was there and what comes: both
are the same query, repeated whenever a commit has gone beyond what it has seen.
"""

from collections.abc import AsyncGenerator, Collection, Sequence
from dataclasses import dataclass

from paydaemon.core.access import Principal
from paydaemon.core.events import Event, EventType
from paydaemon.store.port import Store

PAGE = 200


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events a reader wants. Empty `types` and a missing `invoice_id` mean: any."""

    types: Collection[EventType] = ()
    invoice_id: str | None = None


class Journal:
    """Reads events for a principal, who sees only what is theirs."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def last_seq(self) -> int:
        """The newest committed event's `seq`."""
        return self._store.last_seq

    async def page(self, principal: Principal, wanted: Filter, after: int, limit: int) -> Sequence[Event]:
        """At most `limit` events beyond `after`, oldest first."""
        return await self._store.read(
            lambda reader: reader.events(
                after=after,
                types=wanted.types,
                invoice_id=wanted.invoice_id,
                seller_id=principal.seller_id,
                limit=limit,
            )
        )

    async def holds(self, seq: int, id: str) -> bool:
        """Whether the event of this number has this id. It has another once a backup was restored."""
        found = await self._store.read(
            lambda reader: reader.events(after=seq - 1, types=(), invoice_id=None, seller_id=None, limit=1)
        )
        return [(event.seq, event.id) for event in found] == [(seq, id)]

    async def follow(
        self, principal: Principal, wanted: Filter, after: int
    ) -> AsyncGenerator[Sequence[Event], None]:
        """Everything beyond `after`, in batches, for as long as the reader goes on asking."""
        while True:
            newest = self._store.last_seq
            batch = await self.page(principal, wanted, after, PAGE)
            if batch:
                yield batch
            after = batch[-1].seq if len(batch) == PAGE else max(newest, batch[-1].seq if batch else after)
            if len(batch) < PAGE:
                await self._store.wait_beyond(after)
