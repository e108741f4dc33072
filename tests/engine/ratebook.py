"""A book of rates, and the assets that are quoted by it."""

from decimal import Decimal

import pytest

from paydaemon.core.invoice import Quote
from paydaemon.core.money import Asset, Currency
from paydaemon.core.raterules import Rules
from paydaemon.engine.rates import NoRate, RateBook
from paydaemon.hooks.ports import Rate
from paydaemon.testing.clocks import TurnedClock

BTC = Asset("bitcoin", "BTC", "BTC", 8)
MNT = Asset("mantle", "MNT", "MNT", 18)
EUR = Currency("EUR", 2)
MAX_AGE_S = 120


class Book:
    """A book of rates with the clock it goes by. Its source "one" sets prices, as the fixed one does."""

    def __init__(self) -> None:
        self.clock = TurnedClock()
        self.book = RateBook(self.clock, Rules(max_age_ms=1_000 * MAX_AGE_S))
        self.book.expect("one", sets=True)

    def says(self, value: str, *, source: str = "one", age_s: float = 0, pair: str = "BTC/EUR") -> None:
        """A source publishes a price that is so old."""
        at_ms = self.clock() - round(1_000 * age_s)
        base, _, quote = pair.partition("/")
        self.book.publish(source, [Rate(base, quote, Decimal(value), at_ms)])

    def all_say(self, value: str, *sources: str) -> None:
        """Several sources publish the same price now."""
        for source in sources:
            self.says(value, source=source)

    def quote(self, seller_id: str | None = None) -> Quote:
        """What BTC is quoted at in EUR."""
        return self.book.quote(BTC, EUR, seller_id)

    def rate(self) -> str | None:
        """The same, None where there is none."""
        return self.book.look("BTC", "EUR").rate

    def problem(self) -> str:
        """Why there is none."""
        with pytest.raises(NoRate) as none:
            self.quote()
        return str(none.value)
