"""The feeder: makes deliveries of what the journal says, for each target from where it left off.

Targets that have come as far as the journal are in step: what is new is read once for all of them. One that
is behind, after a restart or because its notifier was away, catches up by itself, a page at a time in turns
with the others. A target that wants nothing of what it has passed has its cursor moved now and then only, so
that each event does not cost a write for everybody.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import structlog
import trio

from paydaemon.core.delivery import Target, Wanted
from paydaemon.core.events import Event
from paydaemon.engine.clock import Clock
from paydaemon.engine.deliveries.limits import DeliveryLimits
from paydaemon.engine.deliveries.steps import feed
from paydaemon.store.port import Store, StoreUnavailable, Transaction

log = structlog.get_logger(__name__)

AGAIN_S = 1.0
MADE_AT_ONCE = 500
"""About how many deliveries are made in one transaction, where many targets want the same."""
BEHIND_AT_ONCE = 10
"""How many catch up by a page each before those in step have their turn."""
CURSORS_EVERY = 1_000
"""After how many events the cursors of those are moved who wanted none of them."""


@dataclass(slots=True, eq=False)
class Listener:
    """A target that is to be told, and the `seq` up to which it was looked what it wants."""

    id: str
    wanted: Wanted
    reached: int
    recorded: int


Wants = tuple[Listener, list[Event]]
"""A target with what it wants of a page."""


class Feeder:
    """Makes deliveries until cancelled. `woken` is called with the id of each target that has new ones."""

    def __init__(
        self, store: Store, clock: Clock, limits: DeliveryLimits, woken: Callable[[str], None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._limits = limits
        self._woken = woken
        self._listeners: dict[str, Listener] = {}
        self._by_seller: dict[str | None, dict[str, Listener]] = {}
        self._unsure: set[str] = set()
        self._reached = store.last_seq
        self._changed = trio.Event()

    def follow(self, target: Target) -> None:
        """Have a target told from its cursor on; what was known of it before is forgotten."""
        self.leave(target.id)
        listener = Listener(target.id, target.wanted, target.cursor, target.cursor)
        self._listeners[target.id] = listener
        self._by_seller.setdefault(target.wanted.seller_id, {})[target.id] = listener
        self._changed.set()

    def leave(self, target_id: str) -> None:
        """It is to be told no more."""
        listener = self._listeners.pop(target_id, None)
        if listener is not None:
            of_seller = self._by_seller[listener.wanted.seller_id]
            del of_seller[target_id]
            if not of_seller:
                del self._by_seller[listener.wanted.seller_id]

    async def run(self) -> None:
        """Feed everybody as the journal grows."""
        while True:
            try:
                await self._turn()
            except* StoreUnavailable:
                log.debug("deliveries wait for the store")
                await trio.sleep(AGAIN_S)
            except* Exception:
                log.exception("no deliveries could be made")
                await trio.sleep(AGAIN_S)

    async def _turn(self) -> None:
        """A page for some who are behind, and one for all who are not."""
        self._changed = trio.Event()
        if not self._listeners:
            await self._somebody()
        behind = [one for one in self._listeners.values() if one.reached < self._reached]
        for listener in behind[:BEHIND_AT_ONCE]:
            self._listeners[listener.id] = self._listeners.pop(listener.id)  # to the end of those behind
            await self._catch_up(listener)
        if self._store.last_seq > self._reached:
            await self._share()
        elif not behind:
            await self._more()

    async def _somebody(self) -> None:
        """While nobody is told, the journal is not read: whoever comes catches up by itself."""
        await self._changed.wait()
        self._reached = self._store.last_seq

    async def _more(self) -> None:
        """Wait until there is anything to do."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._until, nursery, partial(self._store.wait_beyond, self._reached))
            nursery.start_soon(self._until, nursery, self._changed.wait)

    async def _until(self, nursery: trio.Nursery, wait: Callable[[], Awaitable[None]]) -> None:
        await wait()
        nursery.cancel_scope.cancel()

    # --- Those in step

    async def _share(self) -> None:
        page = await self._events(Wanted(), self._reached)
        if not page:
            return
        # Whoever comes while they are fed has missed this page, and is behind then.
        in_step = [one for one in self._listeners.values() if one.reached >= self._reached]
        up_to, wanting = page[-1].seq, self._wanting(page)
        for some in _portions(wanting, MADE_AT_ONCE):
            await self._feed(some, up_to)
        for listener in in_step:
            listener.reached = max(listener.reached, up_to)
        self._reached = up_to
        await self._move_cursors()

    def _wanting(self, page: Sequence[Event]) -> Sequence[Wants]:
        """Everybody in step who wants something of a page, with what that is."""
        found: dict[str, Wants] = {}
        for event in page:
            for owner in dict.fromkeys((event.seller_id, None)):
                for listener in self._by_seller.get(owner, {}).values():
                    in_step = self._reached <= listener.reached < event.seq
                    if in_step and listener.wanted.takes(event):
                        found.setdefault(listener.id, (listener, []))[1].append(event)
        return list(found.values())

    async def _move_cursors(self) -> None:
        up_to = self._reached
        late = [one for one in self._listeners.values() if up_to - one.recorded >= CURSORS_EVERY]
        in_step: list[Wants] = [(one, []) for one in late if one.reached >= up_to]
        for some in batched(in_step, MADE_AT_ONCE):
            await self._feed(some, up_to)

    # --- Those behind

    async def _catch_up(self, listener: Listener) -> None:
        newest = self._store.last_seq
        page = await self._events(listener.wanted, listener.reached)
        full = len(page) == self._limits.events_at_once
        up_to = page[-1].seq if full else max([newest, *(event.seq for event in page)])
        await self._feed([(listener, list(page))], up_to)
        listener.reached = up_to

    # --- Reading and writing

    async def _events(self, wanted: Wanted, after: int) -> Sequence[Event]:
        most = self._limits.events_at_once
        return await self._store.read(
            lambda reader: reader.events(
                after=after, types=wanted.types, invoice_id=None, seller_id=wanted.seller_id, limit=most
            )
        )

    async def _feed(self, some: Sequence[Wants], up_to: int) -> None:
        now_ms = self._clock()
        try:
            made = await self._store.transact(lambda tx: [_feed_one(tx, *one, up_to, now_ms) for one in some])
        except StoreUnavailable:
            # Even a commit that failed may have reached the disk, and what is there is not made again.
            self._unsure |= {listener.id for listener, _ in some}
            raise
        for (listener, _), count in zip(some, made, strict=True):
            listener.recorded = max(listener.recorded, up_to)
            if count or listener.id in self._unsure:
                self._unsure.discard(listener.id)
                self._woken(listener.id)


def _feed_one(tx: Transaction, listener: Listener, events: Sequence[Event], up_to: int, now_ms: int) -> int:
    return feed(tx, listener.id, events, up_to, now_ms)


def batched(items: Sequence[Wants], most: int) -> Iterator[Sequence[Wants]]:
    """So many at a time."""
    for start in range(0, len(items), most):
        yield items[start : start + most]


def _portions(wanting: Iterable[Wants], most: int) -> Iterator[Sequence[Wants]]:
    """In portions of about so many deliveries; what one target wants is never divided."""
    portion: list[Wants] = []
    size = 0
    for one in wanting:
        portion.append(one)
        size += len(one[1])
        if size >= most:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion
