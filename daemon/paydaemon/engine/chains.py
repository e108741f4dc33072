"""Chains: the configured networks while they run, and whether each can be trusted with new options.

A chain is usable when it says it is healthy and was seen complete not long ago. Losing and regaining that is
an event, told once each way. A stale chain gets no new options; the others go on.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import cast

import structlog
import trio

from paydaemon.core.border import check_destination, storable
from paydaemon.core.errors import unavailable
from paydaemon.core.events import Draft, EventType
from paydaemon.core.invoice import Destination
from paydaemon.core.times import rfc3339
from paydaemon.engine.clock import Clock
from paydaemon.engine.indexes import Indexes
from paydaemon.engine.measures import ChainMeasures
from paydaemon.hooks.ports import Chain, ChainHost, DestinationRequest, Health, HealthState, Prompt, Relay
from paydaemon.logs import MAX_REASON, in_one_line, leaves
from paydaemon.store.port import Reader, Store, StoreUnavailable, Transaction

log = structlog.get_logger(__name__)

CHECK_EVERY_S = 1.0
AHEAD_MS = 7_200_000
"""How far a chain's clock may be ahead of ours: as far as Bitcoin lets a block's be (bitcoin: chain.h,
MAX_FUTURE_BLOCK_TIME). By one further ahead every invoice would expire as soon as it is created.
"""


@dataclass(frozen=True, slots=True)
class ChainStatus:
    """A chain's health as everybody is told it."""

    id: str
    plugin: str
    state: HealthState
    reason: str
    as_of_ms: int | None
    height: int | None


