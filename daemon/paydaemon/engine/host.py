"""The host: what one chain plugin is given of the daemon (`paydaemon.hooks.ports.ChainHost`).

A store that cannot take something now is no fault of the chain's. So what a chain says waits here until it
is recorded: the chain is not restarted for it, and goes on as soon as the disk does.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

import structlog
import trio

from paydaemon.core.border import all_admitted, check_as_of, check_cursor, check_identity
from paydaemon.core.invoice import Destination, Stage
from paydaemon.core.payment import ChainTime, Observation, as_observed
from paydaemon.engine.clock import Clock
from paydaemon.engine.intake import Confirming, Told, record, sellers_of, turn_clocks
from paydaemon.engine.limits import EngineLimits
from paydaemon.engine.live import LiveHub
from paydaemon.engine.measures import ChainMeasures, Move
from paydaemon.hooks.ports import Chain, ChainMismatch, SavedChain
from paydaemon.store.port import Store, StoreUnavailable, Transaction

T = TypeVar("T")

log = structlog.get_logger(__name__)

GONE_FOR_MS = 30 * 86_400_000
"""How long after it was recorded a payment is named that was replaced or dropped: twice as long as a Bitcoin
node keeps what no block takes (bitcoin: policy.h, DEFAULT_MEMPOOL_EXPIRY_HOURS).
"""
AGAIN_S = 1.0
"""How long after it could not be recorded the same thing is tried again."""


class Host:
    """One chain's door into the daemon."""

    def __init__(
        self,
        store: Store,
        chain: Chain,
        clock: Clock,
        live: LiveHub,
        *,
        limits: EngineLimits | None = None,
        measures: ChainMeasures | None = None,
        configured: Collection[str] = (),
        on_complete: Callable[[], object] = lambda: None,
    ) -> None:
        """`on_complete` is called whenever it is recorded that the chain was seen complete."""
        self._configured = configured
        self._on_complete = on_complete
        self._measures = measures or ChainMeasures()
        self._store = store
        self._chain = chain
        self._clock = clock
        self._live = live
        self._limits = limits or EngineLimits()

    async def identify(self, identity: str) -> None:
        """Store which network and wallet this is, or raise `ChainMismatch`."""
        check_identity(identity)
        stored = await self._recorded(lambda tx: _identify(tx, self._chain.id, identity, self._configured))
        if stored != identity:
            raise ChainMismatch(
                f"chain {self._chain.id!r} is {identity!r}, but this database belongs to {stored!r}", stored
            )

    async def saved(self) -> SavedChain:
        """Where this chain left off."""
        row = await self._store.read(lambda reader: reader.chain(self._chain.id))
        return SavedChain(row.cursor, row.next_index)

    async def destinations(self, *, after_index: int = -1, limit: int = 10_000) -> Sequence[Destination]:
        """What was issued here, by growing index."""
        return await self._store.read(lambda reader: reader.destinations(self._chain.id, after_index, limit))

    async def unfinal(self) -> Sequence[Observation]:
        """Every recorded payment that more blocks may still change.

        What does not count any more is left out once it was recorded `GONE_FOR_MS` ago, or each replacement
        of years would be looked through at every start. If it comes back after all, the chain sees it like
        any other credit, and by its ref it is the same payment.
        """
        final, gone_since_ms = self._chain.depths.final, self._clock() - GONE_FOR_MS

        def above(tip: int | None) -> int:
            """The newest block that has `final` confirmations."""
            return -1 if tip is None else tip - final + 1

        payments = await self._store.read(
            lambda reader: reader.unfinal_payments(
                self._chain.id, above(reader.chain(self._chain.id).height), gone_since_ms
            )
        )
        return [as_observed(payment) for payment in payments]

    async def observe(
        self, observations: Sequence[Observation], as_of: ChainTime | None, cursor: str | None
    ) -> None:
        """Record what the chain says, then turn the clocks it allows to turn.

        Raises `ValueError` for more at once than one transaction should hold, and for what no chain may say
        (`paydaemon.core.border`): nothing of it is recorded.
        """
        if len(observations) > self._limits.observations:
            raise ValueError(
                f"{len(observations)} observations are told at once; the limit is {self._limits.observations}"
            )
        check_as_of(as_of)
        check_cursor(cursor)
        began = trio.current_time()
        admitted = all_admitted(observations, self._chain.id)
        told = Told(self._chain.id, admitted, as_of, cursor, self._chain.depths.default)
        most = self._limits.confirming_at_once
        recorded = await self._recorded(lambda tx: record(tx, told, self._clock(), most))
        self._tell(recorded.moves)
        if recorded.confirming is not None and self._live.is_watched:
            await self._push(recorded.confirming)
        if as_of is not None:
            self._on_complete()
            await self._turn(Stage.OPEN)
            await self._turn(Stage.EXPIRED)
        self._measures.observed_s.observe(trio.current_time() - began)

    def looked(self, took_s: float) -> None:
        """Count one look at the network."""
        self._measures.looked_s.observe(took_s)

    def _tell(self, moves: Sequence[Move]) -> None:
        self._measures.moved(moves, self._clock())
        for move in moves:
            payment = move.payment
            log.debug(
                "a payment moved",
                payment_id=payment.id,
                invoice_id=payment.invoice_id,
                chain=payment.chain,
                state=payment.state.value,
            )

    async def _push(self, news: Confirming) -> None:
        """What is only for those who watch now is no reason to fail what was recorded."""
        with suppress(StoreUnavailable):
            self._live.confirming(news, await self._store.read(lambda reader: sellers_of(reader, news)))

    async def _turn(self, stage: Stage) -> None:
        """Turn clocks in transactions of bounded size, so that requests get their turn in between.

        So many at one look, for the chain waits meanwhile with whatever is paid next; the next look goes on.
        """
        if not await self._store.read(lambda reader: reader.invoices_due(stage, 1)):
            return
        most = self._limits.clocks_at_once
        for _ in range(self._limits.clock_turns):
            if await self._recorded(lambda tx: turn_clocks(tx, stage, self._clock(), most)) < most:
                return

    async def _recorded(self, fn: Callable[[Transaction], T]) -> T:
        """What `fn` returns once it is recorded. Every `fn` here says the same when it runs again."""
        was_refused = False
        while True:
            try:
                return await self._store.transact(fn)
            except StoreUnavailable as error:
                if not was_refused:
                    log.warning("a chain waits for the store", chain=self._chain.id, error=str(error))
                was_refused = True
                await trio.sleep(AGAIN_S)


def _identify(tx: Transaction, chain: str, identity: str, configured: Collection[str]) -> str:
    """What the chain is known as. One network and wallet under two names would count each credit twice."""
    holder = tx.chain_known_as(identity)
    if holder not in (None, chain):
        both = holder in configured
        todo = (
            "give it a wallet of its own, or leave one of them out" if both else f"call it {holder!r} again"
        )
        raise ChainMismatch(f"chain {chain!r} is the same network and wallet as chain {holder!r}: {todo}")
    row = tx.chain(chain)
    if row.identity is None:
        tx.set_chain(replace(row, identity=identity))
        return identity
    return row.identity
