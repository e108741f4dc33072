"""The journal, as readers see it."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog
import trio

from paydaemon.core.access import Principal
from paydaemon.core.events import Event
from paydaemon.journal.audience import Audience, Hear
from paydaemon.journal.filter import EVERYTHING, Filter, View
from paydaemon.journal.follower import WEBSOCKETS, Follower
from paydaemon.journal.limits import JournalLimits
from paydaemon.journal.tail import Tail, read_page
from paydaemon.journal.turns import Turns
from paydaemon.store.port import Store, StoreUnavailable

log = structlog.get_logger(__name__)

AGAIN_S = 1.0
"""After how long the audience is told that could not be told because the store could not be read."""


class Journal:
    """Reads events for a principal, who sees only what is theirs."""

    def __init__(self, store: Store, limits: JournalLimits | None = None) -> None:
        self.followers: set[Follower] = set()
        self._store = store
        self._limits = limits or JournalLimits()
        self._tail = Tail(store, self._limits)
        self._turns = Turns(self._limits)
        self._audience = Audience(store.last_seq)

    @property
    def last_seq(self) -> int:
        """The newest committed event's `seq`."""
        return self._store.last_seq

    async def page(self, principal: Principal, wanted: Filter, after: int, limit: int) -> Sequence[Event]:
        """At most `limit` events beyond `after`, oldest first."""
        return await read_page(self._store, View.of(principal, wanted), after, limit)

    async def holds(self, seq: int, id: str) -> bool:
        """Whether the event of this number has this id. It has another once a backup was restored."""
        found = await read_page(self._store, EVERYTHING, seq - 1, 1)
        return [(event.seq, event.id) for event in found] == [(seq, id)]

    def behind(self, follower: Follower) -> int:
        """How many events a follower is behind. Whoever is in the audience has come as far as all there."""
        after = follower.after
        if follower.member is not None:
            after = max(follower.member.after, self._audience.reached)
        return max(0, self.last_seq - after)

    async def follow(
        self,
        principal: Principal,
        wanted: Filter,
        after: int,
        group: str = WEBSOCKETS,
        hear: Hear | None = None,
    ) -> AsyncGenerator[Sequence[Event], None]:
        """Everything beyond `after`, in batches, for as long as the reader goes on asking.

        `group` says what kind of reader this is: how far each kind has come is measured. Who gives `hear` is
        told by it instead, while it has caught up and for as long as `hear` takes everything; then it gets an
        empty batch, and is to finish what it has taken before it asks for more.
        """
        me, view = Follower(group, after), View.of(principal, wanted)
        self.followers.add(me)
        try:
            while True:
                if hear is not None and self._audience.admits(me.after):
                    await self._audience.attend(me, view, hear)
                    yield ()
                    continue
                await self._store.wait_beyond(me.after)
                async with self._next(view, me.after) as (batch, reached):
                    if batch:
                        yield batch
                me.after = reached
        finally:
            self.followers.discard(me)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Tell the audience, until cancelled. Without this there is none, and all read by themselves."""
        self._audience.gather(self._store.last_seq)
        self._audience.is_open = True
        task_status.started()
        try:
            while True:
                await self._store.wait_beyond(self._audience.reached)
                await self._tell_audience()
        finally:
            self._audience.is_open = False
            self._audience.send_away()

    async def _tell_audience(self) -> None:
        if self._audience.is_empty:
            self._audience.gather(self._store.last_seq)
            return
        try:
            together = await self._tail.reaches_beyond(self._audience.reached)
        except StoreUnavailable as error:
            log.warning("the journal could not be read", error=str(error))
            await trio.sleep(AGAIN_S)
            return
        if together:
            await self._audience.tell(*self._tail.beyond(EVERYTHING, self._audience.reached))
        else:  # it has moved on too far meanwhile
            self._audience.send_away()
            self._audience.gather(self._store.last_seq)

    @asynccontextmanager
    async def _next(self, view: View, after: int) -> AsyncIterator[tuple[Sequence[Event], int]]:
        """What comes after `after`, which the store must have, and up to which `seq` that is everything."""
        if await self._tail.reaches_beyond(after):
            yield self._tail.beyond(view, after)
            return
        async with self._turns.turn():
            newest, most = self._store.last_seq, self._limits.page_events
            batch = await read_page(self._store, view, after, most)
            full = len(batch) == most
            yield batch, batch[-1].seq if full else max([newest, *(event.seq for event in batch)])
