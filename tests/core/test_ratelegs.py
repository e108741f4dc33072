"""What the market says of one pair."""

import pytest

from paydaemon.core.invoice import SourcePrice
from paydaemon.core.ratereasons import Verdict
from paydaemon.core.raterules import Rules
from paydaemon.core.rates import quoted
from tests.core.pricelist import NOW_MS, Pricelist, found, market, verdicts


@pytest.mark.parametrize(
    ("prices", "rate"),
    [
        (("100", "101"), "100.5"),
        (("100", "100.00"), "100"),
        (("101", "100", "100.5"), "100.5"),
        (("100.50", "99", "101"), "100.50"),
        (("100", "100.2", "100.4", "100.6"), "100.3"),
        (("61000.01", "61000.02"), "61000.015"),
    ],
)
def test_the_rate_is_the_median(prices: tuple[str, ...], rate: str) -> None:
    assert found(market("BTC/EUR", *prices)).rate == rate


def test_one_source_is_not_enough() -> None:
    assert found(market("BTC/EUR", "100")).problem == "BTC/EUR: 1 of 2 sources needed: a 100"
    assert found(market("BTC/EUR", "100"), rules=Rules(quorum=1)).rate == "100"


def test_two_that_differ_by_more_than_is_allowed_do_not_agree() -> None:
    assert found(market("BTC/EUR", "100", "102")).rate == "101"
    known = market("BTC/EUR", "100", "102.01")
    assert found(known).problem == (
        "BTC/EUR: 0 of 2 sources needed: a 100 is an outlier; b 102.01 is an outlier"
    )


@pytest.mark.parametrize("lie", ["0.001", "97", "103", "60000000000"])
def test_an_outlier_is_dropped_and_told(lie: str) -> None:
    known = market("BTC/EUR", "100", "100.5", lie)
    assert found(known).rate in ("100", "100.5")
    assert verdicts(known) == {"a": Verdict.USED, "b": Verdict.USED, "c": Verdict.OUTLIER}


def test_what_is_left_must_reach_the_quorum() -> None:
    known = market("BTC/EUR", "100", "100.5", "200")
    assert found(known, rules=Rules(quorum=3)).problem == (
        "BTC/EUR: 2 of 3 sources needed: a 100; b 100.5; c 200 is an outlier"
    )


def test_an_outlier_that_is_dropped_does_not_move_the_rate_to_the_liar() -> None:
    """c is honest and far; a lies. The median of a and b would be less than any honest price."""
    assert found(market("BTC/EUR", "99", "100", "103")).rate == "100"


def test_a_word_grows_old() -> None:
    known = market("BTC/EUR", "100", "100").says("old", "BTC/EUR", "90", age_s=121)
    known.says("daily", "BTC/EUR", "101", age_s=3_600, max_age_ms=86_400_000)
    assert found(known).rate == "100"
    assert verdicts(known)["old"] is Verdict.STALE
    assert verdicts(known)["daily"] is Verdict.USED


def test_one_from_ahead_is_as_old() -> None:
    known = Pricelist().says("a", "BTC/EUR", "100", age_s=-121).says("b", "BTC/EUR", "100")
    assert found(known).rate is None


def test_the_other_way_round_counts_too_but_each_source_once() -> None:
    known = Pricelist().says("a", "EUR/BTC", "0.01").says("a", "BTC/EUR", "100")
    assert found(known).problem == "BTC/EUR: 1 of 2 sources needed: a 100"
    known.says("b", "EUR/BTC", "0.0099")
    made = quoted(found(known), 0)
    assert made is not None
    assert made.rate == "100.50505050505"
    assert made.sources == (
        SourcePrice("a", "BTC/EUR", "100", NOW_MS),
        SourcePrice("b", "BTC/EUR", "101.010101010101", NOW_MS),
    )


def test_every_reason_is_told() -> None:
    known = market("BTC/EUR", "61000.00").says("bitstamp", "BTC/EUR", "61000.00", age_s=340)
    known.says("gone", "BTC/EUR", "61000.00", age_s=200)
    known.silent = {"coinbase": "HTTP 429", "gone": "it hangs", "a": "this time it failed"}
    assert found(known).problem == (
        "BTC/EUR: 1 of 2 sources needed: a 61000.00; bitstamp: 340 s old; gone: it hangs, 200 s old; "
        "coinbase: HTTP 429"
    )
    assert verdicts(known) == {
        "a": Verdict.UNUSED,
        "bitstamp": Verdict.STALE,
        "gone": Verdict.FAILED,
        "coinbase": Verdict.FAILED,
    }


def test_many_reasons_are_cut() -> None:
    known = Pricelist(silent={f"source{number}": "x" * 200 for number in range(100)})
    problem = found(known).problem
    assert problem is not None
    assert len(problem) == 2_001


def test_nobody_knows() -> None:
    assert found(Pricelist()).problem == "BTC/EUR: no source has a price"
