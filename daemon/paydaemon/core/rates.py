"""Rates: how what several sources say becomes what an asset costs in a currency, or the reasons why not.

The operator's own word goes first, then the market's of the pair itself (`ratelegs`), then a way over other
currencies, then a fallback. A jump is never walked round.

All of it is reckoned in decimals without rounding, but for prices turned the other way round, and for the
result: both have 15 significant digits. Whoever has what is stored of an option can work it out again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain, pairwise, permutations

from paydaemon.core.invoice import Quote, QuoteMethod, SourcePrice
from paydaemon.core.ratedecimals import EXACT, ONE, PPM, share, written
from paydaemon.core.ratelegs import Known, Leg, is_fresh, jump, leg_of
from paydaemon.core.ratereasons import SourceLook, looks_of, worded
from paydaemon.core.raterules import Pair, Rules, named

MOST_LEGS = 3


@dataclass(frozen=True, slots=True)
class Found:
    """The rate of a pair, before any spread, with the legs on the way; without one, `problem` says why.

    `legs` are then all that were looked at.
    """

    pair: Pair
    legs: tuple[Leg, ...]
    method: QuoteMethod | None = None
    value: Decimal | None = None
    rate: str | None = None
    problem: str | None = None

    @property
    def at_ms(self) -> int | None:
        """When the oldest word was said that the rate is made of."""
        used = [word.at_ms for leg in self.legs for word in leg.agreeing]
        return min(used) if self.rate is not None else None


def find(known: Known, rules: Rules, pair: Pair) -> Found:
    """The rate of a pair: as set, by the market, by way of other currencies, or by a fallback."""
    legs: dict[Pair, Leg] = {}
    direct = leg_of(known, rules, pair)
    legs[pair] = direct
    if direct.value is not None:
        return _along(known, rules, pair, (direct,))
    if direct.jumped:
        return Found(pair, (direct,), problem=worded(known, [direct]))
    for way in _ways(rules, pair):
        gone = _go(known, rules, way, legs)
        if all(leg.value is not None for leg in gone):
            return _along(known, rules, pair, gone)
        if gone[-1].jumped:
            return Found(pair, gone, problem=worded(known, gone[-1:]))
    return _fallback(known, rules, direct) or _none(known, legs)


def quoted(found: Found, spread_ppm: int) -> Quote | None:
    """What an option is made of: the rate less the spread; None where nothing remains to write."""
    rate = found.rate
    if spread_ppm and found.value is not None:
        rate = written(EXACT.multiply(found.value, share(PPM - spread_ppm)))
    if rate is None or found.method is None or found.at_ms is None:
        return None
    agreeing = dict.fromkeys(word.source for leg in found.legs for word in leg.agreeing)
    sources = tuple(chain.from_iterable(map(_prices, found.legs)))
    return Quote(rate, ", ".join(agreeing), found.at_ms, found.method, spread_ppm, sources)


def looks(known: Known, found: Found) -> Iterator[SourceLook]:
    """What every source says on the way, leg by leg."""
    for leg in found.legs:
        yield from looks_of(known, leg, used=found.rate is not None)


def _prices(leg: Leg) -> Iterator[SourcePrice]:
    for words, outlier in ((leg.agreeing, False), (leg.outliers, True)):
        for word in words:
            yield SourcePrice(word.source, named(leg.pair), word.text, word.at_ms, outlier)


# --- The way from an asset to a currency


def _ways(rules: Rules, pair: Pair) -> Iterator[Sequence[str]]:
    """By growing number of legs, then in the order of `via`."""
    between = [code for code in dict.fromkeys(rules.via) if code not in pair]
    for stops in range(1, MOST_LEGS):
        for stopped in permutations(between, stops):
            yield pair[0], *stopped, pair[1]


def _go(known: Known, rules: Rules, way: Sequence[str], legs: dict[Pair, Leg]) -> tuple[Leg, ...]:
    """The legs of a way, up to the first without a rate. What was looked at is kept in `legs`."""
    gone: list[Leg] = []
    for pair in pairwise(way):
        leg = legs.get(pair) or leg_of(known, rules, pair)
        legs[pair] = replace(leg, is_next=leg.is_next or bool(gone))
        gone.append(leg)
        if leg.value is None:
            break
    return tuple(gone)


def _along(known: Known, rules: Rules, pair: Pair, legs: tuple[Leg, ...]) -> Found:
    """The rate that the legs make together."""
    value = ONE
    for leg in legs:
        assert leg.value is not None
        value = EXACT.multiply(value, leg.value)
    by_operator = [leg.method is QuoteMethod.SET for leg in legs]
    jumped = "" if any(by_operator) or len(legs) == 1 else jump(known, rules.of_pair(pair), pair, value)
    rate = (legs[0].text if len(legs) == 1 else None) or written(value)
    if jumped or rate is None:
        return Found(pair, legs, problem=f"{named(pair)}: {jumped or 'the rate has too many digits'}")
    return Found(pair, legs, QuoteMethod.SET if all(by_operator) else QuoteMethod.MEDIAN, value, rate)


def _fallback(known: Known, rules: Rules, market: Leg) -> Found | None:
    """What is allowed alone, where the market of the pair gave no rate."""
    pair, method = market.pair, QuoteMethod.FALLBACK
    own = rules.of_pair(pair)
    fresh = {word.source: word for word in known.words(pair) if is_fresh(known, own, word)}
    for source in rules.fallback:
        if source in fresh:
            word = fresh.pop(source)
            spare = tuple(fresh.values())
            leg = Leg(pair, 1, word.price, word.text, method, (word,), stale=market.stale, spare=spare)
            return Found(pair, (leg,), method, word.price, word.text)
    return None


def _none(known: Known, legs: Mapping[Pair, Leg]) -> Found:
    """No rate. The way there is told as far as anybody says anything of it."""
    asked = next(iter(legs))
    told = [leg for pair, leg in legs.items() if pair == asked or _is_told_of(known, leg)]
    return Found(asked, tuple(told), problem=worded(known, told))


def _is_told_of(known: Known, leg: Leg) -> bool:
    heard = any((leg.agreeing, leg.outliers, leg.stale))
    return leg.value is None and (heard or leg.is_next or known.is_failing(leg.pair))
