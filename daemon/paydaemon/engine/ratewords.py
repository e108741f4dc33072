"""What every source of rates last said, or why nothing. It comes from outside: it is checked and bounded."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from paydaemon.core.money import DECIMAL, MAX_DECIMALS
from paydaemon.core.ratelegs import Word, turned
from paydaemon.core.raterules import Pair, is_pair, reverse
from paydaemon.engine.limits import EngineLimits
from paydaemon.hooks.ports import Rate
from paydaemon.logs import without_credentials

LONGEST_REASON = 200
"""Characters of what a source says of its failure."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What is known of a configured source, whatever it says."""

    sets: bool = False
    max_age_ms: int | None = None


class Words:
    """The last words of all sources, by pair, and the failures that came after."""

    def __init__(self, limits: EngineLimits) -> None:
        self._limits = limits
        self._traits: dict[str, Traits] = {}
        self._straight: defaultdict[Pair, dict[str, Word]] = defaultdict(dict)
        self._turned: defaultdict[Pair, dict[str, Word]] = defaultdict(dict)
        self._pairs_of: dict[str, frozenset[Pair]] = {}
        self._failures: defaultdict[str, dict[Pair | None, str]] = defaultdict(dict)

    def expect(self, source: str, traits: Traits) -> None:
        """A source is configured: until it has spoken, that is told of it."""
        self._traits[source] = traits

    def take(self, source: str, rates: Iterable[Rate], now_ms: int, max_age_ms: int) -> None:
        """As `paydaemon.engine.rates.RateBook.publish`."""
        traits = self._traits.get(source) or Traits()
        words = [_word(source, traits, rate, now_ms, max_age_ms) for rate in rates]
        pairs = self._pairs(source).union(word.pair for word in words)
        if len(pairs) > self._limits.rates:
            raise ValueError(f"{source} published {len(pairs)} pairs; the limit is {self._limits.rates}")
        self._pairs_of[source] = pairs
        for word in words:
            self._keep(word)
        for pair in (None, *(word.pair for word in words)):
            self._failures[source].pop(pair, None)

    def _keep(self, word: Word) -> None:
        self._straight[word.pair][word.source] = word
        other = turned(word)
        if other is None:
            self._turned[reverse(word.pair)].pop(word.source, None)
        else:
            self._turned[other.pair][word.source] = other

    def fail(self, source: str, reason: str, pairs: Sequence[Pair]) -> None:
        """As `paydaemon.engine.rates.RateBook.failed`."""
        told = without_credentials(" ".join(reason.split()))[:LONGEST_REASON]
        failures = self._failures[source]
        about: Sequence[Pair | None] = pairs or (None, *self._pairs(source))
        for pair in about:
            if pair in failures or len(failures) <= self._limits.rates:
                failures[pair] = told

    def forget(self, source: str) -> None:
        """Whatever a source has said counts no more, and nothing more is expected of it."""
        for pair in self._pairs_of.pop(source, ()):
            _drop(self._straight, pair, source)
            _drop(self._turned, reverse(pair), source)
        self._failures.pop(source, None)
        self._traits.pop(source, None)

    def straight(self, pair: Pair) -> Collection[Word]:
        """Every source's last word of just this pair, fresh or not."""
        return self._straight[pair].values() if pair in self._straight else ()

    def turned(self, pair: Pair) -> Collection[Word]:
        """Every source's last word of the reverse of this pair, turned round."""
        return self._turned[pair].values() if pair in self._turned else ()

    def failures(self, pair: Pair) -> Mapping[str, str]:
        """By source, why it has nothing new to say of a pair, either way round."""
        sources = sorted({*self._traits, *self._failures})
        reasons = ((source, self._failure(source, pair)) for source in sources)
        return {source: reason for source, reason in reasons if reason}

    def _failure(self, source: str, pair: Pair) -> str | None:
        failures = self._failures.get(source, {})
        reason = failures.get(pair) or failures.get(reverse(pair))
        if reason or self._pairs(source):
            return reason
        return failures.get(None) or next(iter(failures.values()), "nothing said yet")

    def is_failing(self, pair: Pair) -> bool:
        """Whether a source has said why it has nothing new of just this pair, either way round."""
        return any(pair in failures or reverse(pair) in failures for failures in self._failures.values())

    def all(self) -> Iterator[Word]:
        """Every last word, fresh or not."""
        for by_source in self._straight.values():
            yield from by_source.values()

    def pairs(self) -> Collection[Pair]:
        """What anybody has spoken of."""
        return self._straight.keys()

    def _pairs(self, source: str) -> frozenset[Pair]:
        return self._pairs_of.get(source, frozenset())


def _drop(words: dict[Pair, dict[str, Word]], pair: Pair, source: str) -> None:
    words[pair].pop(source, None)
    if not words[pair]:
        del words[pair]


def _word(source: str, traits: Traits, rate: Rate, now_ms: int, max_age_ms: int) -> Word:
    """A rate as it is reckoned with. Raises `ValueError` where it cannot be."""
    pair = rate.base, rate.quote
    if not is_pair(pair):
        raise ValueError(f"{source} published {pair!s:.{LONGEST_REASON}}, which is no pair")
    if not _is_price(rate.value):
        raise ValueError(f"{source} published {rate.base}/{rate.quote} at {rate.value}")
    at_ms = _time(source, traits, rate, now_ms, max_age_ms)
    return Word(source, pair, rate.value, plain(rate.value), at_ms, traits.sets, traits.max_age_ms)


def _time(source: str, traits: Traits, rate: Rate, now_ms: int, max_age_ms: int) -> int:
    """As of when a rate counts, which is never later than now. Raises `ValueError`."""
    most_ms = max_age_ms if traits.max_age_ms is None else traits.max_age_ms
    if rate.at_ms - now_ms > most_ms:
        ahead_s = (rate.at_ms - now_ms) // 1000
        raise ValueError(f"{source} published {rate.base}/{rate.quote} from {ahead_s} s ahead")
    if rate.at_ms < 0:
        raise ValueError(f"{source} published {rate.base}/{rate.quote} from before 1970")
    return min(rate.at_ms, now_ms)


def _is_price(value: Decimal) -> bool:
    """Looked at from the outside first: written out, 1E+999999 has a million digits."""
    if not value.is_finite() or value <= 0 or abs(value.adjusted()) > MAX_DECIMALS:
        return False
    return DECIMAL.fullmatch(plain(value)) is not None


def plain(value: Decimal) -> str:
    """A decimal without an exponent: 1E+4 → 10000."""
    return format(value, "f")
