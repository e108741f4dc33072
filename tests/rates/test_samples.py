"""The documentation's own examples, read: what each page says comes to the price that stands here."""

import tomllib
from decimal import Decimal
from functools import cache

import pytest

from paydaemon_rates.exchange import Exchange, NotTraded, Price, Request, Unreadable
from paydaemon_rates.exchanges.kraken import Kraken
from paydaemon_rates.pairs import parse_pair
from tests.rates.world import SAMPLES, settings, source

MARCH_2024_MS = 1_711_356_300_000
READ: dict[str, tuple[str, str, str, int | None]] = {
    "kraken-ticker.json": ("kraken", "BTC/USD", "30300.05", None),
    "coinbase-product-book.json": ("coinbase", "BTC/USD", "68923.665", 1_775_521_739_662),
    "bitstamp-tickers.json": ("bitstamp", "BTC/USD", "2199.985", 1_643_640_186_000),
    "binance-book-tickers.json": ("binance", "LTC/BTC", "4.000001", None),
    "bitfinex-tickers.json": ("bitfinex", "BTC/USD", "10646", None),
    "coingecko-simple-price.json": ("coingecko", "BTC/USD", "67187.3358936566", MARCH_2024_MS),
    "hedera-exchange-rate.json": ("hedera", "HBAR/USD", "0.198995666666667", 1_649_689_453_137),
    "ecb-exr.csv": ("ecb", "EUR/USD", "1.0465", 1_741_007_400_000),
}
"""Which source reads it, for which pair, to what price and as of when."""


@cache
def exchange(name: str, *pairs: str) -> Exchange:
    return source(name, settings(name, {} if name == "hedera" else {"pairs": list(pairs)})).exchange


def read(name: str, pair: str, body: bytes, now_ms: int = 1_649_689_100_000) -> Price | Unreadable:
    asked = Request("/", (parse_pair(pair),))
    return dict(exchange(name, pair).read(asked, body, now_ms))[parse_pair(pair)]


def sample(file: str) -> bytes:
    return (SAMPLES / file).read_bytes()


@pytest.mark.parametrize("file", READ)
def test_an_example_comes_to_its_price(file: str) -> None:
    name, pair, price, at_ms = READ[file]
    assert read(name, pair, sample(file)) == Price(Decimal(price), at_ms)


def test_hederas_next_rate_holds_once_the_current_one_has_expired() -> None:
    body = sample("hedera-exchange-rate.json")
    later = read("hedera", "HBAR/USD", body, 1_649_689_200_000)
    assert later == Price(Decimal("0.198306666666667"), 1_649_689_453_137)
    assert str(read("hedera", "HBAR/USD", body, 1_649_692_800_000)) == "its rate has expired"


def test_a_book_too_wide_to_have_a_middle_has_no_price_without_a_last_trade() -> None:
    body = sample("binance-book-tickers.json")
    assert str(read("binance", "ETH/BTC", body)) == "its bid and ask are too far apart"


def test_errors_as_they_are_documented() -> None:
    with pytest.raises(NotTraded, match=r"^it does not trade this$"):
        read("kraken", "BTC/XYZ", sample("kraken-unknown.json"))
    with pytest.raises(Unreadable, match=r"^it says that there is an error$"):
        read("bitfinex", "BTC/USD", sample("bitfinex-error.json"))


def test_messages_of_krakens_websocket() -> None:
    kraken = Kraken(settings("kraken", {"pairs": ["ALGO/USD", "ALGO/XYZ"]}))
    pair = parse_pair("ALGO/USD")
    told = kraken.told(sample("kraken-stream-ticker.json"))
    assert told.prices == {pair: Price(Decimal("0.100305"), 1_695_632_671_742)}
    assert not kraken.told(sample("kraken-stream-subscribed.json")).prices
    assert not kraken.told(sample("kraken-stream-heartbeat.json")).prices
    ((symbol, reason),) = kraken.told(sample("kraken-stream-refused.json")).refused
    assert (symbol, reason) == ("ALGO/XYZ", "Currency pair not supported ALGO/XYZ")


def test_every_sample_says_which_page_it_is_built_from_and_when_that_was_read() -> None:
    index = tomllib.loads((SAMPLES / "index.toml").read_text(encoding="utf-8"))
    assert set(index) == {path.name for path in SAMPLES.iterdir()} - {"index.toml"}
    for entry in index.values():
        assert entry.keys() - {"besides"} == {"page", "read"}
        assert entry["page"].startswith("https://")
