"""Rates: the newest word of every source, and the quote an option is made of.

A rate that is older than `max_age_ms` is not used: creation is refused rather than guessed. Detection of
payments needs no rate and never waits for one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from paydaemon.core.invoice import Quote
from paydaemon.core.money import DECIMAL, MAX_DECIMALS, Asset, Currency
from paydaemon.engine.clock import Clock
from paydaemon.engine.limits import EngineLimits
from paydaemon.engine.orders import is_asset
from paydaemon.hooks.ports import Rate

SAME_ASSET = "same asset"


@dataclass(frozen=True, slots=True)
class Published:
    """A rate and the source that published it."""

    rate: Rate
    source: str


class RateBook:
    """What every source last said. Filled by the sources, read when an invoice is created.

    `max_age_ms` may change at any time.
    """

    def __init__(self, clock: Clock, max_age_ms: int, limits: EngineLimits | None = None) -> None:
        self._clock = clock
        self._limits = limits or EngineLimits()
        self.max_age_ms = max_age_ms
        self._newest: dict[tuple[str, str, str], Rate] = {}

    def publish(self, source: str, rates: Iterable[Rate]) -> None:
        """Take what a source says.

        Raises `ValueError`, and takes nothing, where a price is no positive decimal of at most 30 digits on
        either side, or from further ahead than a rate may be old, and where the source has too many pairs.
        From less far ahead it is as of now: else it would outlive its source by as much.
        """
        now_ms = self._clock()
        checked = [self._checked(source, rate, now_ms) for rate in rates]
        new = {(rate.base, rate.quote, source): rate for rate in checked}
        pairs = len(new.keys() | {key for key in self._newest if key[2] == source})
        if pairs > self._limits.rates:
            raise ValueError(f"{source} published {pairs} pairs; the limit is {self._limits.rates}")
        self._newest.update(new)

    def _checked(self, source: str, rate: Rate, now_ms: int) -> Rate:
        if not _is_price(rate.value):
            raise ValueError(f"{source} published {rate.base}/{rate.quote} at {rate.value}")
        if rate.at_ms - now_ms > self.max_age_ms:
            ahead_s = (rate.at_ms - now_ms) // 1000
            raise ValueError(f"{source} published {rate.base}/{rate.quote} from {ahead_s} s ahead")
        return replace(rate, at_ms=min(rate.at_ms, now_ms))

    def forget(self, source: str) -> None:
        """Whatever a source has said counts no more."""
        self._newest = {key: rate for key, rate in self._newest.items() if key[2] != source}

    def all(self) -> Sequence[Published]:
        """Every newest rate, fresh or not, by pair and source."""
        return [Published(rate, key[2]) for key, rate in sorted(self._newest.items())]

    def quote(self, asset: Asset, currency: Currency) -> Quote | None:
        """The quote for one whole unit of `asset` in `currency`; None while no fresh rate is known.

        A rate from further ahead than it may be old was published before our clock was turned back: it would
        outlive its source by as much.
        """
        now_ms = self._clock()
        if is_asset(currency, asset):
            return Quote("1", SAME_ASSET, now_ms)
        fresh = [
            published
            for published in self.all()
            if (published.rate.base, published.rate.quote) == (asset.symbol, currency.code)
            and abs(now_ms - published.rate.at_ms) <= self.max_age_ms
        ]
        if not fresh:
            return None
        best = max(fresh, key=lambda published: published.rate.at_ms)
        return Quote(plain(best.rate.value), best.source, best.rate.at_ms)


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


def _is_price(value: Decimal) -> bool:
    """Looked at from the outside first: written out, 1E+999999 has a million digits."""
    if not value.is_finite() or value <= 0 or abs(value.adjusted()) > MAX_DECIMALS:
        return False
    return DECIMAL.fullmatch(plain(value)) is not None


def plain(value: Decimal) -> str:
    """A decimal without an exponent: 1E+4 → 10000."""
    return format(value, "f")
