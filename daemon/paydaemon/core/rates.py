"""Rates: how what several sources say of a pair becomes one rate, or the reasons why none does.

The rate of a pair is the median of *all* fresh prices. Those too far from it are outliers: they do not count
towards the quorum, and each still says on which side of the rate it lies. A median of the others alone would
be easier to move: of 99, 100 and 103, with 2 % allowed, it would be that of 99 and 100, and should 99 be the
lie, less than anybody honest has said. So one liar among three can say whatever it likes: the rate stays
between the other two.

All of it is reckoned in decimals without rounding, but for prices turned the other way round, and for the
result: both have 15 significant digits. Whoever has what is stored of an option can work it out again.

Of an even number there are two prices in the middle, and whoever agrees must be near both: two sources that
differ by more than is allowed do not agree, though each is only half as far from the mean.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact
from enum import StrEnum
from itertools import chain, compress, pairwise, permutations
from operator import attrgetter, not_
from typing import Protocol

from paydaemon.core.invoice import Quote, QuoteMethod, SourcePrice
from paydaemon.core.money import DECIMAL, MAX_DECIMALS
from paydaemon.core.raterules import LegRules, Pair, Rules, reverse

MOST_LEGS = 3
LONGEST_PROBLEM = 2_000
"""Characters; it is for people."""
DIGITS = 15
"""Of what is worked out: means, reverses, crosses, and prices less a spread."""

_PPM = 1_000_000
_ROUNDED = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN)
_TO_LAST_PLACE = Context(prec=2 * MAX_DECIMALS, rounding=ROUND_HALF_EVEN)
_EXACT = Context(prec=400, traps=[Inexact])
"""Three prices of 60 digits multiplied, and a spread or a deviation of 7: far from 400."""
_LEAST = Decimal(1).scaleb(-MAX_DECIMALS)
_HALF = Decimal("0.5")
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Word:
    """What one source last said of a pair.

    `price` is that of one whole unit of the base in the quote, `text` the same as a decimal string.
    `max_age_ms` is for how long it is good where the source says so itself; `sets` as in
    `paydaemon.hooks.specs.RateSourcePlugin`.
    """

    source: str
    pair: Pair
    price: Decimal
    text: str
    at_ms: int
    sets: bool = False
    max_age_ms: int | None = None


class Known(Protocol):
    """What is known of rates at one moment."""

    @property
    def now_ms(self) -> int:
        """The moment."""

    def words(self, pair: Pair) -> Iterable[Word]:
        """Every source's last word of just this pair, fresh or not."""

    def turned(self, pair: Pair) -> Iterable[Word]:
        """Every source's last word of the reverse of this pair, turned round (`turned`)."""

    def failures(self, pair: Pair) -> Mapping[str, str]:
        """By source, why it has nothing new to say of this pair, either way round."""

    def is_failing(self, pair: Pair) -> bool:
        """Whether a source has said why it has nothing new of just this pair, either way round."""

    def last_good(self, pair: Pair) -> Decimal | None:
        """The last good rate that the next one must not be too far from; None where it is forgotten."""


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


@dataclass(frozen=True, slots=True)
class Leg:
    """One pair on the way. `value` is None where there is no rate; `jumped` says that it was too far off.

    `text` is the price just as one source said it, where it is one source's price. `is_next` says that the
    way had a rate up to here.
    """

    pair: Pair
    needed: int
    value: Decimal | None = None
    text: str | None = None
    method: QuoteMethod = QuoteMethod.MEDIAN
    agreeing: tuple[Word, ...] = ()
    outliers: tuple[Word, ...] = ()
    stale: tuple[Word, ...] = ()
    spare: tuple[Word, ...] = ()
    jumped: str = ""
    is_next: bool = False


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
    direct = _leg(known, rules, pair)
    legs[pair] = direct
    if direct.value is not None:
        return _along(known, rules, pair, (direct,))
    if direct.jumped:
        return Found(pair, (direct,), problem=_worded(known, [direct]))
    for way in _ways(rules, pair):
        gone = _go(known, rules, way, legs)
        if all(leg.value is not None for leg in gone):
            return _along(known, rules, pair, gone)
        if gone[-1].jumped:
            return Found(pair, gone, problem=_worded(known, gone[-1:]))
    return _fallback(known, rules, direct) or _none(known, legs)


