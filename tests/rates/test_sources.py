"""Every source against every fault, over real sockets: the way it goes in the daemon."""

from decimal import Decimal
from typing import Any

import pytest

from paydaemon_rates.sandbox.faults import Fault
from tests.rates.world import PRICES, TIMELESS, Host, exchange, no_stream, now_ms, reading
from tests.support.waiting import until

SOURCES = list(PRICES)
NO_NUMBER = {"a price is no number", "its answer holds NaN, which is no number"}
REASONS = {
    Fault.NAN: NO_NUMBER,
    Fault.GARBAGE: NO_NUMBER,
    Fault.ZERO: {"it has no price"},
    Fault.NEGATIVE: {"a price is less than zero"},
    Fault.ERROR_500: {"HTTP 500"},
    Fault.LIMITED: {"HTTP 429"},
    Fault.HANG: {"no answer in 0.25 s"},
    Fault.HALF_CLOSED: {"the connection was lost"},
    Fault.HTML: {"it answered a page, not data"},
    Fault.WRONG_PAIR: {"its answer is not about this pair", "HTTP 404"},
}
"""Why nothing is published, for each fault that there is a reason of."""


@pytest.mark.parametrize("name", SOURCES)
async def test_its_prices_are_published_before_it_says_that_it_is_up(name: str) -> None:
    async with exchange(name) as (_, table), reading(name, table) as host:
        assert host.prices == {pair: Decimal(price) for pair, price in PRICES[name].items()}
        assert not host.failures
        assert all(rate.at_ms <= now_ms() for rate in host.published)


@pytest.mark.parametrize("fault", REASONS)
@pytest.mark.parametrize("name", SOURCES)
async def test_a_fault_is_told_with_its_reason_and_nothing_is_published(name: str, fault: Fault) -> None:
    async with (
        exchange(name, fault=fault) as (_, table),
        reading(name, {**table, **no_stream(name)}) as host,
    ):
        assert not host.published
        assert host.reasons
        assert host.reasons <= REASONS[fault]
        assert {pair for _, pairs in host.failures for pair in pairs} == {
            tuple(pair.split("/")) for pair in PRICES[name]
        }


@pytest.mark.parametrize("fault", [Fault.ERROR_500, Fault.HALF_CLOSED, Fault.GARBAGE])
@pytest.mark.parametrize("name", SOURCES)
async def test_it_goes_on_once_the_fault_is_over(name: str, fault: Fault) -> None:
    async with (
        exchange(name, fault=fault) as (sandbox, table),
        reading(name, {**table, **no_stream(name)}) as host,
    ):
        assert not host.published
        sandbox.fault = Fault.NONE
        await until(lambda: host.prices.keys() == PRICES[name].keys())


@pytest.mark.parametrize("name", SOURCES)
async def test_a_price_a_thousand_times_as_high_is_published_as_it_is_said(name: str) -> None:
    """Alone it cannot be told from the truth: that is what the other sources are for."""
    async with exchange(name, fault=Fault.TIMES_1000) as (_, table), reading(name, table) as host:
        assert host.prices == {pair: Decimal(price) * 1000 for pair, price in PRICES[name].items()}


@pytest.mark.parametrize("name", SOURCES)
async def test_a_source_that_has_stopped_is_as_of_when_it_did(name: str) -> None:
    async with exchange(name, fault=Fault.FROZEN) as (sandbox, table):
        frozen: dict[str, Any] = {"limits__frozen_s": 0} if name in TIMELESS else {}
        async with reading(name, {**table, **no_stream(name)}, **frozen) as host:
            began_ms = now_ms()
            await until(lambda: len(sandbox.asked) > 3 * len(PRICES[name]) and now_ms() > began_ms + 150)
            last = host.published[-1]
            assert last.at_ms <= began_ms
            if name in TIMELESS:
                sandbox.fault = Fault.NONE
                host.forget()
                await until(lambda: any(rate.at_ms > last.at_ms for rate in host.published))


@pytest.mark.parametrize("name", sorted(PRICES.keys() - set(TIMELESS)))
async def test_a_time_ahead_of_ours_is_refused(name: str) -> None:
    async with exchange(name, fault=Fault.SKEWED) as (_, table), reading(name, table) as host:
        assert not host.published
        assert all("s ahead of ours" in reason for reason in host.reasons)
        assert host.failures


@pytest.mark.parametrize("name", TIMELESS)
async def test_without_a_time_a_price_is_as_of_now_whatever_the_servers_clock(name: str) -> None:
    async with (
        exchange(name, fault=Fault.SKEWED) as (_, table),
        reading(name, {**table, **no_stream(name)}) as host,
    ):
        assert host.published
        assert all(rate.at_ms <= now_ms() for rate in host.published)


@pytest.mark.parametrize("name", SOURCES)
async def test_nobody_there(name: str) -> None:
    host = Host(now_ms)
    async with exchange(name) as (_, table):
        pass
    async with reading(name, {**table, **no_stream(name)}, host):
        assert host.reasons == {"no connection: connection refused"}
