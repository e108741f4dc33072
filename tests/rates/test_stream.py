"""Kraken's websocket: prices within a moment, and HTTP for whatever it does not tell."""

from decimal import Decimal

import pytest
import trio

from paydaemon_rates.sandbox.faults import Fault
from tests.rates.world import PRICES, exchange, now_ms, reading
from tests.support.waiting import until

EXPECTED = {pair: Decimal(price) for pair, price in PRICES["kraken"].items()}


async def test_while_it_tells_nothing_is_asked() -> None:
    async with exchange("kraken") as (sandbox, table), reading("kraken", table, every_s=0.05) as host:
        await until(lambda: len(host.published) >= 2 * len(EXPECTED) + 2)
        await trio.sleep(0.1)
        asked = len(sandbox.asked)
        host.forget()
        await until(lambda: host.prices.keys() == EXPECTED.keys())
        assert len(sandbox.asked) == asked
        assert host.prices == EXPECTED
        assert now_ms() - host.published[-1].at_ms < 1_000


async def test_its_prices_are_told_as_soon_as_they_are_there() -> None:
    async with (
        exchange("kraken", fault=Fault.ERROR_500) as (sandbox, table),
        reading("kraken", table) as host,
    ):
        assert not host.published
        sandbox.fault = Fault.NONE
        await until(lambda: host.prices == EXPECTED)


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.HALF_CLOSED, Fault.HTML, Fault.GARBAGE, Fault.NAN])
async def test_once_it_is_away_kraken_is_asked_at_once(fault: Fault) -> None:
    async with (
        exchange("kraken") as (sandbox, table),
        reading("kraken", table, every_s=60, limits__silent_s=0.3) as host,
    ):
        await until(lambda: len(host.published) > 2 * len(EXPECTED))
        asked = len(sandbox.asked)
        sandbox.fault = fault
        await until(lambda: len(sandbox.asked) > asked)


async def test_a_pair_that_it_refuses_is_asked_for() -> None:
    async with exchange("kraken") as (sandbox, table):
        prices_only_by_http = {**table, "pairs": ["BTC/EUR", "XYZ/EUR"]}
        async with reading("kraken", prices_only_by_http, every_s=0.1) as host:
            await until(lambda: "BTC/EUR" in host.prices)
            await until(lambda: sandbox.asked[-1].endswith("pair=XYZEUR"))


async def test_a_time_ahead_of_ours_is_refused() -> None:
    async with (
        exchange("kraken", fault=Fault.SKEWED) as (_, table),
        reading("kraken", table, every_s=60) as host,
    ):
        await until(lambda: any("s ahead of ours" in reason for reason in host.reasons))


async def test_a_stream_that_has_stopped_is_as_of_when_it_did() -> None:
    async with (
        exchange("kraken") as (sandbox, table),
        reading("kraken", table, every_s=60, limits__frozen_s=0) as host,
    ):
        await until(lambda: len(host.published) > 2 * len(EXPECTED))
        sandbox.fault = Fault.FROZEN
        await trio.sleep(0.3)
        frozen_ms = now_ms()
        host.forget()
        await until(lambda: len(host.published) >= len(EXPECTED))
        assert all(rate.at_ms < frozen_ms for rate in host.published)


async def test_a_message_that_is_too_large_ends_the_connection() -> None:
    async with (
        exchange("kraken") as (_, table),
        reading("kraken", table, every_s=0.05, limits__answer_bytes=80) as host,
    ):
        await until(lambda: len(host.failures) > 1)
        assert host.reasons == {"its answer is larger than 80 bytes"}