def quoted(found: Found, spread_ppm: int) -> Quote | None:
    """What an option is made of: the rate less the spread; None where nothing remains to write."""
    rate = found.rate
    if spread_ppm and found.value is not None:
        rate = written(_EXACT.multiply(found.value, _share(_PPM - spread_ppm)))
    if rate is None or found.method is None or found.at_ms is None:
        return None
    agreeing = dict.fromkeys(word.source for leg in found.legs for word in leg.agreeing)
    sources = tuple(chain.from_iterable(map(_prices, found.legs)))
    return Quote(rate, ", ".join(agreeing), found.at_ms, found.method, spread_ppm, sources)


def looks(known: Known, found: Found) -> Iterator[SourceLook]:
    """What every source says on the way, leg by leg."""
    for leg in found.legs:
        yield from _looks(known, leg, used=found.rate is not None)


def written(value: Decimal) -> str | None:
    """A rate as it is stored: 15 significant digits, half even, at most 30 on either side of the point.

    None for what is too large or too small to be written so.
    """
    rounded = _ROUNDED.plus(value)
    if abs(rounded.adjusted()) > MAX_DECIMALS:
        return None
    if rounded.adjusted() - DIGITS < -MAX_DECIMALS:
        rounded = _TO_LAST_PLACE.quantize(rounded, _LEAST)
    text = format(rounded.normalize(_EXACT), "f")
    return text if rounded > 0 and DECIMAL.fullmatch(text) else None


def reversed_price(price: Decimal) -> Decimal:
    """What one whole unit of the quote costs in the base, in 15 digits."""
    return _ROUNDED.divide(_ONE, price)


def _share(ppm: int) -> Decimal:
    return Decimal(ppm).scaleb(-6)


def turned(word: Word) -> Word | None:
    """What a price says of the pair the other way round; None where that cannot be written.

    What is reckoned with is what is stored of it: the rounded price.
    """
    text = written(reversed_price(word.price))
    if text is None:
        return None
    return replace(word, pair=reverse(word.pair), price=Decimal(text), text=text)


def named(pair: Pair) -> str:
    """``BTC/EUR``."""
    return f"{pair[0]}/{pair[1]}"


# --- One leg


def _leg(known: Known, rules: Rules, pair: Pair) -> Leg:
    """The operator's own word where there is one, otherwise what the market says."""
    own = rules.of_pair(pair)
    direct = list(known.words(pair))
    fresh = [word for word in direct if _is_fresh(known, own, word)]
    by_operator = [word for word in fresh if word.sets and word.source not in rules.fallback]
    if by_operator:
        word = min(by_operator, key=lambda word: (-word.at_ms, word.source))
        spare = tuple(other for other in fresh if other is not word)
        return Leg(pair, 1, word.price, word.text, QuoteMethod.SET, (word,), spare=spare)
    return _market(known, own, pair, direct)


def _market(known: Known, rules: LegRules, pair: Pair, direct: Sequence[Word]) -> Leg:
    heard = [*known.turned(pair), *direct]
    fresh = {word.source: word for word in heard if _is_fresh(known, rules, word)}
    stale = {word.source: word for word in heard if word.source not in fresh}
    spare = tuple(word for word in fresh.values() if word.sets)
    prices = sorted((word for word in fresh.values() if not word.sets), key=attrgetter("price", "source"))
    leg = Leg(pair, rules.quorum, stale=tuple(stale.values()), spare=spare)
    return _agreed(known, rules, leg, prices) if prices else leg


