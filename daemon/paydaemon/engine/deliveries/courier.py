"""Couriers: each tells one target for as long as anything waits for it.

A courier remembers little: what is due, and how its target is doing, it reads anew each time. So what was
recorded is all that a crash, a second courier or a change of the target can leave behind.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog
import trio

from paydaemon.core.delivery import Delivery, Target
from paydaemon.core.events import Event
from paydaemon.core.retrying import Answer, Tried
from paydaemon.engine.clock import Clock
from paydaemon.engine.deliveries.lanes import Lanes, Place
from paydaemon.engine.deliveries.limits import DeliveryLimits
from paydaemon.engine.deliveries.livenotifier import LiveNotifier
from paydaemon.engine.deliveries.notices import notice_of, target_for
from paydaemon.engine.deliveries.steps import (
    HASTENED_AT_ONCE,
    Look,
    Recorded,
    gather,
    give_up,
    look,
    record,
)
from paydaemon.store.port import Reader, Store, StoreUnavailable

log = structlog.get_logger(__name__)

AGAIN_S = 1.0
"""How long after the store has failed it is tried again, and after a mistake of ours."""
LOOK_AGAIN_S = 300.0
"""The longest that a courier sleeps: a clock may have been turned meanwhile."""
AHEAD_MS = 60_000
"""How far beyond the longest pause a time may lie before it counts as one of another clock."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What all couriers need. `public_url` gives what every link begins with."""

    store: Store
    clock: Clock
    lanes: Lanes
    limits: DeliveryLimits
    public_url: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is handed over together, in the journal's order."""

    target: Target
    deliveries: Sequence[Delivery]
    events: Sequence[Event]

    @property
    def ids(self) -> set[str]:
        """Its deliveries'."""
        return {one.id for one in self.deliveries}


