"""``[quotes]``: by which rules rates are found."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paydaemon.config import Config, ConfigError, parse_config
from paydaemon.core.raterules import PairRules, Rules, SellerRules
from paydaemon.plugins import load_plugins
from tests.systemd.away import NOBODY

PLUGINS = load_plugins()
PAGE = Path(__file__).parents[2] / "docs" / "rates.md"
FIXED = {"fixed": {"prices": {"BTC/EUR": "60000.00"}}}


def parsed(**quotes: Any) -> Config:
    return parse_config({**NOBODY, "rates": FIXED, "quotes": quotes}, PLUGINS)


def problems(**quotes: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parsed(**quotes)
    return [str(problem) for problem in caught.value.problems]


def test_what_nobody_sets_is_what_the_core_holds() -> None:
    assert parsed().quotes.rules == Rules()


def test_everything_that_can_be_set() -> None:
    config = parsed(
        max_age_s=60,
        quorum=3,
        max_deviation_percent="0.5",
        max_jump_percent="1000",
        jump_memory_s=30,
        via=["CHF"],
        fallback=["fixed"],
        spread_percent="0.25",
        pairs={"HBAR/EUR": {"quorum": 1, "max_age_s": 20, "max_jump_percent": "50"}},
        sellers={"shop": {"spread_percent": "1", "fallback": []}, "other": {"quorum": 2}},
    )
    assert config.quotes.rules == Rules(
        max_age_ms=60_000,
        quorum=3,
        deviation_ppm=5_000,
        jump_ppm=10_000_000,
        jump_memory_ms=30_000,
        via=("CHF",),
        fallback=("fixed",),
        spread_ppm=2_500,
        pairs={("HBAR", "EUR"): PairRules(quorum=1, max_age_ms=20_000, jump_ppm=500_000)},
        sellers={"shop": SellerRules(spread_ppm=10_000, fallback=()), "other": SellerRules(quorum=2)},
    )


@pytest.mark.parametrize(
    ("quotes", "problem"),
    [
        ({"quorum": 0}, "quotes.quorum: must be at least 1"),
        ({"max_deviation_percent": "0"}, 'quotes.max_deviation_percent: must be from "0.01" to "50"'),
        ({"max_deviation_percent": 2}, "quotes.max_deviation_percent: must be text in quotes"),
        ({"max_jump_percent": "many"}, 'quotes.max_jump_percent: must be a plain decimal such as "12.50"'),
        ({"spread_percent": "50.0001"}, 'quotes.spread_percent: must be from "0" to "50"'),
        ({"spread_percent": "-1"}, 'quotes.spread_percent: must be a plain decimal such as "12.50"'),
        ({"spread_percent": "0.00001"}, "quotes.spread_percent: must have at most 4 decimals"),
        ({"via": ["usd"]}, 'quotes.via.0: must be a currency or asset in capitals such as "USD"'),
        ({"pairs": {"HBAR": {}}}, 'must be a pair of two in capitals such as "HBAR/EUR"'),
        ({"pairs": {"HBAR/HBAR": {}}}, 'must be a pair of two in capitals such as "HBAR/EUR"'),
        (
            {"pairs": {"HBAR/EUR": {"qorum": 1}}},
            '"HBAR/EUR".qorum: is not a key of this table; did you mean "quorum"?',
        ),
        (
            {"pairs": {"HBAR/EUR": {"quorum": 1}, "EUR/HBAR": {"quorum": 3}}},
            'quotes.pairs: "HBAR/EUR" and "EUR/HBAR" are one pair: keep one of them',
        ),
        (
            {"fallback": ["fixt"]},
            'quotes.fallback.0: is no source that is configured: there is "fixed"; did you mean "fixed"?',
        ),
        ({"fallback": ["fixed", "fixed"]}, 'quotes.fallback.1: "fixed" is named twice'),
        (
            {"sellers": {"shop": {"fallback": ["fixed", "fixed"]}}},
            'quotes.sellers.shop.fallback.1: "fixed" is named twice',
        ),
        ({"sellers": {"shop": {"fallback": ["x"]}}}, "quotes.sellers.shop.fallback.0: is no source"),
    ],
)
def test_a_slip_is_named(quotes: dict[str, Any], problem: str) -> None:
    [said] = problems(**quotes)
    assert problem in said


def test_the_example_of_the_page_is_the_defaults_with_a_pair_and_a_seller() -> None:
    (table,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    rules = parsed(**tomllib.loads(table)["quotes"]).quotes.rules
    assert rules == replace(Rules(), pairs=rules.pairs, sellers=rules.sellers)
    assert list(rules.pairs) == [("HBAR", "EUR")]
    assert list(rules.sellers) == ["shop"]
