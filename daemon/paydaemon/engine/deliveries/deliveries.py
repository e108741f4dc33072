"""Deliveries as a whole: who is told, by which notifier, and who sees to it while the daemon runs."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import Context
from dataclasses import replace
from functools import partial

import structlog
import trio

from paydaemon.core.delivery import DeliveryState, Target, Wanted
from paydaemon.engine.clock import Clock
from paydaemon.engine.deliveries.courier import Courier, Errand
from paydaemon.engine.deliveries.feeder import Feeder
from paydaemon.engine.deliveries.lanes import Lanes
from paydaemon.engine.deliveries.limits import DeliveryLimits
from paydaemon.engine.deliveries.livenotifier import LiveNotifier
from paydaemon.engine.deliveries.steps import change, feed_page, resume
from paydaemon.hooks.notifier import Audience
from paydaemon.store.port import Reader, Store, StoreUnavailable, Transaction

log = structlog.get_logger(__name__)

AGAIN_S = 1.0
PAGE = 500
"""How many targets are read at once at the start."""
PRUNE_EVERY_S = 60.0
PRUNED_AT_ONCE = 500


class Deliveries:
    """Tells everybody. `public_url` is what every link begins with; it is known once the daemon listens."""

    def __init__(
        self,
        store: Store,
        notifiers: Mapping[str, LiveNotifier],
        clock: Clock,
        limits: DeliveryLimits | None = None,
    ) -> None:
        self.notifiers = notifiers
        self.limits = limits or DeliveryLimits()
        self.public_url = ""
        self.lanes = Lanes(self.limits)
        self._store = store
        self._clock = clock
        self._feeder = Feeder(store, clock, self.limits, self.wake)
        self._errand = Errand(store, clock, self.lanes, self.limits, lambda: self.public_url)
        self._told_by: dict[str, LiveNotifier] = {}
        self._couriers: dict[str, Courier] = {}
        self._nursery: trio.Nursery | None = None

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Tell everybody until cancelled: first of all those who were being told when this last ended."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            try:
                await _patiently(self._begin)
                nursery.start_soon(self.lanes.run)
                nursery.start_soon(self._feeder.run)
                nursery.start_soon(self._prune)
                task_status.started()
                await trio.sleep_forever()
            finally:
                self._nursery = None

    def wake(self, target_id: str, *, urgent: bool = False) -> None:
        """Have a target told that may have something waiting."""
        courier = self._couriers.get(target_id)
        if courier is not None:
            courier.wake(urgent=urgent)
        elif self._nursery is not None and target_id in self._told_by:
            courier = self._couriers[target_id] = Courier(self._errand, target_id, self._told_by[target_id])
            # In a context of its own: the request's is not to live for as long as the target is told.
            Context().run(self._nursery.start_soon, self._employ, courier)

    def began(self, target: Target) -> None:
        """A target is new, or has changed: from now on it is told as it wants, if anybody can."""
        notifier = self.notifiers.get(target.notifier)
        if notifier is None or not target.is_told or not _is_named(target, notifier):
            self.ended(target.id)
            return
        self._told_by[target.id] = notifier
        self._feeder.follow(target)
        self.wake(target.id, urgent=True)

    def ended(self, target_id: str) -> None:
        """A target is told no more."""
        self._feeder.leave(target_id)
        self._told_by.pop(target_id, None)
        if target_id in self._couriers:
            self._couriers[target_id].wake(urgent=True)

    def is_served(self, target: Target) -> bool:
        """Whether its notifier is configured, and still names it."""
        notifier = self.notifiers.get(target.notifier)
        return notifier is not None and _is_named(target, notifier)

    # --- Beginning

    async def _begin(self) -> None:
        for notifier in self.notifiers.values():
            for audience in notifier.audiences.values():
                await self._name(notifier, audience)
        for target in await self._every_target():
            if not self.is_served(target):
                log.warning("a target has no notifier", target=target.id, notifier=target.notifier)
            self.began(target)
        for id in await self._store.read(lambda reader: reader.targets_with_work()):
            self.wake(id)

    async def _name(self, notifier: LiveNotifier, audience: Audience) -> None:
        """Have an audience among the targets as it is configured now. A new one begins at the present end."""
        id = f"{notifier.id}:{audience.name}"
        wanted = Wanted(audience.types, audience.seller_id)
        known = await self._store.read(lambda reader: reader.target(id))
        if known is None:
            await self._store.transact(
                lambda tx: _add(tx, id, notifier.id, audience.name, wanted, self._clock())
            )
        elif known.wanted != wanted:
            await self.change(id, lambda target: replace(target, wanted=wanted))

    async def change(
        self,
        target_id: str,
        changed: Callable[[Target], Target],
        then: Callable[[Transaction, Target], None] = lambda tx, target: None,
    ) -> Target | None:
        """Change a target, and have it told as it wants from then on. None where it is gone.

        `then` is done in the transaction of the change, with the target as it has become.
        """
        page, clock = self.limits.events_at_once, self._clock
        while await self._store.transact(lambda tx: feed_page(tx, target_id, page, clock())):
            pass
        target = await self._store.transact(lambda tx: change(tx, target_id, changed, then, page, clock()))
        if target is not None:
            self.began(target)
        return target

    async def resume(self, target_id: str) -> None:
        """Have all that waits for a target tried now, whatever pauses it was to have."""
        clock = self._clock
        while await self._store.transact(lambda tx: resume(tx, target_id, clock())):
            pass
        self.wake(target_id, urgent=True)

    async def _every_target(self) -> Sequence[Target]:
        found: list[Target] = []
        while page := await self._store.read(partial(_page, after=found[-1].id if found else None)):
            found += page
        return found

    # --- Going on

    async def _employ(self, courier: Courier) -> None:
        try:
            await courier.run()
        finally:
            del self._couriers[courier.target_id]

    async def _prune(self) -> None:
        """Forget what was done long ago, a little at a time."""
        while True:
            await trio.sleep(PRUNE_EVERY_S)
            try:
                while await self._store.transact(self._prune_some):
                    pass
            except StoreUnavailable as error:
                log.debug("nothing could be pruned", error=str(error))

    def _prune_some(self, tx: Transaction) -> int:
        now_ms, kept = self._clock(), self.limits
        return (
            tx.prune_targets(PRUNED_AT_ONCE)
            + tx.prune_deliveries(
                DeliveryState.DELIVERED, now_ms - round(1000 * kept.delivered_for_s), PRUNED_AT_ONCE
            )
            + tx.prune_deliveries(
                DeliveryState.PARKED, now_ms - round(1000 * kept.parked_for_s), PRUNED_AT_ONCE
            )
        )


async def _patiently(act: Callable[[], Awaitable[None]]) -> None:
    """What the store cannot take now is tried again: nobody is told meanwhile, and nothing else waits."""
    while True:
        try:
            return await act()
        except StoreUnavailable as error:
            log.warning("deliveries wait for the store", error=str(error))
            await trio.sleep(AGAIN_S)


def _page(reader: Reader, after: str | None) -> Sequence[Target]:
    return reader.targets(after=after, limit=PAGE)


def _is_named(target: Target, notifier: LiveNotifier) -> bool:
    return notifier.endpoints if target.name is None else target.name in notifier.audiences


def _add(tx: Transaction, id: str, notifier: str, name: str, wanted: Wanted, now_ms: int) -> None:
    if tx.target(id) is None:
        tx.add_target(Target(id, notifier, name, wanted, tx.last_seq(), now_ms))
