"""What ``paydaemon doctor`` is told of a source."""

from collections.abc import Sequence

import pytest

from paydaemon.hooks.diagnosis import Finding, Verdict
from paydaemon.plugins import load_plugins
from paydaemon_rates.sandbox.faults import Fault
from tests.rates.world import PRICES, exchange, no_stream, settings


async def diagnosed(name: str, fault: Fault = Fault.NONE, **others: object) -> Sequence[Finding]:
    diagnose = load_plugins().rate_sources[name].diagnose
    assert diagnose is not None
    async with exchange(name, fault=fault) as (sandbox, table):
        found = [one async for one in diagnose(settings(name, {**table, **no_stream(name), **others}))]
        assert len(sandbox.asked) <= len(PRICES[name])
    return found


@pytest.mark.parametrize("name", PRICES)
async def test_what_came_is_told(name: str) -> None:
    prices, clock = await diagnosed(name)
    assert prices.verdict is Verdict.OK
    assert all(pair in prices.said for pair in PRICES[name])
    assert (clock.what, clock.verdict) == ("clock", Verdict.OK)


@pytest.mark.parametrize("name", PRICES)
async def test_what_does_not_come_is_told_with_its_reason(name: str) -> None:
    first, *_ = await diagnosed(name, Fault.ERROR_500)
    assert first.verdict is Verdict.WARNING
    assert "HTTP 500" in first.said
    assert first.advice


async def test_a_clock_that_is_off() -> None:
    *_, clock = await diagnosed("kraken", Fault.SKEWED)
    assert clock.verdict is Verdict.WARNING
    assert clock.said.startswith("its clock is 259")
    assert clock.said.endswith(" s ahead of this machine's")


async def test_one_pair_that_is_not_traded_is_named() -> None:
    came, failed, _ = await diagnosed("coinbase", pairs=["BTC/EUR", "XYZ/EUR"])
    assert (came.verdict, failed.verdict) == (Verdict.OK, Verdict.WARNING)
    assert failed.said.endswith("HTTP 404: XYZ/EUR")
