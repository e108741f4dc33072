"""Watches the pairs that were quoted before, and journals where sales in one stop and go on.

Nobody need ask for an invoice for that. A pair that never had a rate has nothing to lose: it is not told of.
"""

import structlog
import trio

from paydaemon.core.events import Draft, EventType
from paydaemon.core.raterules import named
from paydaemon.core.rates import Found
from paydaemon.engine.clock import Clock
from paydaemon.engine.rates import Asked, RateBook
from paydaemon.store.port import Store, StoreUnavailable

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 5
"""How often every pair is looked at. One that has no rate is told of if it has none at the next look either:
a source that a reload restarts is away for a moment.
"""


class RateWatch:
    """Looks at every pair that was quoted since the start. What it knows of them lasts as long as it runs."""

    def __init__(self, store: Store, rates: RateBook, clock: Clock) -> None:
        self._store = store
        self._rates = rates
        self._clock = clock
        self._doubtful: set[Asked] = set()
        self._stopped: set[Asked] = set()

    async def run(self) -> None:
        """Watch until cancelled. A store that is unavailable is tried again at the next look."""
        while True:
            await self.look()
            await trio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Look at every pair once."""
        watched = self._rates.asked()
        self._stopped.intersection_update(watched)
        for asked in watched:
            found = self._rates.found(asked)
            self._measure(asked, found)
            try:
                await self._tell(asked, found)
            except StoreUnavailable as error:
                log.warning("a rate's turn could not be journaled", pair=named(asked.pair), error=str(error))
            await trio.lowlevel.checkpoint()

    def _measure(self, asked: Asked, found: Found) -> None:
        if asked.seller_id is None:
            agreeing = min(len(leg.agreeing) for leg in found.legs) if found.rate else 0
            self._rates.measures.agreeing[named(asked.pair)] = agreeing

    async def _tell(self, asked: Asked, found: Found) -> None:
        """Journal a turn for the worse, at the second look, or for the better."""
        if found.rate is not None:
            self._doubtful.discard(asked)
            if asked in self._stopped:
                await self._journal(EventType.RATES_RECOVERED, asked, rate=found.rate)
                self._stopped.remove(asked)
        elif asked not in self._stopped and asked in self._doubtful:
            await self._journal(EventType.RATES_STOPPED, asked, reason=found.problem)
            self._stopped.add(asked)
        else:
            self._doubtful.add(asked)

    async def _journal(self, type: EventType, asked: Asked, **data: str | None) -> None:
        seller = {} if asked.seller_id is None else {"seller_id": asked.seller_id}
        draft = Draft(type, {"pair": named(asked.pair), **data, **seller})
        await self._store.transact(lambda tx: tx.append(draft, self._clock()))
        tell = log.warning if type is EventType.RATES_STOPPED else log.info
        tell("sales in a pair turned", type=type.value, **draft.data)
