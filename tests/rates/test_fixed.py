"""The fixed rate source: checked prices, said again and again."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from paydaemon.config import QuoteSettings, keys
from paydaemon.core.errors import Refusal
from paydaemon.core.money import parse_fraction
from paydaemon.hooks.ports import Rate
from paydaemon.plugins import load_plugins
from paydaemon_rates.config import FixedSettings
from paydaemon_rates.fixed import PUBLISH_EVERY_S, FixedRates


class Host:
    """A daemon that remembers what it was told."""

    def __init__(self) -> None:
        self.published: list[Sequence[Rate]] = []

    def now_ms(self) -> int:
        return round(trio.current_time() * 1000)

    def publish(self, rates: Sequence[Rate]) -> None:
        self.published.append(rates)


def settings(prices: Mapping[str, object]) -> FixedSettings:
    return FixedSettings.model_validate({"prices": prices})


def refusal(prices: object) -> str:
    with pytest.raises(ValidationError) as caught:
        FixedSettings.model_validate({"prices": prices})
    (error,) = caught.value.errors()
    return error["msg"].removeprefix("Value error, ")


async def test_prices_are_published_before_it_says_that_it_is_up() -> None:
    host = Host()
    async with trio.open_nursery() as nursery:
        await nursery.start(FixedRates(settings({"BTC/EUR": "60000.00", "HBAR/USD": "0.05"})).run, host)
        (rates,) = host.published
        assert [(rate.base, rate.quote, rate.value) for rate in rates] == [
            ("BTC", "EUR", Decimal("60000.00")),
            ("HBAR", "USD", Decimal("0.05")),
        ]
        nursery.cancel_scope.cancel()


async def test_they_are_never_older_than_what_any_configuration_asks_for(
    autojump_clock: trio.testing.MockClock,
) -> None:
    host = Host()
    async with trio.open_nursery() as nursery:
        await nursery.start(FixedRates(settings({"BTC/EUR": "60000.00"})).run, host)
        await trio.sleep(3_600)
        nursery.cancel_scope.cancel()
    times_ms = [rates[0].at_ms for rates in host.published]
    gaps_ms = [after - before for before, after in pairwise(times_ms)]
    assert len(gaps_ms) >= 359
    (smallest,) = [
        constraint.ge
        for constraint in QuoteSettings.model_fields["max_age_s"].metadata
        if hasattr(constraint, "ge")
    ]
    assert max(gaps_ms) <= smallest * 1000 / 2
    assert max(gaps_ms) == PUBLISH_EVERY_S * 1000


def test_the_source_is_brought_by_entry_point() -> None:
    plugin = load_plugins().rate_sources["fixed"]
    assert plugin.config is FixedSettings
    assert plugin.build(settings({"BTC/EUR": "1"})).id == "fixed"
    assert "rates.fixed.prices" in {key.path for key in keys(load_plugins())}


@pytest.mark.parametrize(
    "pair",
    ["BTC", "BTC-EUR", "btc/eur", "BTC/EUR/USD", "BTC/", "/EUR", "BTC / EUR", "ВTC/EUR", "BTC/EUR\n", ""],
)
def test_what_is_no_pair(pair: str) -> None:
    assert refusal({pair: "1"}) == 'must be a pair in capitals such as "BTC/EUR"'


def test_a_pair_of_the_same() -> None:
    assert refusal({"BTC/BTC": "1"}) == "must be a pair of two different things"


@pytest.mark.parametrize(
    "price", ["", "-1", "+1", "1e5", "NaN", "Infinity", "1_000", "1,5", "٣", " 1", "01", ".5", "5.", "1" * 31]
)
def test_what_is_no_price(price: str) -> None:
    with pytest.raises(Refusal) as core_says:
        parse_fraction(price, "prices")
    assert refusal({"BTC/EUR": price}) == core_says.value.message


@pytest.mark.parametrize("price", [60000, 60000.0, True, None, ["1"]])
def test_a_price_that_is_no_text(price: object) -> None:
    assert refusal({"BTC/EUR": price}) == 'must be a decimal string such as "12.50", not a number'


@pytest.mark.parametrize("price", ["0", "0.00"])
def test_a_price_of_nothing(price: str) -> None:
    assert refusal({"BTC/EUR": price}) == "must be more than zero"


def test_no_prices() -> None:
    with pytest.raises(ValidationError):
        settings({})


@given(st.decimals(min_value="0.00000001", max_value=10**20, places=8, allow_nan=False))
def test_a_price_is_exact(price: Decimal) -> None:
    ((base, quote, value),) = settings({"BTC/EUR": format(price, "f")}).parsed()
    assert (base, quote, value) == ("BTC", "EUR", price)


@given(st.text())
def test_any_text_is_a_price_or_refused(text: str) -> None:
    try:
        ((_, _, value),) = settings({"BTC/EUR": text}).parsed()
    except ValidationError:
        return
    assert value > 0
