"""Rates: the newest word of every source, and the quote an option is made of.

A rate that is older than `max_age_ms` is not used: creation is refused rather than guessed. Detection of
payments needs no rate and never waits for one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from paydaemon.core.invoice import Quote
from paydaemon.core.money import Asset, Currency
from paydaemon.engine.clock import Clock
from paydaemon.hooks.ports import Rate

SAME_ASSET = "same asset"


@dataclass(frozen=True, slots=True)
class Published:
    """A rate and the source that published it."""

    rate: Rate
    source: str


class RateBook:
    """What every source last said. Filled by the sources, read when an invoice is created."""

    def __init__(self, clock: Clock, max_age_ms: int) -> None:
        self._clock = clock
        self._max_age_ms = max_age_ms
        self._newest: dict[tuple[str, str, str], Rate] = {}

    def publish(self, source: str, rates: Iterable[Rate]) -> None:
        """Take what a source says. Raises `ValueError` for a price that is not a positive finite number."""
        for rate in rates:
            if not rate.value.is_finite() or rate.value <= 0:
                raise ValueError(f"{source} published {rate.base}/{rate.quote} at {rate.value}")
            self._newest[rate.base, rate.quote, source] = rate

    def all(self) -> Sequence[Published]:
        """Every newest rate, fresh or not, by pair and source."""
        return [Published(rate, key[2]) for key, rate in sorted(self._newest.items())]

    def quote(self, asset: Asset, currency: Currency) -> Quote | None:
        """The quote for one whole unit of `asset` in `currency`; None while no fresh rate is known."""
        now_ms = self._clock()
        if currency.code in (asset.symbol, asset.code):
            return Quote("1", SAME_ASSET, now_ms)
        fresh = [
            published
            for published in self.all()
            if (published.rate.base, published.rate.quote) == (asset.symbol, currency.code)
            and now_ms - published.rate.at_ms <= self._max_age_ms
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


def plain(value: Decimal) -> str:
    """A decimal without an exponent: 1E+4 → 10000."""
    return format(value, "f")
