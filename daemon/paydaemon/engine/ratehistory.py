"""What rates there were: noted at a set resolution, kept for so many days, and known again after a restart.

Whoever wants to know what a pair cost at noon need not have asked then. The last good rates are what the next
ones must not be too far from: without them, the first word after a restart would be held against nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
import trio

from paydaemon.core.errors import unknown_cursor
from paydaemon.core.invoice import QuoteMethod
from paydaemon.core.ratereasons import Verdict
from paydaemon.core.raterules import Pair
from paydaemon.engine.clock import Clock
from paydaemon.engine.rates import Look, RateBook
from paydaemon.store.port import Store, StoreUnavailable, Transaction
from paydaemon.store.rateport import KeptRate

log = structlog.get_logger(__name__)

MOST_PAIRS = 500
"""Of how many pairs rates are kept; those that invoices were quoted in come first."""
LONGEST_NAP_S = 10.0
"""How soon another resolution holds, and another time of the clock."""

PRUNE_EVERY_S = 3_600.0
PRUNED_AT_ONCE = 500
LATEST_MS = 2**62
"""Later than any rate."""

DAY_MS = 86_400_000

_CURSOR = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(slots=True)
class HistoryRules:
    """Every how many seconds a rate is noted, and for how many days it is kept; may change at any time."""

    every_s: int = 60
    keep_days: int = 400


@dataclass(frozen=True, slots=True)
class Span:
    """Of which pair, and from when until before when, in ms."""

    base: str
    quote: str
    from_ms: int = 0
    until_ms: int = LATEST_MS


class RateHistory:
    """Notes what every known pair costs. Runs until cancelled."""

    def __init__(
        self, store: Store, rates: RateBook, clock: Clock, rules: HistoryRules | None = None
    ) -> None:
        self._store = store
        self._rates = rates
        self._clock = clock
        self.rules = rules or HistoryRules()

    async def prime(self) -> None:
        """Let the book know the last good rates from before the start: those that several sources made."""
        for kept in await self._store.read(lambda reader: reader.last_rates()):
            if kept.method is QuoteMethod.MEDIAN:
                self._rates.prime(f"{kept.base}/{kept.quote}", kept.rate, kept.at_ms)

    async def run(self) -> None:
        """Note and prune, each in its own time."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._note_always)
            nursery.start_soon(self._prune_always)

    async def span(
        self, span: Span, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[KeptRate], str | None]:
        """A page of what was kept, newest first, and where the next one begins.

        A cursor is the time of the last rate of the page before, in ms. Raises `Refusal` for any other.
        """
        if cursor is not None and _CURSOR.fullmatch(cursor) is None:
            raise unknown_cursor(cursor)
        before_ms = min(span.until_ms, LATEST_MS if cursor is None else int(cursor))
        found = await self._store.read(
            lambda reader: reader.rate_history(
                span.base, span.quote, from_ms=span.from_ms, before_ms=before_ms, limit=limit + 1
            )
        )
        return found[:limit], str(found[limit - 1].at_ms) if len(found) > limit else None

    # --- Noting

    async def _note_always(self) -> None:
        before_ms = self._clock()
        while True:
            every_ms = 1_000 * self.rules.every_s
            await trio.sleep(min(LONGEST_NAP_S, (every_ms - before_ms % every_ms) / 1_000))
            at_ms = self._passed(before_ms)
            before_ms = self._clock()
            if at_ms is not None:
                await self._try_to_note(at_ms)

    def _passed(self, before_ms: int) -> int | None:
        """The time to note rates as of, where it has come since then."""
        now_ms, every_ms = self._clock(), 1_000 * self.rules.every_s
        at_ms = now_ms // every_ms * every_ms
        return at_ms if at_ms > before_ms else None

    async def _try_to_note(self, at_ms: int) -> None:
        try:
            await self.note(at_ms)
        except StoreUnavailable as error:
            log.debug("rates could not be noted", error=str(error))

    async def note(self, at_ms: int) -> None:
        """Note what every known pair costs now, as of a time."""
        known = []
        for pair in self._pairs():
            await trio.lowlevel.checkpoint()
            known.append(_kept(self._rates.look(*pair), at_ms))
        kept = [one for one in known if one is not None]
        if kept:
            await self._store.transact(lambda tx: _keep(tx, kept))

    def _pairs(self) -> Sequence[Pair]:
        asked = (one.pair for one in self._rates.asked())
        return list(dict.fromkeys([*asked, *self._rates.pairs()]))[:MOST_PAIRS]

    # --- Pruning

    async def _prune_always(self) -> None:
        while True:
            await trio.sleep(PRUNE_EVERY_S)
            try:
                await self.prune()
            except StoreUnavailable as error:
                log.debug("nothing could be pruned", error=str(error))

    async def prune(self) -> None:
        """Forget what is older than is kept, a little at a time."""
        before_ms = self._clock() - self.rules.keep_days * DAY_MS
        while await self._store.transact(lambda tx: tx.prune_rates(before_ms, PRUNED_AT_ONCE)):
            pass


def _kept(look: Look, at_ms: int) -> KeptRate | None:
    """A pair as it is kept; None while it has no rate."""
    if look.rate is None or look.method is None:
        return None
    return KeptRate(look.base, look.quote, at_ms, look.rate, look.method, whose(look))


def whose(look: Look) -> str:
    """Whose word a rate is, in words; empty where there is no rate."""
    used = (one.source for one in look.sources if one.verdict is Verdict.USED)
    return ", ".join(dict.fromkeys(used))


def _keep(tx: Transaction, known: Sequence[KeptRate]) -> None:
    for kept in known:
        tx.keep_rate(kept)
