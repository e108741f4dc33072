"""What became of each source's word, and why there is no rate: for people."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from paydaemon.core.ratelegs import Known, Leg, Word
from paydaemon.core.raterules import Pair, named

LONGEST_PROBLEM = 2_000
"""Characters."""


class Verdict(StrEnum):
    """What became of a source's word."""

    USED = "used"
    OUTLIER = "outlier"
    STALE = "stale"
    FAILED = "failed"
    """It has nothing fresh, and said why."""
    UNUSED = "unused"
    """Fresh, but no rate came of it, or another one went before."""


@dataclass(frozen=True, slots=True)
class SourceLook:
    """What one source says of one pair on the way, and what became of that."""

    source: str
    pair: Pair
    rate: str | None
    at_ms: int | None
    verdict: Verdict
    reason: str = ""


def worded(known: Known, legs: Iterable[Leg]) -> str:
    """Why these legs have no rate, one after the other."""
    text = "; ".join(_why(known, leg) for leg in legs)
    return text if len(text) <= LONGEST_PROBLEM else text[:LONGEST_PROBLEM] + "…"


def _why(known: Known, leg: Leg) -> str:
    """``BTC/EUR: 1 of 2 sources needed: kraken 61000.00; coinbase: HTTP 429; bitstamp: 340 s old``."""
    if leg.jumped:
        return f"{named(leg.pair)}: {leg.jumped}"
    said = "; ".join(_said(look) for look in looks_of(known, leg, used=False) if not _is_spare(leg, look))
    if not said:
        return f"{named(leg.pair)}: no source has a price"
    return f"{named(leg.pair)}: {len(leg.agreeing)} of {leg.needed} sources needed: {said}"


def _is_spare(leg: Leg, look: SourceLook) -> bool:
    return any(word.source == look.source for word in leg.spare)


def _said(look: SourceLook) -> str:
    match look.verdict:
        case Verdict.OUTLIER:
            return f"{look.source} {look.rate} is an outlier"
        case Verdict.STALE | Verdict.FAILED:
            return f"{look.source}: {look.reason}"
        case _:
            return f"{look.source} {look.rate}"


def looks_of(known: Known, leg: Leg, *, used: bool) -> Iterator[SourceLook]:
    """What every source says of one leg; `used` says that a rate was made of it."""
    agreeing = Verdict.USED if used else Verdict.UNUSED
    yield from (_look(word, agreeing) for word in leg.agreeing)
    yield from (_look(word, Verdict.OUTLIER, "too far from the median") for word in leg.outliers)
    yield from (_look(word, Verdict.UNUSED) for word in leg.spare)
    failures = known.failures(leg.pair)
    for word in leg.stale:
        old = f"{abs(known.now_ms - word.at_ms) // 1000} s old"
        failure = failures.get(word.source)
        verdict = Verdict.STALE if failure is None else Verdict.FAILED
        yield _look(word, verdict, old if failure is None else f"{failure}, {old}")
    words = chain(leg.agreeing, leg.outliers, leg.spare, leg.stale)
    heard = {word.source for word in words}
    for source, reason in failures.items():
        if source not in heard:
            yield SourceLook(source, leg.pair, None, None, Verdict.FAILED, reason)


def _look(word: Word, verdict: Verdict, reason: str = "") -> SourceLook:
    return SourceLook(word.source, word.pair, word.text, word.at_ms, verdict, reason)
