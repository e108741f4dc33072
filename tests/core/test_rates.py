"""Rates: the median of those that agree, or the reasons why nobody can say."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paydaemon.core.invoice import QuoteMethod, SourcePrice
from paydaemon.core.ratedecimals import written
from paydaemon.core.ratereasons import Verdict
from paydaemon.core.raterules import PairRules, Rules, SellerRules
from paydaemon.core.rates import quoted
from tests.core.pricelist import NOW_MS, RULES, Pricelist, found, market, pair, verdicts

BTC_EUR = pair("BTC/EUR")


# --- Jumps


@pytest.mark.parametrize(("rate", "stands"), [("120", True), ("120.1", False), ("80", True), ("79.9", False)])
def test_a_rate_that_jumps_is_refused(rate: str, stands: bool) -> None:
    known = market("BTC/EUR", rate, rate)
    known.good[BTC_EUR] = Decimal(100)
    assert (found(known).rate is not None) is stands
    if not stands:
        assert found(known).problem == f"BTC/EUR: {rate} is too far from the last good rate 100"
        assert verdicts(known) == {"a": Verdict.UNUSED, "b": Verdict.UNUSED}


def test_no_other_way_is_sought_around_a_jump() -> None:
    known = market("BTC/EUR", "200", "200").says("set", "BTC/EUR", "100", sets=True)
    for source in "ab":
        known.says(source, "BTC/USD", "100").says(source, "USD/EUR", "1")
    known.good[BTC_EUR] = Decimal(100)
    rules = Rules(fallback=("set",))
    assert found(known, rules=rules).rate is None
    assert verdicts(known, rules=rules)["set"] is Verdict.UNUSED


def test_a_way_over_others_may_not_jump_either() -> None:
    known = market("BTC/USD", "200", "200")
    known.says("a", "USD/EUR", "1").says("b", "USD/EUR", "1")
    assert found(known).rate == "200"
    known.good[BTC_EUR] = Decimal(100)
    assert found(known).problem == "BTC/EUR: 200 is too far from the last good rate 100"


@pytest.mark.parametrize("fallback", [(), ("fixed",)], ids=str)
def test_nor_is_one_sought_around_a_leg_that_jumps(fallback: tuple[str, ...]) -> None:
    known = Pricelist(good={pair("HBAR/USD"): Decimal("0.05")})
    for source in ("a", "b"):
        known.says(source, "HBAR/USD", "0.1").says(source, "USD/EUR", "0.9")
        known.says(source, "HBAR/GBP", "0.08").says(source, "GBP/EUR", "1.1")
    known.says("fixed", "HBAR/EUR", "0.05", sets=True)
    rules = Rules(via=("USD", "GBP"), fallback=("fixed", *fallback))
    problem = found(known, "HBAR/EUR", rules).problem
    assert problem == "HBAR/USD: 0.1 is too far from the last good rate 0.05"


def test_a_leg_that_the_operator_sets_may_jump() -> None:
    known = Pricelist(good={BTC_EUR: Decimal(90)})
    known.says("a", "BTC/USD", "100").says("b", "BTC/USD", "100").says("fixed", "USD/EUR", "0.5", sets=True)
    assert found(known).rate == "50"


def test_the_leg_that_is_missing_is_told() -> None:
    known = Pricelist().says("a", "BTC/USD", "100").says("b", "BTC/USD", "100")
    assert found(known).problem == "BTC/EUR: no source has a price; USD/EUR: no source has a price"
    known = Pricelist(failing={pair("BTC/USD")}, silent={"a": "HTTP 500"})
    assert found(known).problem == (
        "BTC/EUR: 0 of 2 sources needed: a: HTTP 500; BTC/USD: 0 of 2 sources needed: a: HTTP 500"
    )


def test_beside_a_fallback_it_is_still_told_who_is_too_old() -> None:
    known = Pricelist().says("a", "BTC/EUR", "100", age_s=500).says("fixed", "BTC/EUR", "90", sets=True)
    assert verdicts(known, rules=Rules(fallback=("fixed",))) == {"fixed": Verdict.USED, "a": Verdict.STALE}


def test_what_the_operator_sets_may_jump() -> None:
    known = Pricelist().says("set", "BTC/EUR", "200", sets=True)
    known.good[BTC_EUR] = Decimal(100)
    assert found(known).rate == "200"


# --- What a person sets, and what else will do


def test_what_is_set_needs_no_other_and_stands_as_it_was_written() -> None:
    known = market("BTC/EUR", "100", "100", "100").says("fixed", "BTC/EUR", "60000.00", sets=True)
    made = quoted(found(known), 0)
    assert made is not None
    assert (made.rate, made.method, made.source) == ("60000.00", QuoteMethod.SET, "fixed")
    assert made.sources == (SourcePrice("fixed", "BTC/EUR", "60000.00", NOW_MS),)
    assert set(verdicts(known).values()) == {Verdict.USED, Verdict.UNUSED}


def test_the_reverse_of_what_is_set_sets_nothing_and_is_no_market() -> None:
    known = Pricelist().says("fixed", "EUR/BTC", "0.01", sets=True)
    assert found(known).rate is None
    assert found(known.says("a", "BTC/EUR", "100"), rules=Rules(quorum=1)).rate == "100"


def test_the_reverse_of_what_is_set_is_no_leg() -> None:
    known = market("BTC/USD", "100", "100").says("own", "EUR/USD", "2", sets=True)
    assert found(known, rules=Rules(quorum=1)).rate is None
    assert found(known.says("own", "USD/EUR", "0.5", sets=True)).rate == "50"


def test_a_fallback_is_asked_last() -> None:
    known = Pricelist().says("fixed", "BTC/EUR", "50", sets=True).says("a", "BTC/EUR", "100")
    rules = Rules(fallback=("a", "fixed"))
    assert (found(known, rules=rules).rate, found(known, rules=rules).method) == ("100", QuoteMethod.FALLBACK)
    assert found(known, rules=Rules(fallback=("away", "fixed"))).rate == "50"
    known.says("b", "BTC/EUR", "101")
    assert (found(known, rules=rules).rate, found(known, rules=rules).method) == ("100.5", QuoteMethod.MEDIAN)


def test_an_old_fallback_is_none() -> None:
    known = Pricelist().says("fixed", "BTC/EUR", "50", sets=True, age_s=121)
    assert found(known, rules=Rules(fallback=("fixed",))).rate is None


# --- By way of others


def crossed() -> Pricelist:
    known = Pricelist()
    for source, dollar in (("a", "0.9"), ("b", "0.9")):
        known.says(source, "HBAR/USD", "0.1").says(source, "USD/EUR", dollar)
    return known


def test_a_way_over_another_currency_with_every_pair_on_it() -> None:
    known = crossed()
    made = quoted(found(known, "HBAR/EUR"), 0)
    assert made is not None
    assert (made.rate, made.source, made.method) == ("0.09", "a, b", QuoteMethod.MEDIAN)
    assert [(price.source, price.pair) for price in made.sources] == [
        *(("a", "HBAR/USD"), ("b", "HBAR/USD")),
        *(("a", "USD/EUR"), ("b", "USD/EUR")),
    ]


def test_crosses_have_fifteen_digits_half_even() -> None:
    known = Pricelist()
    for source in "ab":
        known.says(source, "HBAR/USD", "0.333333333").says(source, "EUR/USD", "1.7")
    rate = found(known, "HBAR/EUR").rate
    assert rate == "0.196078431176471"


def test_the_fewest_legs_win_then_the_order_of_via() -> None:
    known = Pricelist()
    for source in "ab":
        known.says(source, "X/USD", "2").says(source, "USD/CHF", "3")
        known.says(source, "X/EUR", "5").says(source, "EUR/CHF", "7")
        known.says(source, "X/GBP", "11").says(source, "GBP/USD", "13")
    assert found(known, "X/CHF").rate == "6"
    assert found(known, "X/CHF", Rules(via=("EUR", "USD"))).rate == "35"
    assert found(known, "X/CHF", Rules(via=("GBP", "USD"))).rate == "6"
    known.said = [word for word in known.said if word.pair not in (("X", "USD"), ("X", "EUR"))]
    assert found(known, "X/CHF", Rules(via=("GBP", "USD"))).rate == "429"
    assert found(known, "X/CHF").rate is None, "GBP is no currency to go over"


def test_a_direct_quorum_goes_before_any_way() -> None:
    known = crossed().says("a", "HBAR/EUR", "0.2")
    assert found(known, "HBAR/EUR").rate == "0.09"
    assert found(known.says("b", "HBAR/EUR", "0.2"), "HBAR/EUR").rate == "0.2"


def test_where_a_way_breaks_is_told() -> None:
    known = crossed()
    known.said = [word for word in known.said if word.source == "a" or word.pair != ("USD", "EUR")]
    assert found(known, "HBAR/EUR").problem == (
        "HBAR/EUR: no source has a price; USD/EUR: 1 of 2 sources needed: a 0.9"
    )


# --- Rules


def test_pairs_have_rules_of_their_own_either_way_round() -> None:
    known = market("BTC/EUR", "100", "104")
    loose = PairRules(deviation_ppm=50_000)
    assert found(known, rules=Rules(pairs={("BTC", "EUR"): loose})).rate == "102"
    assert found(known, rules=Rules(pairs={("EUR", "BTC"): loose})).rate == "102"
    assert found(known, rules=Rules(pairs={("BTC", "USD"): loose})).rate is None


def test_sellers_have_rules_of_their_own() -> None:
    rules = Rules(
        pairs={BTC_EUR: PairRules(quorum=3, jump_ppm=7)},
        sellers={"shop": SellerRules(spread_ppm=5_000, quorum=1, fallback=())},
        fallback=("fixed",),
    )
    own = rules.of_seller("shop")
    assert (own.spread_ppm, own.fallback, own.of_pair(BTC_EUR).quorum) == (5_000, (), 1)
    assert own.of_pair(BTC_EUR).jump_ppm == 7, "only the quorum is the seller's"
    assert rules.of_seller("rival") is rules
    assert rules.of_seller(None) is rules


def test_a_spread_makes_the_payer_pay_more() -> None:
    made = quoted(found(market("BTC/EUR", "100", "100")), 5_000)
    assert made is not None
    assert (made.rate, made.spread_ppm) == ("99.5", 5_000)


def test_a_rate_too_small_to_write_is_none() -> None:
    tiny = "0.000000000000000000000000000001"
    known = Pricelist()
    for source in "ab":
        known.says(source, "X/USD", tiny).says(source, "USD/EUR", "0.1")
    assert found(known, "X/EUR").problem == "X/EUR: the rate has too many digits"
    single = found(market("BTC/EUR", tiny, tiny))
    assert single.rate == tiny
    assert quoted(single, 500_000) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1E+5", "100000"),
        ("1.50", "1.5"),
        ("0.1234567890123455", "0.123456789012346"),
        ("0.1234567890123445", "0.123456789012344"),
        ("999999999999999.5", "1000000000000000"),
        ("1E-30", "0.000000000000000000000000000001"),
        ("1.5E-30", "0.000000000000000000000000000002"),
        ("4E-31", None),
        ("9" * 30, None),
        ("1E-400", None),
    ],
)
def test_what_is_worked_out_is_written_with_fifteen_digits(value: str, text: str | None) -> None:
    assert written(Decimal(value)) == text


# --- Lies

PRICES = st.decimals("0.000001", "1000000", places=6, allow_nan=False)
LIES = st.one_of(PRICES, st.decimals("1e-15", "1e15", places=15, allow_nan=False))
SLACK = Fraction(1, 10**14)
"""More than rounding to 15 digits can move anything by."""


def within(rate: str | None, low: Fraction, high: Fraction) -> bool:
    return rate is None or low * (1 - SLACK) <= Fraction(rate) <= high * (1 + SLACK)


@example(first=Decimal(100), second=Decimal(103), lie=Decimal(99), place=0, turned=False)
@given(first=PRICES, second=PRICES, lie=LIES, place=st.integers(0, 2), turned=st.booleans())
def test_one_liar_of_three_never_moves_a_rate_beyond_the_honest(
    first: Decimal, second: Decimal, lie: Decimal, place: int, turned: bool
) -> None:
    known = market("BTC/EUR", str(first), str(second))
    known.says("liar", "EUR/BTC" if turned else "BTC/EUR", format(lie, "f"))
    known.said.insert(place, known.said.pop())
    rate = found(known).rate
    low, high = sorted([Fraction(first), Fraction(second)])
    assert within(rate, low, high)
    if high <= low * Fraction(102, 100):
        assert rate is not None, "nor can it stop sales where the honest agree"


@given(
    honest=st.tuples(PRICES, PRICES, PRICES, PRICES),
    lies=st.tuples(LIES, LIES),
    reverse=st.booleans(),
)
def test_nor_on_a_way_of_two_legs(
    honest: tuple[Decimal, Decimal, Decimal, Decimal], lies: tuple[Decimal, Decimal], reverse: bool
) -> None:
    one, two, three, four = honest
    second = "EUR/USD" if reverse else "USD/EUR"
    known = market("HBAR/USD", str(one), str(two)).says("liar", "HBAR/USD", format(lies[0], "f"))
    for source, price in (("a", three), ("b", four), ("liar", lies[1])):
        known.says(source, second, format(price, "f"))
    rates = [Fraction(price) if not reverse else 1 / Fraction(price) for price in (three, four)]
    low = min(Fraction(one), Fraction(two)) * min(rates)
    high = max(Fraction(one), Fraction(two)) * max(rates)
    rules = replace(RULES, deviation_ppm=500_000)
    assert within(found(known, "HBAR/EUR", rules).rate, low, high)


@given(honest=st.lists(PRICES, min_size=2, max_size=6), lie=LIES)
def test_nor_can_one_of_more(honest: list[Decimal], lie: Decimal) -> None:
    known = market("BTC/EUR", *map(str, honest)).says("liar", "BTC/EUR", format(lie, "f"))
    rate = found(known, rules=Rules(deviation_ppm=500_000)).rate
    assert within(rate, Fraction(min(honest)), Fraction(max(honest)))


@given(prices=st.lists(LIES, min_size=1, max_size=7), spread_ppm=st.integers(0, 500_000))
def test_whoever_has_what_is_stored_can_work_the_rate_out_again(
    prices: list[Decimal], spread_ppm: int
) -> None:
    known = market("BTC/EUR", *(format(price, "f") for price in prices))
    made = quoted(found(known, rules=Rules(quorum=1)), spread_ppm)
    if made is not None:
        stored = sorted(Fraction(price.rate) for price in made.sources)
        median = (stored[(len(stored) - 1) // 2] + stored[len(stored) // 2]) / 2
        again = median * Fraction(1_000_000 - spread_ppm, 1_000_000)
        assert within(made.rate, again, again)
