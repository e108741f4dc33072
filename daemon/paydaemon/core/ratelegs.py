"""One pair on the way from an asset to a currency: what the sources say of it becomes its rate.

The rate of a pair is the median of *all* fresh prices. Those too far from it are outliers: they do not count
towards the quorum, and each still says on which side of the rate it lies. A median of the others alone would
be easier to move: of 99, 100 and 103, with 2 % allowed, it would be that of 99 and 100, and should 99 be the
lie, less than anybody honest has said. So one liar among three can say whatever it likes: the rate stays
between the other two.

Of an even number there are two prices in the middle, and whoever agrees must be near both: two sources that
differ by more than is allowed do not agree, though each is only half as far from the mean.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import compress
from operator import attrgetter, not_
from typing import Protocol

from paydaemon.core.invoice import QuoteMethod
from paydaemon.core.ratedecimals import EXACT, PPM, mean, reversed_price, share, written
from paydaemon.core.raterules import LegRules, Pair, Rules, reverse


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


def turned(word: Word) -> Word | None:
    """What a price says of the pair the other way round; None where that cannot be written.

    What is reckoned with is what is stored of it: the rounded price.
    """
    text = written(reversed_price(word.price))
    if text is None:
        return None
    return replace(word, pair=reverse(word.pair), price=Decimal(text), text=text)


def leg_of(known: Known, rules: Rules, pair: Pair) -> Leg:
    """The operator's own word where there is one, otherwise what the market says."""
    own = rules.of_pair(pair)
    direct = list(known.words(pair))
    fresh = [word for word in direct if is_fresh(known, own, word)]
    by_operator = [word for word in fresh if word.sets and word.source not in rules.fallback]
    if by_operator:
        word = min(by_operator, key=lambda word: (-word.at_ms, word.source))
        spare = tuple(other for other in fresh if other is not word)
        return Leg(pair, 1, word.price, word.text, QuoteMethod.SET, (word,), spare=spare)
    return _market(known, own, pair, direct)


def _market(known: Known, rules: LegRules, pair: Pair, direct: Sequence[Word]) -> Leg:
    heard = [*known.turned(pair), *direct]
    fresh = {word.source: word for word in heard if is_fresh(known, rules, word)}
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
    farthest = share(PPM + rules.deviation_ppm)
    most = EXACT.multiply(low.price, farthest)
    near = [word.price <= most and high.price <= EXACT.multiply(word.price, farthest) for word in prices]
    agreeing, outliers = tuple(compress(prices, near)), tuple(compress(prices, map(not_, near)))
    leg = replace(leg, agreeing=agreeing, outliers=outliers)
    if len(agreeing) < rules.quorum:
        return leg
    value = mean(low.price, high.price)
    jumped = jump(known, rules, leg.pair, value)
    if jumped:
        return replace(leg, jumped=jumped)
    return replace(leg, value=value, text=low.text if low.price == high.price else None)


def jump(known: Known, rules: LegRules, pair: Pair, value: Decimal) -> str:
    """Why a rate is too far from the last good one; empty where it is not."""
    last = known.last_good(pair)
    if last is None:
        return ""
    jump = EXACT.abs(EXACT.subtract(value, last))
    if jump <= EXACT.multiply(last, share(rules.jump_ppm)):
        return ""
    return f"{written(value)} is too far from the last good rate {written(last)}"


def is_fresh(known: Known, rules: LegRules, word: Word) -> bool:
    """One from as far ahead was said before our clock was turned back: it would outlive its source."""
    most_ms = rules.max_age_ms if word.max_age_ms is None else word.max_age_ms
    return abs(known.now_ms - word.at_ms) <= most_ms