class Courier:
    """Tells one target."""

    def __init__(self, errand: Errand, target_id: str, notifier: LiveNotifier) -> None:
        self.target_id = target_id
        self._errand = errand
        self._notifier = notifier
        self._under_way: set[str] = set()
        self._news = trio.Event()
        self._is_deaf = False
        self._taken_since_ms: int | None = None
        self._failed_before = False

    @property
    def has_news(self) -> bool:
        """Whether there may be something that it has not seen yet."""
        return self._news.is_set()

    def wake(self, *, urgent: bool = False) -> None:
        """There may be something new for its target.

        While that would make no difference it is not listened to, unless it is `urgent`: the target itself
        has changed. Otherwise each event would cost a read for each target that is away.
        """
        if urgent or not self._is_deaf:
            self._news.set()

    async def run(self) -> None:
        """Until nothing waits for the target any more. What fails here is tried again."""
        while True:
            try:
                await self._run()
                if not self.has_news:
                    return
            except* StoreUnavailable:
                log.debug("a target waits for the store", target=self.target_id)
                await trio.sleep(AGAIN_S)
            except* Exception:
                log.exception("a target could not be told", target=self.target_id)
                await trio.sleep(AGAIN_S)

    async def _run(self) -> None:
        async with trio.open_nursery() as nursery:
            while await self._turn(nursery):
                pass

    async def _turn(self, nursery: trio.Nursery) -> bool:
        """Send one thing off, or wait for one; returns whether there is anything left to do."""
        self._news, self._is_deaf = trio.Event(), False
        seen = await self._look()
        if seen is None or not seen.target.is_told or (seen.is_idle and not self._under_way):
            return False
        pause_s = self._pause_s(seen)
        if pause_s > 0:
            with trio.move_on_after(pause_s):
                await self._news.wait()
            return True
        await self._notifier.up()
        place = await self._errand.lanes.take(failing=seen.target.condition.is_down)
        await self._send_off(nursery, place)
        return True

    # --- Looking

    async def _look(self) -> Look | None:
        now_ms, most = self._errand.clock(), len(self._under_way) + 1
        seen = await self._errand.store.read(lambda reader: look(reader, self.target_id, now_ms, most))
        latest_ms = self._latest_ms(now_ms)
        if seen is not None and seen.last_ms is not None and seen.last_ms > latest_ms:
            await self._errand.store.transact(
                lambda tx: tx.hasten(self.target_id, latest_ms, now_ms, HASTENED_AT_ONCE)
            )
            self._news.set()
        return seen

    def _pause_s(self, seen: Look) -> float:
        """How long there is nothing to send off."""
        condition, now_ms = seen.target.condition, self._errand.clock()
        if len(self._under_way) >= self._room(seen.target):
            self._is_deaf = True
            return LOOK_AGAIN_S
        waits_ms = [0 if self._ready(seen.due) else self._until(seen.first_ms, now_ms)]
        if condition.is_down and now_ms < condition.next_at_ms <= self._latest_ms(now_ms):
            self._is_deaf = True
            waits_ms.append(condition.next_at_ms - now_ms)
        return min(max(waits_ms) / 1000, LOOK_AGAIN_S)

    def _room(self, target: Target) -> int:
        """How much may be on its way. A target has to take one thing before it gets several at once."""
        if target.condition.is_down or self._taken_since_ms is None or self._batch(target) > 1:
            return 1
        return self._errand.limits.at_once_target

    def _batch(self, target: Target) -> int:
        return self._notifier.batch(target.name)

    def _ready(self, due: Sequence[Delivery]) -> Sequence[Delivery]:
        return [one for one in due if one.id not in self._under_way]

    def _until(self, at_ms: int | None, now_ms: int) -> float:
        return math.inf if at_ms is None else at_ms - now_ms

    def _latest_ms(self, now_ms: int) -> int:
        """A time beyond this was said by a clock that has been turned back since."""
        return now_ms + round(1000 * self._errand.limits.retry_longest_pause_s) + AHEAD_MS

    # --- Sending

    async def _send_off(self, nursery: trio.Nursery, place: Place) -> None:
        """Take what is due by now: the place may have been long in coming."""
        try:
            parcel = await self._errand.store.read(self._pack)
        except BaseException:
            self._errand.lanes.leave(place)
            raise
        if parcel is None:
            self._errand.lanes.leave(place)
            return
        self._under_way |= parcel.ids
        nursery.start_soon(self._carry, parcel, place)

    def _pack(self, reader: Reader) -> Parcel | None:
        target = reader.target(self.target_id)
        if target is None or not target.is_told:
            return None
        batch = self._batch(target)
        most = len(self._under_way) + batch
        due = self._ready(self._next(reader, target, most))
        chosen = gather(reader, due, batch) if due else ()
        events = [event for one in chosen if (event := reader.event(one.seq)) is not None]
        return Parcel(target, chosen, events) if chosen else None

    def _next(self, reader: Reader, target: Target, most: int) -> Sequence[Delivery]:
        """A target that is away is tried with what is new: the rest may fail whenever it is tried."""
        now_ms = self._errand.clock()
        untried = reader.untried(self.target_id, now_ms, most) if target.condition.is_down else ()
        return untried or reader.due(self.target_id, now_ms, most)

    async def _carry(self, parcel: Parcel, place: Place) -> None:
        """Hand it over, and record how that went. Whoever is cancelled meanwhile has told nobody."""
        try:
            at_ms, began_s = self._errand.clock(), trio.current_time()
            answer = await self._tell(parcel, at_ms)
            took_ms = round(1000 * (trio.current_time() - began_s))
            chance = random.random()
            tried = Tried(parcel.deliveries, answer, at_ms, at_ms, self._taken_since_ms, chance)
            recorded = await self._recorded(parcel.target, tried, took_ms)
            self._notifier.measures.parked += recorded.parked
            await self._after(answer, recorded)
        finally:
            self._errand.lanes.leave(place)
            self._under_way -= parcel.ids
            self.wake(urgent=True)

    async def _tell(self, parcel: Parcel, now_ms: int) -> Answer:
        url = self._errand.public_url()
        pairs = zip(parcel.deliveries, parcel.events, strict=True)
        notices = [notice_of(delivery, event, url) for delivery, event in pairs]
        return await self._notifier.tell(target_for(parcel.target, now_ms), notices)

    async def _recorded(self, told: Target, tried: Tried, took_ms: int) -> Recorded:
        """A store that cannot take it now is waited for: until then, what comes behind it is not told."""
        clock, limits = self._errand.clock, self._errand.limits
        step = partial(record, told=told, took_ms=took_ms, policy=limits.policy, keep=limits.attempts_kept)
        while True:
            try:
                # What was told is told, and a stop is no reason to tell it again.
                with trio.CancelScope(shield=True):
                    now = replace(tried, now_ms=clock())
                    return await self._errand.store.transact(lambda tx: step(tx, tried=now))  # noqa: B023
            except StoreUnavailable as error:
                log.debug("a delivery waits for the store", target=self.target_id, error=str(error))
            await trio.sleep(AGAIN_S)

    async def _after(self, answer: Answer, recorded: Recorded) -> None:
        if answer.taken:
            self._taken_since_ms = self._errand.clock()
        self._tell_log(answer)
        while recorded.given_up and await self._give_up():
            pass

    async def _give_up(self) -> int:
        now_ms, policy = self._errand.clock(), self._errand.limits.policy
        lost = await self._errand.store.transact(lambda tx: give_up(tx, self.target_id, now_ms, policy))
        self._notifier.measures.parked += lost
        return lost

    def _tell_log(self, answer: Answer) -> None:
        """The first failure in a row for all to see: one for each notice would fill the log."""
        about = {"target": self.target_id, "status": answer.status, "reason": answer.reason}
        if answer.taken:
            log.debug("a target was told", **about)
        elif self._failed_before:
            log.debug("a target could still not be told", **about)
        else:
            log.warning("a target could not be told", **about)
        self._failed_before = not answer.taken
