"""A place to tell people from: real deliveries on a real store, a notifier that tests play, and one clock."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trio

from paydaemon.core.access import Seller
from paydaemon.core.delivery import Delivery, DeliveryState, Target, Wanted
from paydaemon.core.events import Draft, Event, EventType
from paydaemon.engine.clock import Clock
from paydaemon.engine.deliveries import Deliveries, DeliveryLimits, LiveNotifier
from paydaemon.hooks.notifier import Audience
from paydaemon.store.port import Store
from paydaemon.store.sqlite import open_store
from paydaemon.testing.clocks import trio_clock
from tests.deliveries.played import PlayedNotifier


class Killed(BaseException):
    """Nothing survives this but what is recorded."""


@dataclass
class Office:
    """Everything there is. `begin` starts what a daemon would; leaving the office is a crash."""

    store: Store
    clock: Clock
    limits: DeliveryLimits
    notifier: PlayedNotifier
    nursery: trio.Nursery
    deliveries: Deliveries = field(init=False)
    died: trio.Event = field(default_factory=trio.Event)
    _scope: trio.CancelScope = field(default_factory=trio.CancelScope)

    async def begin(self) -> None:
        """A daemon starts."""
        live = LiveNotifier(self.notifier, "played", self.limits, endpoints=True)
        self.deliveries = Deliveries(self.store, {self.notifier.id: live}, self.clock, self.limits)
        self.deliveries.public_url = "https://pay.example"
        self._scope, self.died = trio.CancelScope(), trio.Event()
        await self.nursery.start(self._run, live)

    async def _run(self, live: LiveNotifier, *, task_status: trio.TaskStatus[None]) -> None:
        try:
            with self._scope:
                async with trio.open_nursery() as nursery:
                    await nursery.start(live.run)
                    await nursery.start(self.deliveries.run)
                    task_status.started()
        except* Killed:
            self.died.set()

    def end(self) -> None:
        """It ends, whatever is under way."""
        self._scope.cancel()

    async def endpoint(self, id: str, *types: EventType, seller_id: str | None = "shop") -> Target:
        """Somebody new to be told."""
        target = Target(id, "played", None, Wanted(frozenset(types), seller_id), self.store.last_seq, 0)
        await self.store.transact(lambda tx: tx.add_target(target))
        self.deliveries.began(target)
        return target

    async def happen(
        self, about: str | None = None, type: EventType = EventType.CHAIN_STALE, seller_id: str = "shop"
    ) -> Event:
        """Something happens, about a chain that stands for what it is about."""
        draft = Draft(type, {"chain": about}, seller_id=seller_id)
        return await self.store.transact(lambda tx: tx.append(draft, self.clock()))

    async def until(self, holds: Callable[[], bool], *, step_s: float = 0.01) -> None:
        """Let time pass until something holds."""
        while not holds():  # noqa: ASYNC110 - what is waited for is no task of ours
            await trio.sleep(step_s)

    async def state(self, target_id: str, seq: int) -> Delivery:
        """What became of an event for a target."""
        found = await self.store.read(lambda reader: reader.delivery_of(target_id, seq))
        assert found is not None
        return found

    async def target(self, id: str) -> Target:
        """A target as it is."""
        found = await self.store.read(lambda reader: reader.target(id))
        assert found is not None
        return found

    async def count(self, target_id: str, state: DeliveryState) -> int:
        """How many of its deliveries are in a state."""
        far_ms = 2**60
        return len(await self.store.read(lambda reader: reader.oldest(target_id, state, far_ms, 10**6)))

    async def types(self) -> list[str]:
        """The types of all events."""
        events = await self.store.read(
            lambda reader: reader.events(after=0, types=(), invoice_id=None, seller_id=None, limit=10**6)
        )
        return [event.type.value for event in events]


@asynccontextmanager
async def office(
    *audiences: Audience,
    path: Path | None = None,
    limits: DeliveryLimits | None = None,
    begin: bool = True,
    clock: Clock | None = None,
) -> AsyncIterator[Office]:
    """A place to tell people from, under a mock clock."""
    async with open_store(path or ":memory:", executor="inline") as store, trio.open_nursery() as nursery:
        for seller in ("shop", "rival"):
            await store.transact(lambda tx, seller=seller: tx.add_seller(Seller(seller, seller, 0)))  # type: ignore[misc]
        notifier = PlayedNotifier(audiences=audiences)
        made = Office(store, clock or trio_clock(), limits or DeliveryLimits(), notifier, nursery)
        if begin:
            await made.begin()
        yield made
        nursery.cancel_scope.cancel()
