"""``[rates.<source>]``: a line is enough, and what is wrong is told with its key."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import trio

from paydaemon.config import ConfigError, keys, parse_config
from paydaemon.plugins import load_plugins
from paydaemon_rates.config import SourceSettings
from paydaemon_rates.sandbox.faults import Fault
from tests.rates.world import PRICES, QUICK, Host, exchange, impatient, now_ms, settings, source
from tests.support.reads import reads
from tests.support.waiting import until
from tests.systemd.away import NOBODY

PLUGINS = load_plugins()
NUMBERS = [
    key for key in keys(PLUGINS) if key.table.partition(".")[0] == "rates" and type(key.default) is int
]


def problems(name: str, **table: object) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_config({**NOBODY, "rates": {name: table}}, PLUGINS)
    return [f"{one.path}: {one.message}" for one in caught.value.problems]


@pytest.mark.parametrize("name", PRICES)
def test_a_table_with_nothing_in_it_works(name: str) -> None:
    config = parse_config({**NOBODY, "rates": {name: {}}}, PLUGINS)
    found = config.rates[name].settings
    assert isinstance(found, SourceSettings)
    assert found.asked
    assert found.url.startswith("https://")


def test_those_whose_word_is_good_for_longer_say_so() -> None:
    ages = {name: plugin.max_age_s for name, plugin in PLUGINS.rate_sources.items() if plugin.max_age_s}
    assert ages == {"coingecko": 600, "hedera": 7_200, "ecb": 518_400}
    assert [name for name, plugin in PLUGINS.rate_sources.items() if plugin.sets] == ["fixed"]
    assert [name for name, plugin in PLUGINS.rate_sources.items() if plugin.sandbox][:3] == [
        *("kraken", "coinbase", "bitstamp")
    ]


@pytest.mark.parametrize("key", NUMBERS, ids=lambda key: key.path)
def test_numbers_have_bounds_and_keep_to_them(key: Any) -> None:
    _, name, *tables = key.table.split(".")

    def table(value: object) -> Mapping[str, Any]:
        return {tables[0]: {key.name: value}} if tables else {key.name: value}

    for value in (key.least, key.most):
        parse_config({**NOBODY, "rates": {name: table(value)}}, PLUGINS)
    assert problems(name, **table(key.least - 1)) == [f"{key.path}: must be at least {key.least}"]
    assert problems(name, **table(key.most + 1)) == [f"{key.path}: must be at most {key.most}"]


@pytest.mark.parametrize(
    ("url", "is_right"),
    [
        ("https://proxy.example/kraken/", True),
        ("https://proxy.example:8443", True),
        ("http://127.0.0.1:8080", True),
        ("http://[::1]:8080", True),
        ("http://localhost", True),
        ("http://proxy.example", False),
        ("http://10.0.0.1", False),
        ("http://localhost.example", False),
        ("ftp://proxy.example", False),
        ("https://user:secret@proxy.example", False),
        ("https://proxy.example/?a=b", False),
        ("https://proxy.example/#a", False),
        ("https://", False),
        ("https://proxy.example:99999", False),
        ("proxy.example", False),
        ("", False),
    ],
)
def test_where_it_is_asked(url: str, is_right: bool) -> None:
    if is_right:
        assert settings("kraken", {"url": url}).url == url.rstrip("/")
    else:
        (said,) = problems("kraken", url=url)
        assert said.startswith("rates.kraken.url: must b")
        assert "secret" not in said


def test_where_kraken_is_listened_to() -> None:
    def listened_to(**table: object) -> str | None:
        found: str | None = settings("kraken", table).listened_to
        return found

    assert listened_to() == "wss://ws.kraken.com/v2"
    assert listened_to(url="https://proxy.example") is None
    assert listened_to(websocket_url="") is None
    assert listened_to(url="https://proxy.example", websocket_url="wss://proxy.example/v2") == (
        "wss://proxy.example/v2"
    )
    assert problems("kraken", websocket_url="ws://proxy.example") == [
        "rates.kraken.websocket_url: must begin with wss://; ws:// is for this machine alone"
    ]


def test_pairs_and_symbols() -> None:
    capitals = 'rates.kraken.pairs.0: must be a pair in capitals such as "BTC/EUR"'
    assert capitals in problems("kraken", pairs=["btc/eur"])
    assert len(problems("kraken", pairs=[])) == 1
    euro = 'rates.ecb.pairs.0: must be a pair of the euro and a currency, such as "EUR/USD"'
    assert euro in problems("ecb", pairs=["USD/EUR"])
    assert len(problems("bitfinex", symbols={"USDC": "U&C"})) == 1
    (unknown,) = problems("coingecko", pairs=["XYZ/EUR"])
    assert "CoinGecko's id of " in unknown
    own = settings("coingecko", {"pairs": ["XYZ/EUR"], "symbols": {"XYZ": "xyz-coin"}})
    (request,) = source("coingecko", own).exchange.requests(own.asked)
    assert "ids=xyz-coin&vs_currencies=eur&" in request.target


def test_unusual_names_are_asked_by() -> None:
    table = {"pairs": ["BTC/EUR"], "symbols": {"BTC": "WBTC"}}
    targets = {}
    for name in ("kraken", "coinbase", "binance", "bitfinex"):
        own = settings(name, table)
        (request,) = source(name, own).exchange.requests(own.asked)
        targets[name] = request.target
    assert targets == {
        "kraken": "/0/public/Ticker?pair=WBTCEUR",
        "coinbase": "/api/v3/brokerage/market/product_book?limit=1&product_id=WBTC-EUR",
        "binance": "/api/v3/ticker/bookTicker?symbols=%5B%22WBTCEUR%22%5D",
        "bitfinex": "/v2/tickers?symbols=tWBTC:EUR",
    }


@pytest.mark.parametrize("name", PRICES)
async def test_no_key_is_without_effect(name: str, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("k")
    async with exchange(name) as (sandbox, table):
        table = {**table, **({"api_key": {"file": str(key)}} if name == "coingecko" else {})}
        found = settings(name, table, **QUICK)
        with reads() as read:
            async with trio.open_nursery() as nursery:
                host = Host(now_ms)
                await nursery.start(impatient(name, found).run, host)
                await until(lambda: len(host.published) > 2 * len(PRICES[name]))
                sandbox.fault = Fault.ERROR_500
                await until(lambda: len(host.failures) > 2 * len(PRICES[name]))
                nursery.cancel_scope.cancel()
    for kind in (type(found), type(found.limits)):
        assert set(kind.model_fields) <= {field for of, field in read if of is kind}
