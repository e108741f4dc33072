"""The journal as it is read: page by page, or followed for good from where a reader left off.

A reader that follows sees every event once, in order, with no gap between what was there and what comes.
While it has something to catch up with it replays, in small pages, and in turns with the others who do, so
that a crowd that comes back at once keeps nobody waiting. From then on it reads the tail: the newest events,
read once for all and held once for all, so that a hundred readers who never read cost hardly more than one.
"""

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import trio

from paydaemon.core.access import Principal
from paydaemon.core.events import Event, EventType
from paydaemon.store.port import Store


@dataclass(slots=True)
class JournalLimits:
    """What all who follow the journal can take together; may change while they do."""

    page_events: int = 8
    """How many events a replaying reader holds at once: a page of its own, while it sends them."""
    tail_events: int = 256
    """How many of the newest events are held for everybody."""
    replaying: int = 16
    """How many readers may replay at the same time."""
    turn_ms: int = 250
    """How long a replaying reader keeps the others waiting at most: one that is stuck does not hold its
    turn.
    """


WEBSOCKETS = "websockets"
"""The group of readers that follow the journal through a websocket."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events a reader wants. Empty `types` and a missing `invoice_id` mean: any."""

    types: Collection[EventType] = ()
    invoice_id: str | None = None

    def takes(self, event: Event) -> bool:
        """Whether the reader wants this one."""
        return (not self.types or event.type in self.types) and self.invoice_id in (None, event.invoice_id)


ANY = Filter()


@dataclass(slots=True, eq=False)
class Follower:
    """One reader that follows the journal: what kind it is, and the `seq` of the last event it has read."""

    group: str
    after: int


class Journal:
    """Reads events for a principal, who sees only what is theirs."""

    def __init__(self, store: Store, limits: JournalLimits | None = None) -> None:
        self.followers: set[Follower] = set()
        self._store = store
        self._limits = limits or JournalLimits()
        self._tail = Tail(store, self._limits)
        self._turns = Turns(self._limits)

    @property
    def last_seq(self) -> int:
        """The newest committed event's `seq`."""
        return self._store.last_seq

    async def page(self, principal: Principal, wanted: Filter, after: int, limit: int) -> Sequence[Event]:
        """At most `limit` events beyond `after`, oldest first."""
        return await _read(self._store, principal.seller_id, wanted, after, limit)

    async def holds(self, seq: int, id: str) -> bool:
        """Whether the event of this number has this id. It has another once a backup was restored."""
        found = await self._store.read(
            lambda reader: reader.events(after=seq - 1, types=(), invoice_id=None, seller_id=None, limit=1)
        )
        return [(event.seq, event.id) for event in found] == [(seq, id)]

    async def follow(
        self, principal: Principal, wanted: Filter, after: int, group: str = WEBSOCKETS
    ) -> AsyncGenerator[Sequence[Event], None]:
        """Everything beyond `after`, in batches, for as long as the reader goes on asking.

        `group` says what kind of reader this is: how far each kind has come is measured.
        """
        me = Follower(group, after)
        self.followers.add(me)
        try:
            while True:
                await self._store.wait_beyond(me.after)
                async with self._next(principal, wanted, me.after) as (batch, reached):
                    if batch:
                        yield batch
                me.after = reached
        finally:
            self.followers.discard(me)

    @asynccontextmanager
    async def _next(
        self, principal: Principal, wanted: Filter, after: int
    ) -> AsyncIterator[tuple[Sequence[Event], int]]:
        """What comes after `after`, which the store must have, and up to which `seq` that is everything."""
        if await self._tail.reaches_beyond(after):
            yield self._tail.beyond(principal, wanted, after)
            return
        async with self._turns.turn():
            newest, most = self._store.last_seq, self._limits.page_events
            batch = await self.page(principal, wanted, after, most)
            full = len(batch) == most
            yield batch, batch[-1].seq if full else max([newest, *(event.seq for event in batch)])


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

    def beyond(self, principal: Principal, wanted: Filter, after: int) -> tuple[Sequence[Event], int]:
        """What is here for this reader beyond `after`, and up to which `seq` that is everything."""
        fresh = [
            event
            for event in self._newest_first(after)
            if wanted.takes(event) and principal.may_see(event.seller_id)
        ]
        return fresh[::-1], max(after, self._last)

    def _begins_by(self, after: int) -> bool:
        return after >= (self._events[0].seq - 1 if self._events else self._last)

    async def _read_on(self, after: int) -> None:
        """Read on from `after`. What nobody was there to hear, between the last and that, is left out."""
        fresh = await _read(self._store, None, ANY, after, self._limits.tail_events)
        if after > self._last:
            self._events.clear()
        self._events.extend(fresh)
        self._last = fresh[-1].seq
        while len(self._events) > self._limits.tail_events:
            self._events.popleft()

    def _newest_first(self, after: int) -> Iterator[Event]:
        for event in reversed(self._events):
            if event.seq <= after:
                return
            yield event


class Turns:
    """Lets so many at a time, each for so long: a turn that lasts is not waited for."""

    def __init__(self, limits: JournalLimits) -> None:
        self._limits = limits
        self._ends: dict[object, float] = {}
        self._waiting = trio.lowlevel.ParkingLot()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it for as long as the block runs or the turn lasts."""
        while len(self._ends) >= self._limits.replaying:
            with trio.move_on_at(min(self._ends.values())):
                await self._waiting.park()
            self._forget_overdue()
        mine = object()
        self._ends[mine] = trio.current_time() + self._limits.turn_ms / 1000
        try:
            yield
        finally:
            self._leave(mine)

    def _leave(self, turn: object) -> None:
        if self._ends.pop(turn, None) is not None:
            self._waiting.unpark()

    def _forget_overdue(self) -> None:
        now = trio.current_time()
        for turn in [turn for turn, end in self._ends.items() if end <= now]:
            self._leave(turn)


async def _read(
    store: Store, seller_id: str | None, wanted: Filter, after: int, limit: int
) -> Sequence[Event]:
    return await store.read(
        lambda reader: reader.events(
            after=after,
            types=wanted.types,
            invoice_id=wanted.invoice_id,
            seller_id=seller_id,
            limit=limit,
        )
    )
