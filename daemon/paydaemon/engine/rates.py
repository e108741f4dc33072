"""Rates: what all sources say, what was good last, and the quote an option is made of.

What the words of several sources amount to is decided in `paydaemon.core.rates`; what they are is kept in
`paydaemon.engine.ratewords`. Creation is refused rather than guessed where there is no rate. Detection of
payments needs none and never waits for one.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import structlog

from paydaemon.core.invoice import Quote, QuoteMethod
from paydaemon.core.money import Asset, Currency
from paydaemon.core.ratedecimals import reversed_price
from paydaemon.core.ratelegs import Leg, Word
from paydaemon.core.ratereasons import SourceLook
from paydaemon.core.raterules import Pair, Rules, named, reverse
from paydaemon.core.rates import Found, find, looks, quoted
from paydaemon.engine.clock import Clock
from paydaemon.engine.limits import EngineLimits
from paydaemon.engine.measures import RateMeasures
from paydaemon.engine.orders import is_asset
from paydaemon.engine.ratewords import Traits, Words
from paydaemon.hooks.ports import Rate

log = structlog.get_logger(__name__)

SAME_ASSET = "same asset"
TOLD_EVERY_MS = 60_000
"""How often the log hears at most of the outliers of one pair."""


class NoRate(Exception):
    """There is no rate; the message names the pair, the sources, and why each is of no use."""


@dataclass(frozen=True, slots=True)
class Published:
    """A rate and the source that published it."""

    rate: Rate
    source: str


@dataclass(frozen=True, slots=True)
class Look:
    """Everything known of a pair now: its rate, before any spread, or the problem; and every source's part.

    `sources` are those of all legs on the way, each with the pair it spoke of. `at_ms` is the oldest word
    that the rate is made of.
    """

    base: str
    quote: str
    rate: str | None
    method: QuoteMethod | None
    at_ms: int | None
    problem: str | None
    sources: tuple[SourceLook, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """Something quoted before: a pair, and the seller where that has rules of its own."""

    pair: Pair
    seller_id: str | None = None


@dataclass(frozen=True, slots=True)
class Good:
    """A rate that was good, and when."""

    value: Decimal
    at_ms: int


class RateBook:
    """Filled by the sources, read when an invoice is created."""

    def __init__(self, clock: Clock, rules: Rules | None = None, limits: EngineLimits | None = None) -> None:
        self._clock = clock
        self._limits = limits or EngineLimits()
        self._words = Words(self._limits)
        self._good: dict[Pair, Good] = {}
        self._outliers: dict[Pair, tuple[frozenset[str], int]] = {}
        self._asked: dict[Asked, None] = {}
        self._quoted: set[Pair] = set()
        self.measures = RateMeasures()
        self.rules = rules or Rules()

    @property
    def rules(self) -> Rules:
        """By what rules rates are found; they may change at any time."""
        return self._rules

    @rules.setter
    def rules(self, rules: Rules) -> None:
        self._rules = rules
        self._of_sellers = {seller: rules.of_seller(seller) for seller in rules.sellers}
        self._asked = {one: None for one in self._asked if one.seller_id in (None, *self._of_sellers)}

    # --- What the sources say

    def expect(self, source: str, *, sets: bool = False, max_age_s: int | None = None) -> None:
        """A source is configured; see `paydaemon.hooks.specs.RateSourcePlugin`."""
        self._words.expect(source, Traits(sets, None if max_age_s is None else 1_000 * max_age_s))

    def publish(self, source: str, rates: Iterable[Rate]) -> None:
        """Take what a source says.

        Raises `ValueError`, and takes nothing, where a price is no positive decimal of at most 30 digits on
        either side, a pair is none, or a time is before 1970 or further ahead than a rate may be old, and
        where the source has too many pairs.
        From less far ahead it is as of now: else it would outlive its source by as much.
        """
        self._words.take(source, rates, self._clock(), self._rules.max_age_ms)

    def failed(self, source: str, reason: str, pairs: Sequence[Pair] = ()) -> None:
        """Take why a source has nothing new to say of these pairs, or of any."""
        self._words.fail(source, reason, pairs)

    def forget(self, source: str) -> None:
        """Whatever a source has said counts no more, and nothing more is expected of it."""
        self._words.forget(source)

    def prime(self, pair: str, rate: str, at_ms: int) -> None:
        """Remember a rate such as "60000.00" of a pair such as "BTC/EUR" that was good before the start."""
        base, _, priced = pair.partition("/")
        known = self._good.get((base, priced))
        if known is None or known.at_ms < at_ms:
            self._good[base, priced] = Good(Decimal(rate), min(at_ms, self._clock()))

    # --- What comes of it

    def all(self) -> Sequence[Published]:
        """Every newest rate, fresh or not, by pair and source."""
        return [
            Published(Rate(*word.pair, word.price, word.at_ms), word.source)
            for word in sorted(self._words.all(), key=lambda word: (word.pair, word.source))
        ]

    def pairs(self) -> Sequence[Pair]:
        """Every pair that a source has spoken of, or that was quoted, in order."""
        return sorted({*self._words.pairs(), *(asked.pair for asked in self._asked)})

    def asked(self) -> Sequence[Asked]:
        """Everything that was quoted since the start."""
        return list(self._asked)

    def look(self, base: str, quote: str, seller_id: str | None = None) -> Look:
        """Everything known of a pair now, by the rules of a seller where one is named."""
        known = self._known()
        if base == quote:
            return Look(base, quote, "1", QuoteMethod.SAME_ASSET, known.now_ms, None, ())
        found = self._find(known, (base, quote), seller_id)
        sources = tuple(looks(known, found))
        return Look(base, quote, found.rate, found.method, found.at_ms, found.problem, sources)

    def found(self, asked: Asked) -> Found:
        """The rate of something quoted before, or why there is none."""
        return self._find(self._known(), asked.pair, asked.seller_id)

    def quote(self, asset: Asset, currency: Currency, seller_id: str | None = None) -> Quote:
        """The quote for one whole unit of `asset` in `currency`, by the seller's rules. Raises `NoRate`."""
        if is_asset(currency, asset):
            return Quote("1", SAME_ASSET, self._clock(), QuoteMethod.SAME_ASSET)
        asked = Asked((asset.symbol, currency.code), seller_id if seller_id in self._of_sellers else None)
        found = self.found(asked)
        made = quoted(found, self._rules_of(seller_id).spread_ppm)
        if made is None:
            raise NoRate(found.problem or f"{named(asked.pair)}: less the spread, no rate is left")
        if len(self._asked) < self._limits.rates:
            self._asked[asked] = None
            self._quoted.add(asked.pair)
        return made

    def _known(self) -> "_Known":
        return _Known(self._clock(), self._words, self._good, self._rules.jump_memory_ms)

    def _rules_of(self, seller_id: str | None) -> Rules:
        return self._of_sellers.get(seller_id or "", self._rules)

    def _find(self, known: "_Known", pair: Pair, seller_id: str | None) -> Found:
        rules = self._rules_of(seller_id)
        found = find(known, rules, pair)
        for leg in found.legs:
            self._note_outliers(leg, known.now_ms)
        if found.method is QuoteMethod.MEDIAN and self._is_held_to(found):
            if pair in self._quoted:  # anybody with a key may look at any cross there is
                self._note_good(found.pair, found.value, known.now_ms)
            for leg in self._market_legs(found):
                self._note_good(leg.pair, leg.value, known.now_ms)
        return found

    def _is_held_to(self, found: Found) -> bool:
        """What satisfies a less strict seller is not held against the others."""
        return all(leg.needed >= self._rules.of_pair(leg.pair).quorum for leg in self._market_legs(found))

    def _market_legs(self, found: Found) -> Iterator[Leg]:
        return (leg for leg in found.legs if leg.method is QuoteMethod.MEDIAN)

    def _note_good(self, pair: Pair, value: Decimal | None, now_ms: int) -> None:
        if value is not None and (pair in self._good or len(self._good) < self._limits.rates):
            self._good[pair] = Good(value, now_ms)

    def _note_outliers(self, leg: Leg, now_ms: int) -> None:
        before, told_ms = self._outliers.get(leg.pair, (frozenset[str](), None))
        if not before and not leg.outliers:
            return
        now = frozenset(word.source for word in leg.outliers)
        if now == before or (told_ms is not None and abs(now_ms - told_ms) < TOLD_EVERY_MS):
            return
        self._outliers[leg.pair] = now, now_ms
        for word in leg.outliers:
            if word.source not in before:
                self.measures.outliers[word.source] += 1
                log.warning("a rate is an outlier", source=word.source, pair=named(leg.pair), rate=word.text)
        for source in sorted(before - now):
            log.info("a rate is no outlier any more", source=source, pair=named(leg.pair))


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known at one moment (`paydaemon.core.ratelegs.Known`)."""

    now_ms: int
    said: Words
    good: Mapping[Pair, Good]
    memory_ms: int

    def words(self, pair: Pair) -> Collection[Word]:
        """Every source's last word of just this pair."""
        return self.said.straight(pair)

    def turned(self, pair: Pair) -> Collection[Word]:
        """Every source's last word of its reverse, turned round."""
        return self.said.turned(pair)

    def failures(self, pair: Pair) -> Mapping[str, str]:
        """By source, why it has nothing new to say."""
        return self.said.failures(pair)

    def is_failing(self, pair: Pair) -> bool:
        """Whether a source has said so of just this pair."""
        return self.said.is_failing(pair)

    def last_good(self, pair: Pair) -> Decimal | None:
        """The last good rate of the pair, or of its reverse, while that is remembered."""
        straight, turned = self.good.get(pair), self.good.get(reverse(pair))
        if straight is None or (turned is not None and turned.at_ms > straight.at_ms):
            return reversed_price(turned.value) if turned is not None and self._is_young(turned) else None
        return straight.value if self._is_young(straight) else None

    def _is_young(self, good: Good) -> bool:
        return abs(self.now_ms - good.at_ms) <= self.memory_ms


class SourceHost:
    """What one rate source is given; see `paydaemon.hooks.ports.RateHost`."""

    def __init__(self, book: RateBook, clock: Clock, source: str) -> None:
        self._book = book
        self._clock = clock
        self._source = source

    def now_ms(self) -> int:
        """The daemon's clock."""
        return self._clock()

    def publish(self, rates: Sequence[Rate]) -> None:
        """Tell what the source now says."""
        self._book.publish(self._source, rates)

    def failed(self, reason: str, pairs: Sequence[tuple[str, str]] = ()) -> None:
        """Tell why nothing is known anew."""
        self._book.failed(self._source, reason, pairs)