class LiveChain:
    """One configured chain: the plugin's object, its indexes and its health.

    What the chain says of itself once and for all is asked once, when this is made, and whatever that raises
    comes out: a chain that fails later fails alone. `stale_after_ms` and `wait_s` may change at any time.
    """

    def __init__(
        self, chain: Chain, plugin: str, store: Store, clock: Clock, *, stale_after_ms: int, wait_s: float
    ) -> None:
        self.chain = chain
        self.id = chain.id
        self.assets = tuple(chain.assets)
        self.depths = chain.depths
        self.relay = _relay_of(chain)
        self.plugin = plugin
        self._store = store
        self._clock = clock
        self.stale_after_ms = stale_after_ms
        self.wait_s = wait_s
        self.measures = ChainMeasures()
        self._indexes = Indexes(store, self.id)
        self._failure: str | None = None
        self._as_of_ms: int | None = None
        self._height: int | None = None

    async def destination(self, request: DestinationRequest) -> Destination:
        """A fresh destination. Raises `Refusal` (unavailable) where the chain gives none in time."""
        index = await self._indexes.take()
        try:
            with trio.fail_after(self.wait_s):
                given = await self.chain.destination(index, request)
            check_destination(given)
        except Exception as error:
            # Whatever it was: the other chains can still be offered, and the caller learns no more than this.
            about = {"chain": self.id, "invoice_id": request.invoice_id}
            log.warning("chain gave no destination", **about, exc_info=error)
            raise unavailable("chain_unavailable", f"chain {self.id} gave no destination") from error
        return given

    async def run(
        self, host: ChainHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Run the chain until cancelled, and remember what it failed of until it is seen complete again."""
        try:
            await self.chain.run(host, task_status=task_status)
            self._failure = "it ended by itself"
        except BaseException as error:
            self._failure = _why(error)
            raise

    def seen_complete(self) -> None:
        """What it had failed of is over."""
        self._failure = None

    def look_now(self) -> None:
        """Have it look at its network at once, where it can be told to."""
        if isinstance(self.chain, Prompt):
            try:
                self.chain.look_now()
            except Exception as error:
                log.warning("chain could not be told to look", chain=self.id, exc_info=error)

    async def refresh(self) -> None:
        """Read up to when the chain was seen complete."""
        row = await self._store.read(lambda reader: reader.chain(self.id))
        self._as_of_ms, self._height = row.as_of_ms, row.height

    def status(self) -> ChainStatus:
        """The chain's health now."""
        health = self._health()
        return ChainStatus(self.id, self.plugin, health.state, health.reason, self._as_of_ms, self._height)

    def _health(self) -> Health:
        said = self._said()
        if self._failure is not None:
            said = _after(self._failure, said)
        if said.state is not HealthState.HEALTHY:
            return said
        if self._as_of_ms is None:
            return Health(HealthState.STARTING, "not yet seen complete")
        return self._out_of_step(self._as_of_ms) or said

    def _said(self) -> Health:
        """What the chain says of itself. One that cannot say even that gets no new options."""
        try:
            said = self.chain.health()
            return Health(HealthState(said.state), storable(said.reason, MAX_REASON))
        except Exception as error:
            log.warning("chain could not tell its health", chain=self.id, exc_info=error)
            return Health(HealthState.STALE, "it could not tell its health")

    def _out_of_step(self, as_of_ms: int) -> Health | None:
        """What the time of its last word says against it."""
        behind_ms = self._clock() - as_of_ms
        if behind_ms > self.stale_after_ms:
            return Health(HealthState.STALE, f"last seen complete at {rfc3339(as_of_ms)}")
        if behind_ms < -AHEAD_MS:
            return Health(HealthState.STALE, f"its clock is {-behind_ms // 1000} s ahead of the daemon's")
        return None


def _after(failure: str, said: Health) -> Health:
    """What a chain's own word is worth once it failed, until it is seen complete again."""
    if said.state is HealthState.HEALTHY:
        return Health(HealthState.STALE, f"it failed, and is started again: {failure}")
    return said if said.reason else replace(said, reason=failure)


def _why(error: BaseException) -> str:
    """What a chain failed of. It is cancelled where it does not start in time."""
    failed = [in_one_line(one) for one in leaves(error) if not isinstance(one, trio.Cancelled)]
    return storable("; ".join(failed), MAX_REASON) or "it did not start in time"


RELAY_CALLS = ("relay_health", "canonical", "inspect", "verify", "submit", "follow")
"""The methods by which a chain relays, if it does."""


def _relay_of(chain: Chain) -> Relay | None:
    """The chain's second port, if it has one."""
    relays = all(callable(getattr(chain, name, None)) for name in RELAY_CALLS)
    return cast(Relay, chain) if relays else None


async def absent_chains(store: Store, configured: Collection[str]) -> Sequence[ChainStatus]:
    """The chains that are not configured and that invoices wait on: nobody sees what is paid there.

    Each is told in the log, once.
    """
    found = await store.read(lambda reader: _absent(reader, configured))
    for chain in found:
        log.warning("a chain is not configured, and invoices wait on it", chain=chain.id, reason=chain.reason)
    return found


def _absent(reader: Reader, configured: Collection[str]) -> Sequence[ChainStatus]:
    waiting = {id: count for id, count in reader.waiting_by_chain().items() if count and id not in configured}
    rows = [reader.chain(id) for id in sorted(waiting)]
    return [
        ChainStatus(row.id, "", HealthState.STALE, absence(waiting[row.id]), row.as_of_ms, row.height)
        for row in rows
    ]


def absence(waiting: int) -> str:
    """What is wrong with a chain that is not configured, in words."""
    return f"not configured, and {waiting} invoice(s) wait for what is paid on it"


class HealthWatch:
    """Looks at every chain once a second and journals each turn for the worse or the better.

    After a fault it also tries the store, so that a disk which has room again is known of though nobody asks.
    """

    def __init__(self, store: Store, chains: Mapping[str, LiveChain], clock: Clock) -> None:
        self._store = store
        self._chains = chains
        self._clock = clock

    async def run(self) -> None:
        """Watch until cancelled. A store that is unavailable is tried again at the next look."""
        while True:
            await self._try_store()
            for chain in self._chains.values():
                try:
                    await self._look(chain)
                except StoreUnavailable as error:
                    log.warning("chain health could not be journaled", chain=chain.id, error=str(error))
            await trio.sleep(CHECK_EVERY_S)

    async def _try_store(self) -> None:
        if self._store.fault is not None:
            with suppress(StoreUnavailable):
                await self._store.transact(lambda tx: _rewrite(tx, self._chains))

    async def _look(self, chain: LiveChain) -> None:
        await chain.refresh()
        status = chain.status()
        if status.state is HealthState.STARTING:
            return
        row = await self._store.read(lambda reader: reader.chain(status.id))
        stale = status.state is HealthState.STALE
        if stale != (row.stale_since_ms is not None):
            await self._store.transact(lambda tx: _journal_turn(tx, status, self._clock()))
            tell = log.warning if stale else log.info
            tell("chain turned", chain=status.id, state=status.state.value, reason=status.reason)


def _rewrite(tx: Transaction, chains: Iterable[str]) -> None:
    """Write what is there already: it changes nothing, and has to reach the disk all the same."""
    for chain in chains:
        tx.set_chain(tx.chain(chain))


def _journal_turn(tx: Transaction, status: ChainStatus, now_ms: int) -> None:
    """Record that a chain went stale or recovered; nothing where that was recorded already."""
    row = tx.chain(status.id)
    stale = status.state is HealthState.STALE
    if stale == (row.stale_since_ms is not None):
        return
    tx.set_chain(replace(row, stale_since_ms=now_ms if stale else None))
    type = EventType.CHAIN_STALE if stale else EventType.CHAIN_RECOVERED
    as_of = None if row.as_of_ms is None else rfc3339(row.as_of_ms)
    tx.append(Draft(type, {"chain": status.id, "reason": status.reason, "as_of": as_of}), now_ms)
