"""Sources as a daemon would run them, a host that remembers, and a local exchange for each."""

import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import trio

from paydaemon.hooks.ports import Rate
from paydaemon.plugins import load_plugins
from paydaemon_rates.config import SourceSettings
from paydaemon_rates.sandbox.faults import Fault
from paydaemon_rates.sandbox.server import ExchangeSandbox
from paydaemon_rates.source import PolledSource
from tests.limits.trial import with_value

SAMPLES = Path(__file__).parent / "samples"
PRICES: Mapping[str, Mapping[str, str]] = {
    "kraken": {"BTC/EUR": "60000.0", "HBAR/EUR": "0.11"},
    "coinbase": {"BTC/EUR": "60000.00", "HBAR/USD": "0.12"},
    "bitstamp": {"BTC/EUR": "60000", "HBAR/EUR": "0.11000"},
    "binance": {"BTC/EUR": "60000.00000000", "HBAR/USDC": "0.12"},
    "bitfinex": {"BTC/EUR": "60000", "USDC/USD": "0.9998"},
    "coingecko": {"BTC/EUR": "60000", "HBAR/EUR": "0.11"},
    "hedera": {"HBAR/USD": "0.125"},
    "ecb": {"EUR/USD": "1.0825", "EUR/GBP": "0.85"},
}
"""Two pairs of each, as it may trade them."""
TIMELESS = ("kraken", "binance", "bitfinex")
"""Those that do not say when their prices were true."""


@dataclass
class Host:
    """A daemon that remembers what it was told, newest last. `clock` is unix time in milliseconds."""

    clock: Callable[[], int]
    published: list[Rate] = field(default_factory=list)
    failures: list[tuple[str, tuple[tuple[str, str], ...]]] = field(default_factory=list)

    def now_ms(self) -> int:
        return self.clock()

    def publish(self, rates: Sequence[Rate]) -> None:
        assert all(rate.value.is_finite() and rate.value > 0 for rate in rates)
        self.published += rates

    def failed(self, reason: str, pairs: Sequence[tuple[str, str]] = ()) -> None:
        self.failures.append((reason, tuple(map(tuple, pairs))))  # type: ignore[arg-type]

    @property
    def prices(self) -> Mapping[str, Decimal]:
        """The newest price of each pair."""
        return {f"{rate.base}/{rate.quote}": rate.value for rate in self.published}

    @property
    def reasons(self) -> set[str]:
        return {reason for reason, _ in self.failures}

    def forget(self) -> None:
        self.published.clear()
        self.failures.clear()


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def no_stream(name: str) -> dict[str, str]:
    """HTTP alone: the websocket has tests of its own."""
    return {"websocket_url": ""} if name == "kraken" else {}


def settings(name: str, table: Mapping[str, object], **others: object) -> Any:
    """``[rates.<name>]`` as configured; `others` are set whatever their range."""
    model = load_plugins().rate_sources[name].config
    found = model.model_validate_json(json.dumps(dict(table)))
    for key, value in others.items():
        found = with_value(found, key.replace("__", "."), value)
    return found


def source(name: str, settings: SourceSettings) -> PolledSource:
    built = load_plugins().rate_sources[name].build(settings)
    assert isinstance(built, PolledSource)
    return built


def impatient(name: str, settings: SourceSettings) -> PolledSource:
    """One that asks as often as it likes: it is our own server."""
    found = source(name, settings)
    vars(found.exchange)["apart_s"] = 0.0
    return found


QUICK: Mapping[str, float] = {"every_s": 0.03, "timeout_s": 0.25, "limits__longest_pause_s": 0.03}


@asynccontextmanager
async def exchange(
    name: str, prices: Mapping[str, str] | None = None, fault: Fault = Fault.NONE
) -> AsyncIterator[tuple[ExchangeSandbox, Mapping[str, object]]]:
    """A local exchange, and the table that reads it."""
    sandbox = ExchangeSandbox(name)
    async with trio.open_nursery() as nursery:
        table = await nursery.start(sandbox.run, prices or PRICES[name])
        sandbox.fault = fault
        yield sandbox, table
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def reading(
    name: str, table: Mapping[str, object], host: Host | None = None, **others: object
) -> AsyncIterator[Host]:
    """A source that runs, quickly, from its first look on."""
    host = host or Host(now_ms)
    found = impatient(name, settings(name, table, **{**QUICK, **others}))
    async with trio.open_nursery() as nursery:
        await nursery.start(found.run, host)
        yield host
        nursery.cancel_scope.cancel()
