"""Rates: fresh ones become quotes, and anything else becomes no quote."""

from decimal import Decimal

import pytest

from paydaemon.core.invoice import Quote
from paydaemon.core.money import Asset, Currency, parse_fraction
from paydaemon.engine.rates import RateBook, SourceHost
from paydaemon.hooks.ports import Rate
from paydaemon.testing.clocks import TurnedClock

BTC = Asset("bitcoin", "BTC", "BTC", 8)
MNT = Asset("mantle", "MNT", "MNT", 18)
EUR = Currency("EUR", 2)
MAX_AGE_S = 120


class Book:
    """A book of rates with the clock it goes by."""

    def __init__(self) -> None:
        self.clock = TurnedClock()
        self.book = RateBook(self.clock, 1_000 * MAX_AGE_S)

    def says(self, value: str, *, source: str = "one", age_s: float = 0, base: str = "BTC") -> None:
        """A source publishes a price that is so old."""
        at_ms = self.clock() - round(1_000 * age_s)
        self.book.publish(source, [Rate(base, "EUR", Decimal(value), at_ms)])

    def quote(self) -> Quote | None:
        """What BTC is quoted at in EUR."""
        return self.book.quote(BTC, EUR)


@pytest.fixture
def book() -> Book:
    return Book()


def test_nothing_is_known_at_first(book: Book) -> None:
    assert book.quote() is None
    assert book.book.all() == []


def test_a_fresh_rate_is_quoted_with_its_source_and_time(book: Book) -> None:
    book.says("60000.00", age_s=5)
    assert book.quote() == Quote("60000.00", "one", book.clock() - 5_000)


def test_a_rate_grows_old(book: Book) -> None:
    book.says("60000.00")
    book.clock.turn(MAX_AGE_S)
    assert book.quote() is not None
    book.clock.turn(0.001)
    assert book.quote() is None
    assert len(book.book.all()) == 1, "it is still shown"


def test_one_from_before_our_clock_was_turned_back_does_not_outlive_its_source(book: Book) -> None:
    book.says("60000.00")
    book.clock.turn(-MAX_AGE_S)
    assert book.quote() is not None
    book.clock.turn(-0.001)
    assert book.quote() is None
    book.says("61000.00")
    assert book.quote() == Quote("61000.00", "one", book.clock())


def test_one_that_is_old_already_is_not_quoted(book: Book) -> None:
    book.says("60000.00", age_s=MAX_AGE_S + 1)
    assert book.quote() is None


def test_a_source_whose_clock_is_ahead_outlives_nobody(book: Book) -> None:
    book.says("1.00", source="ahead", age_s=-100)
    assert book.quote() == Quote("1.00", "ahead", book.clock())
    book.clock.turn(10)
    book.says("60000.00", source="right")
    assert book.quote() == Quote("60000.00", "right", book.clock())
    book.clock.turn(MAX_AGE_S - 10 + 1)
    book.says("60001.00", source="right", age_s=MAX_AGE_S + 1)
    assert book.quote() is None, "neither: the one is old, and the other was never as new as it said"


def test_one_from_far_ahead_is_refused(book: Book) -> None:
    with pytest.raises(ValueError, match=r"one published BTC/EUR from 121 s ahead"):
        book.says("60000.00", age_s=-MAX_AGE_S - 1)
    assert book.quote() is None


def test_the_newest_of_several_sources_is_quoted(book: Book) -> None:
    book.says("1.00", source="b", age_s=10)
    book.says("2.00", source="c", age_s=5)
    book.says("3.00", source="a", age_s=20)
    assert book.quote() == Quote("2.00", "c", book.clock() - 5_000)
    book.says("4.00", source="a", age_s=1)
    assert book.quote() == Quote("4.00", "a", book.clock() - 1_000)


def test_of_equally_new_ones_it_is_always_the_same(book: Book) -> None:
    for source in ("c", "a", "b"):
        book.says("1.00", source=source)
    quoted = book.quote()
    assert quoted is not None
    assert quoted.source == "a"


def test_when_one_source_falls_silent_another_is_used(book: Book) -> None:
    book.says("1.00", source="a")
    book.clock.turn(MAX_AGE_S)
    book.says("2.00", source="b", age_s=60)
    book.clock.turn(1)
    assert book.quote() == Quote("2.00", "b", book.clock() - 61_000)


def test_a_sources_own_last_word_counts(book: Book) -> None:
    book.says("2.00", age_s=1)
    book.says("1.00", age_s=5)
    assert book.quote() == Quote("1.00", "one", book.clock() - 5_000)


@pytest.mark.parametrize(
    "value",
    [
        "NaN",
        "sNaN",
        "Infinity",
        "-Infinity",
        "0",
        "-0",
        "0.00",
        "-1",
        "1E+31",
        "1E-31",
        "1E+99999999999999",
        "1E-999999",
    ],
)
def test_a_mad_price_is_refused_and_the_last_one_stands(book: Book, value: str) -> None:
    book.says("60000.00")
    with pytest.raises(ValueError, match=r"^one published BTC/EUR at "):
        book.says(value)
    assert book.quote() == Quote("60000.00", "one", book.clock())


def test_one_mad_price_spoils_what_comes_with_it(book: Book) -> None:
    mad = [
        Rate("BTC", "EUR", Decimal("1.00"), book.clock()),
        Rate("BTC", "USD", Decimal("NaN"), book.clock()),
    ]
    with pytest.raises(ValueError, match="BTC/USD"):
        book.book.publish("one", mad)
    assert book.quote() is None


@pytest.mark.parametrize(
    "value", ["1E+5", "1E-9", "0.000000000000000000000000000001", "9" * 30, "60000.00", "6E4"]
)
def test_every_price_that_is_taken_can_be_quoted(book: Book, value: str) -> None:
    book.says(value)
    quoted = book.quote()
    assert quoted is not None
    assert parse_fraction(quoted.rate, "rate") == Decimal(value)


def test_an_asset_costs_itself(book: Book) -> None:
    assert book.book.quote(BTC, Currency("BTC", 8)) == Quote("1", "same asset", book.clock())


def test_a_token_named_like_a_currency_does_not_cost_itself(book: Book) -> None:
    assert book.book.quote(MNT, Currency("MNT", 2)) is None


def test_a_pair_is_not_its_reverse(book: Book) -> None:
    book.book.publish("one", [Rate("EUR", "BTC", Decimal("0.00001"), book.clock())])
    assert book.quote() is None


def test_a_source_speaks_for_itself_alone(book: Book) -> None:
    host = SourceHost(book.book, book.clock, "two")
    host.publish([Rate("BTC", "EUR", Decimal("60000.00"), host.now_ms())])
    [published] = book.book.all()
    assert published.source == "two"
