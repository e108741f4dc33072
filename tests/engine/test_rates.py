"""The book of rates: what sources say and do not say, and what is quoted."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from structlog.testing import capture_logs

from paydaemon.core.invoice import Quote, QuoteMethod, SourcePrice
from paydaemon.core.money import Asset, Currency, parse_fraction
from paydaemon.core.ratereasons import SourceLook, Verdict
from paydaemon.core.raterules import PairRules, Rules, SellerRules
from paydaemon.engine.limits import EngineLimits
from paydaemon.engine.rates import Asked, NoRate, RateBook, SourceHost
from paydaemon.hooks.ports import Rate
from tests.engine.ratebook import BTC, EUR, MAX_AGE_S, MNT, Book


@pytest.fixture
def book() -> Book:
    return Book()


# --- One source that sets prices


def test_nothing_is_known_at_first(book: Book) -> None:
    assert book.problem() == "BTC/EUR: 0 of 2 sources needed: one: nothing said yet"
    assert book.book.all() == []
    assert book.book.pairs() == []


def test_a_fresh_rate_is_quoted_with_its_source_and_time(book: Book) -> None:
    book.says("60000.00", age_s=5)
    at_ms = book.clock() - 5_000
    said = SourcePrice("one", "BTC/EUR", "60000.00", at_ms)
    assert book.quote() == Quote("60000.00", "one", at_ms, QuoteMethod.SET, 0, (said,))


def test_a_rate_grows_old(book: Book) -> None:
    book.says("60000.00")
    book.clock.turn(MAX_AGE_S)
    assert book.rate() == "60000.00"
    book.clock.turn(0.001)
    assert book.rate() is None
    assert len(book.book.all()) == 1, "it is still shown"


def test_one_from_before_our_clock_was_turned_back_does_not_outlive_its_source(book: Book) -> None:
    book.says("60000.00")
    book.clock.turn(-MAX_AGE_S)
    assert book.rate() == "60000.00"
    book.clock.turn(-0.001)
    assert book.rate() is None
    book.says("61000.00")
    assert book.rate() == "61000.00"


def test_a_source_whose_clock_is_ahead_outlives_nobody(book: Book) -> None:
    book.book.expect("ahead", sets=True)
    book.says("1.00", source="ahead", age_s=-100)
    assert book.quote().at_ms == book.clock()
    book.clock.turn(10)
    book.says("60000.00")
    assert book.rate() == "60000.00"
    book.clock.turn(MAX_AGE_S - 10 + 1)
    book.says("60001.00", age_s=MAX_AGE_S + 1)
    assert book.rate() is None, "neither: the one is old, and the other was never as new as it said"


def test_one_from_far_ahead_is_refused(book: Book) -> None:
    with pytest.raises(ValueError, match=r"one published BTC/EUR from 121 s ahead"):
        book.says("60000.00", age_s=-MAX_AGE_S - 1)
    assert book.rate() is None


def test_of_several_that_set_prices_the_newest_is_quoted(book: Book) -> None:
    for source in "abc":
        book.book.expect(source, sets=True)
    book.says("1.00", source="b", age_s=10)
    book.says("2.00", source="c", age_s=5)
    book.says("3.00", source="a", age_s=5)
    assert book.quote().source == "a", "of equally new ones it is always the same"
    book.says("4.00", source="b", age_s=1)
    assert book.quote().source == "b"


def test_a_sources_own_last_word_counts(book: Book) -> None:
    book.says("2.00", age_s=1)
    book.says("1.00", age_s=5)
    assert book.rate() == "1.00"


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
    assert book.rate() == "60000.00"


@pytest.mark.parametrize(
    ("base", "quote"),
    [
        ("BTC", "BTC"),
        ("", ""),
        ("BTC", ""),
        ("BTC/X", "EUR"),
        ("BTC", "X/EUR"),
        ("BTC", "EU R"),
        ("BTC", "EUR\n"),
        ("BTC", "ЕUR"),
        ("B" * 65, "EUR"),
        ("B" * 1_000_000, "EUR"),
    ],
)
def test_what_is_no_pair_is_refused(book: Book, base: str, quote: str) -> None:
    with pytest.raises(ValueError, match=r"^one published \('.*, which is no pair$") as caught:
        book.book.publish("one", [Rate(base, quote, Decimal("1.00"), book.clock())])
    assert len(str(caught.value)) < 300
    assert not book.book.pairs()


@pytest.mark.parametrize("code", ["USDC.e", "stETH", "0.0.456858", "$", "0x" + "a" * 62])
def test_whatever_an_asset_may_be_called_can_be_spoken_of(book: Book, code: str) -> None:
    book.says("1.00", pair=f"{code}/EUR")
    assert book.book.look(code, "EUR").rate == "1.00"


@pytest.mark.parametrize("at_ms", [-1, -(10**30)])
def test_one_from_before_there_were_times_is_refused_and_the_last_one_stands(book: Book, at_ms: int) -> None:
    book.says("60000.00")
    with pytest.raises(ValueError, match=r"^one published BTC/EUR from before 1970$"):
        book.book.publish("one", [Rate("BTC", "EUR", Decimal("1.00"), at_ms)])
    assert book.rate() == "60000.00"


def test_one_mad_price_spoils_what_comes_with_it(book: Book) -> None:
    mad = [
        Rate("BTC", "EUR", Decimal("1.00"), book.clock()),
        Rate("BTC", "USD", Decimal("NaN"), book.clock()),
    ]
    with pytest.raises(ValueError, match="BTC/USD"):
        book.book.publish("one", mad)
    assert book.rate() is None


@pytest.mark.parametrize(
    "value", ["1E+5", "1E-9", "0.000000000000000000000000000001", "9" * 30, "60000.00", "6E4"]
)
def test_every_price_that_is_taken_can_be_quoted(book: Book, value: str) -> None:
    book.says(value)
    assert parse_fraction(book.quote().rate, "rate") == Decimal(value)


def test_an_asset_costs_itself_whatever_the_spread(book: Book) -> None:
    book.book.rules = Rules(spread_ppm=5_000)
    same = Quote("1", "same asset", book.clock(), QuoteMethod.SAME_ASSET)
    assert book.book.quote(BTC, Currency("BTC", 8)) == same


def test_a_token_named_like_a_currency_does_not_cost_itself(book: Book) -> None:
    with pytest.raises(NoRate, match="MNT/MNT"):
        book.book.quote(MNT, Currency("MNT", 2))


def test_a_pair_that_is_set_is_not_its_reverse(book: Book) -> None:
    book.says("0.00001", pair="EUR/BTC")
    assert book.rate() is None


# --- Several sources


def test_a_source_speaks_for_itself_alone(book: Book) -> None:
    hosts = [SourceHost(book.book, book.clock, source) for source in ("two", "three")]
    for host in hosts:
        host.publish([Rate("BTC", "EUR", Decimal("60000.00"), host.now_ms())])
    assert [published.source for published in book.book.all()] == ["three", "two"]
    assert book.quote().source == "three, two"
    hosts[0].failed("HTTP 500")
    assert book.rate() == "60000.00", "what it said before holds until it is old"
    book.clock.turn(MAX_AGE_S + 1)
    hosts[1].publish([Rate("BTC", "EUR", Decimal("60000.00"), hosts[1].now_ms())])
    assert "two: HTTP 500, 121 s old" in book.problem()


def test_a_failure_holds_until_the_pair_is_published_again(book: Book) -> None:
    book.book.failed("two", "HTTP\n  429 " + "x" * 1_000, [("BTC", "EUR")])
    assert f"two: HTTP 429 {'x' * 191}" in book.problem()
    told = [look.reason[:8] for look in book.book.look("ETH", "EUR").sources]
    assert told == ["nothing ", "HTTP 429"], "it has said nothing of anything, and this is why"
    book.says("1.00", source="two", pair="BTC/USD")
    assert "two: HTTP 429" in book.problem()
    book.says("60000", source="two")
    assert "two 60000" in book.problem()


def test_a_failure_of_everything_is_told_of_every_pair(book: Book) -> None:
    book.book.failed("two", "timeout")
    assert "two: timeout" in book.problem()
    book.all_say("60000", "two", "three")
    book.book.failed("two", "timeout")
    book.clock.turn(MAX_AGE_S + 1)
    looked = {look.source: look for look in book.book.look("BTC", "EUR").sources}
    assert (looked["two"].verdict, looked["two"].reason) == (Verdict.FAILED, "timeout, 121 s old")
    assert (looked["three"].verdict, looked["three"].reason) == (Verdict.STALE, "121 s old")


def test_a_source_is_forgotten_with_all_it_said(book: Book) -> None:
    book.all_say("60000", "two", "three")
    book.book.failed("two", "timeout")
    book.book.forget("two")
    assert book.problem() == ("BTC/EUR: 1 of 2 sources needed: three 60000; one: nothing said yet")
    book.book.forget("three")
    book.book.forget("three")
    assert book.book.pairs() == []


def test_everything_known_of_a_pair(book: Book) -> None:
    book.says("0.1", source="a", pair="HBAR/USD", age_s=7)
    book.says("0.1", source="b", pair="HBAR/USD")
    book.says("1.25", source="a", pair="EUR/USD")
    book.says("1.25", source="b", pair="EUR/USD")
    book.book.forget("one")
    look = book.book.look("HBAR", "EUR")
    assert (look.base, look.quote, look.rate, look.problem) == ("HBAR", "EUR", "0.08", None)
    assert (look.method, look.at_ms) == (QuoteMethod.MEDIAN, book.clock() - 7_000)
    assert look.sources[0] == SourceLook("a", ("HBAR", "USD"), "0.1", book.clock() - 7_000, Verdict.USED)
    assert [source.pair for source in look.sources] == [("HBAR", "USD")] * 2 + [("USD", "EUR")] * 2
    assert book.book.pairs() == [("EUR", "USD"), ("HBAR", "USD")]
    book.book.quote(Asset("hedera", "HBAR", "HBAR", 8), EUR)
    assert book.book.pairs() == [("EUR", "USD"), ("HBAR", "EUR"), ("HBAR", "USD")]
    assert book.book.asked() == [Asked(("HBAR", "EUR"))]


def test_what_a_source_makes_grow_is_bounded(book: Book) -> None:
    small = RateBook(book.clock, limits=EngineLimits(rates=2))
    pairs = [("A", "EUR"), ("B", "EUR"), ("C", "EUR")]
    rates = [Rate(*pair, Decimal(1), book.clock()) for pair in pairs]
    with pytest.raises(ValueError, match="one published 3 pairs; the limit is 2"):
        small.publish("one", rates)
    small.failed("one", "no", [*pairs, *((f"X{number}", "EUR") for number in range(100))])
    assert len(small._words._failures["one"]) <= 3


def test_a_sellers_own_rules(book: Book) -> None:
    own = SellerRules(spread_ppm=10_000, quorum=1)
    book.book.rules = replace(book.book.rules, sellers={"shop": own})
    book.says("100", source="two")
    assert (book.quote("shop").rate, book.quote("shop").spread_ppm) == ("99", 10_000)
    with pytest.raises(NoRate):
        book.quote("rival")
    assert book.book.asked() == [Asked(("BTC", "EUR"), "shop")]


# --- The last good rate


def test_a_rate_that_jumps_is_refused_until_the_last_good_one_is_forgotten(book: Book) -> None:
    book.all_say("60000", "two", "three")
    assert book.rate() == "60000"
    book.clock.turn(60)
    book.all_say("30000", "two", "three")
    assert "30000 is too far from the last good rate 60000" in book.problem()
    book.clock.turn(541)
    book.all_say("30000", "two", "three")
    assert book.rate() == "30000"


def test_a_cross_that_was_only_looked_at_is_not_remembered() -> None:
    """Whoever has a key can look at any cross there is: the memory is for what is sold by."""
    book = Book()
    book.book = RateBook(book.clock, Rules(), EngineLimits(rates=2))
    for pair in ("BTC/USD", "USD/EUR"):
        for source in ("two", "three"):
            book.says("2", source=source, pair=pair)
    assert book.book.look("BTC", "EUR").rate == "4"
    for source in ("two", "three"):
        book.says("3", source=source, pair="USD/EUR")
    assert "3 is too far from the last good rate 2" in str(book.book.look("USD", "EUR").problem)


@pytest.mark.parametrize(("pair", "rate"), [("BTC/EUR", "60000"), ("EUR/BTC", "0.0000166666666666667")])
def test_a_rate_from_before_the_start_is_held_against_the_first(book: Book, pair: str, rate: str) -> None:
    book.book.prime(pair, rate, book.clock() - 60_000)
    book.book.prime(pair, "1", book.clock() - 61_000)
    book.all_say("30000", "two", "three")
    assert book.rate() is None
    book.all_say("61000", "two", "three")
    assert book.rate() == "61000"


def test_what_satisfies_one_seller_is_not_held_against_the_others(book: Book) -> None:
    book.book.rules = replace(book.book.rules, sellers={"rash": SellerRules(quorum=1)})
    book.says("1", source="liar")
    assert book.quote("rash").rate == "1"
    book.all_say("60000", "two", "three")
    assert book.rate() == "60000"


def test_nor_is_what_goes_below_a_pairs_own_quorum(book: Book) -> None:
    own = {("BTC", "EUR"): PairRules(quorum=3)}
    book.book.rules = replace(book.book.rules, pairs=own, sellers={"rash": SellerRules(quorum=2)})
    book.all_say("60000", "two", "three")
    assert book.quote("rash").rate == "60000"
    book.all_say("90000", "two", "three", "four")
    assert book.rate() == "90000"


def test_a_thing_costs_one_of_itself(book: Book) -> None:
    book.all_say("60000", "two", "three")
    look = book.book.look("BTC", "BTC")
    assert (look.rate, look.method, look.problem) == ("1", QuoteMethod.SAME_ASSET, None)


def test_what_a_seller_was_quoted_by_rules_that_are_gone_is_asked_no_more(book: Book) -> None:
    book.book.rules = replace(book.book.rules, sellers={"shop": SellerRules(quorum=2)})
    book.all_say("60000", "two", "three")
    book.quote("shop")
    book.quote()
    book.book.rules = Rules()
    assert book.book.asked() == [Asked(("BTC", "EUR"))]


# --- Outliers


def told(logs: Sequence[Mapping[str, object]]) -> list[tuple[object, object]]:
    return [(entry["log_level"], entry["source"]) for entry in logs]


def test_an_outlier_is_told_once_and_counted_once(book: Book) -> None:
    book.all_say("60000", "two", "three")
    book.says("90000", source="mad")
    with capture_logs() as logs:
        assert book.rate() == book.rate() == "60000"
    assert told(logs) == [("warning", "mad")]
    assert book.book.measures.outliers == {"mad": 1}
    book.says("60000", source="mad")
    with capture_logs() as logs:
        book.rate()
        assert logs == [], "it comes and goes: the log hears of a pair once a minute"
        book.clock.turn(60)
        book.rate()
        book.clock.turn(60)
        book.says("90000", source="mad")
        book.rate()
    assert told(logs) == [("warning", "mad")]
    assert book.book.measures.outliers == {"mad": 2}