def _agreed(known: Known, rules: LegRules, leg: Leg, prices: Sequence[Word]) -> Leg:
    """The median of the prices, which grow, where enough of them are near it.

    Near is what differs by no more than the deviation, as a share of the lower of the two: of two prices
    both are near the other, or none is.
    """
    low, high = prices[(len(prices) - 1) // 2], prices[len(prices) // 2]
    farthest = _share(_PPM + rules.deviation_ppm)
    most = _EXACT.multiply(low.price, farthest)
    near = [word.price <= most and high.price <= _EXACT.multiply(word.price, farthest) for word in prices]
    agreeing, outliers = tuple(compress(prices, near)), tuple(compress(prices, map(not_, near)))
    leg = replace(leg, agreeing=agreeing, outliers=outliers)
    if len(agreeing) < rules.quorum:
        return leg
    value = _mean(low.price, high.price)
    jumped = _jump(known, rules, leg.pair, value)
    if jumped:
        return replace(leg, jumped=jumped)
    return replace(leg, value=value, text=low.text if low.price == high.price else None)


def _mean(low: Decimal, high: Decimal) -> Decimal:
    return low if low == high else _EXACT.multiply(_EXACT.add(low, high), _HALF)


def _jump(known: Known, rules: LegRules, pair: Pair, value: Decimal) -> str:
    """Why a rate is too far from the last good one; empty where it is not."""
    last = known.last_good(pair)
    if last is None:
        return ""
    jump = _EXACT.abs(_EXACT.subtract(value, last))
    if jump <= _EXACT.multiply(last, _share(rules.jump_ppm)):
        return ""
    return f"{written(value)} is too far from the last good rate {written(last)}"


def _is_fresh(known: Known, rules: LegRules, word: Word) -> bool:
    """One from as far ahead was said before our clock was turned back: it would outlive its source."""
    most_ms = rules.max_age_ms if word.max_age_ms is None else word.max_age_ms
    return abs(known.now_ms - word.at_ms) <= most_ms


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
        leg = legs.get(pair) or _leg(known, rules, pair)
        legs[pair] = replace(leg, is_next=leg.is_next or bool(gone))
        gone.append(leg)
        if leg.value is None:
            break
    return tuple(gone)


def _along(known: Known, rules: Rules, pair: Pair, legs: tuple[Leg, ...]) -> Found:
    """The rate that the legs make together."""
    value = _ONE
    for leg in legs:
        assert leg.value is not None
        value = _EXACT.multiply(value, leg.value)
    by_operator = [leg.method is QuoteMethod.SET for leg in legs]
    jumped = "" if any(by_operator) or len(legs) == 1 else _jump(known, rules.of_pair(pair), pair, value)
    rate = (legs[0].text if len(legs) == 1 else None) or written(value)
    if jumped or rate is None:
        return Found(pair, legs, problem=f"{named(pair)}: {jumped or 'the rate has too many digits'}")
    return Found(pair, legs, QuoteMethod.SET if all(by_operator) else QuoteMethod.MEDIAN, value, rate)


def _fallback(known: Known, rules: Rules, market: Leg) -> Found | None:
    """What is allowed alone, where the market of the pair gave no rate."""
    pair, method = market.pair, QuoteMethod.FALLBACK
    own = rules.of_pair(pair)
    fresh = {word.source: word for word in known.words(pair) if _is_fresh(known, own, word)}
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
    return Found(asked, tuple(told), problem=_worded(known, told))


def _is_told_of(known: Known, leg: Leg) -> bool:
    heard = any((leg.agreeing, leg.outliers, leg.stale))
    return leg.value is None and (heard or leg.is_next or known.is_failing(leg.pair))


# --- Words


def _worded(known: Known, legs: Iterable[Leg]) -> str:
    text = "; ".join(_why(known, leg) for leg in legs)
    return text if len(text) <= LONGEST_PROBLEM else text[:LONGEST_PROBLEM] + "…"


def _why(known: Known, leg: Leg) -> str:
    """``BTC/EUR: 1 of 2 sources needed: kraken 61000.00; coinbase: HTTP 429; bitstamp: 340 s old``."""
    if leg.jumped:
        return f"{named(leg.pair)}: {leg.jumped}"
    said = "; ".join(_said(look) for look in _looks(known, leg, used=False) if not _is_spare(leg, look))
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


def _looks(known: Known, leg: Leg, *, used: bool) -> Iterator[SourceLook]:
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


def _prices(leg: Leg) -> Iterator[SourcePrice]:
    for words, outlier in ((leg.agreeing, False), (leg.outliers, True)):
        for word in words:
            yield SourcePrice(word.source, named(leg.pair), word.text, word.at_ms, outlier)
