"""Configuration of the rate sources: ``[rates.<source>]``. A table with nothing in it works as it is."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from paydaemon.core.errors import Refusal
from paydaemon.core.money import parse_fraction
from paydaemon.hooks.settings import Secret, Settings, number
from paydaemon_rates.limits import SourceLimits, StreamLimits, TimelessLimits
from paydaemon_rates.pairs import Pair, parse_pair

MAX_PAIRS = 1_000
MAX_ASKED = 100
"""Pairs that one source is asked about: more would be no shop, and are several requests at some."""

_CODE = re.compile(r"[A-Z0-9][A-Z0-9.]{0,31}", re.ASCII)
_SYMBOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


def _pair(text: str) -> str:
    return str(parse_pair(text))


def _euro_pair(text: str) -> str:
    pair = parse_pair(text)
    if pair.base != "EUR" or len(pair.quote) != 3 or not pair.quote.isalpha():
        raise ValueError('must be a pair of the euro and a currency, such as "EUR/USD"')
    return text


def _price(text: object) -> object:
    try:
        value = parse_fraction(text, "prices")
    except Refusal as refusal:
        raise ValueError(refusal.message) from refusal
    if value == 0:
        raise ValueError("must be more than zero")
    return text


def _url(text: str) -> str:
    return _base(text, "https", "http")


def _websocket_url(text: str) -> str:
    return _base(text, "wss", "ws") if text else text


def _base(text: str, safe: str, plain: str) -> str:
    """An address to put paths behind; without TLS only on this machine."""
    try:
        parts = urlsplit(text)
        is_one = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError as error:
        raise ValueError(f"must be an address such as {safe}://example.org") from error
    if not is_one or parts.username is not None or parts.query or parts.fragment or not text.isprintable():
        raise ValueError(f"must be an address such as {safe}://example.org, with nothing behind its path")
    if parts.scheme != safe and not (parts.scheme == plain and _is_here(parts)):
        raise ValueError(f"must begin with {safe}://; {plain}:// is for this machine alone")
    return text.rstrip("/")


def _is_here(parts: SplitResult) -> bool:
    try:
        return ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.hostname == "localhost"


def _code(text: str) -> str:
    if _CODE.fullmatch(text) is None:
        raise ValueError('must be a code in capitals such as "HBAR"')
    return text


def _symbol(text: str) -> str:
    if _SYMBOL.fullmatch(text) is None:
        raise ValueError("must be letters, digits, points and hyphens")
    return text


Url = Annotated[str, AfterValidator(_url)]
WebsocketUrl = Annotated[str, AfterValidator(_websocket_url)]
Pairs = tuple[Annotated[str, AfterValidator(_pair)], ...]
EuroPairs = tuple[Annotated[str, AfterValidator(_euro_pair)], ...]
Symbols = dict[Annotated[str, AfterValidator(_code)], Annotated[str, AfterValidator(_symbol)]]


def _at(default: str) -> Any:
    return Field(default=default, description="Where it is asked; a proxy of your own can stand there.")


def _every(default: int, least: int) -> Any:
    return number(default, least, 86_400, "Seconds between two looks at it.")


def _within(default: int = 10) -> Any:
    return number(
        default, 1, 120, "Seconds that one answer may take, whole; half of them until it begins to come."
    )


def _about(*pairs: str) -> Any:
    return Field(
        default=pairs,
        min_length=1,
        max_length=MAX_ASKED,
        description="The pairs that it is asked about; by default those of what most are paid in.",
    )


def _called() -> Any:
    return Field(
        default={},
        max_length=MAX_ASKED,
        description="What it calls a coin or currency, where that is not its usual code, such as "
        '{ "BTC" = "XBT" }. The best known are known.',
    )


class FixedSettings(Settings):
    """``[rates.fixed]``: prices that a person sets."""

    prices: dict[Annotated[str, AfterValidator(_pair)], Annotated[str, BeforeValidator(_price)]] = Field(
        min_length=1,
        max_length=MAX_PAIRS,
        description="What one whole unit of the first costs in the second, as a decimal in quotes, "
        'such as { "BTC/EUR" = "60000.00" }.',
    )

    def parsed(self) -> Iterator[tuple[str, str, Decimal]]:
        """Base, quote and price of each pair."""
        for pair, price in self.prices.items():
            base, quote = pair.split("/")
            yield base, quote, Decimal(price)


class SourceSettings(Settings):
    """What every source that is asked has."""

    url: Url
    every_s: int
    timeout_s: int = _within()
    if TYPE_CHECKING:  # each has it as the last of its keys, as it is a table of its own
        limits: SourceLimits

    @property
    def asked(self) -> tuple[Pair, ...]:
        """The pairs that it is asked about."""
        raise NotImplementedError


class PairedSettings(SourceSettings):
    """The same for a source with pairs to choose from."""

    pairs: Pairs

    @property
    def asked(self) -> tuple[Pair, ...]:
        """`pairs`, each once."""
        return tuple(dict.fromkeys(map(parse_pair, self.pairs)))


class MarketSettings(PairedSettings):
    """The same for an exchange with names of its own."""

    symbols: Symbols = _called()

    def name(self, code: str, usual: Mapping[str, str]) -> str:
        """What it calls `code`: as configured, as `usual`, or just so."""
        return self.symbols.get(code, usual.get(code, code))


class KrakenSettings(MarketSettings):
    """``[rates.kraken]``."""

    pairs: Pairs = _about(
        *("BTC/USD", "BTC/EUR", "BTC/GBP", "HBAR/USD", "HBAR/EUR"),
        *("USDC/USD", "USDC/EUR", "EUR/USD"),
    )
    url: Url = _at("https://api.kraken.com")
    websocket_url: WebsocketUrl | None = Field(
        default=None,
        description="Where it is listened to: wss://ws.kraken.com/v2 by default, and nowhere where url is "
        'another than Kraken\'s own. "" is nowhere.',
    )
    every_s: int = _every(10, 2)
    limits: StreamLimits = StreamLimits()

    @property
    def listened_to(self) -> str | None:
        """The address of its websocket; None for none."""
        if self.websocket_url is None:
            return "wss://ws.kraken.com/v2" if self.url == "https://api.kraken.com" else None
        return self.websocket_url or None


class CoinbaseSettings(MarketSettings):
    """``[rates.coinbase]``."""

    pairs: Pairs = _about("BTC/USD", "BTC/EUR", "BTC/GBP", "HBAR/USD", "USDC/EUR", "USDC/GBP")
    url: Url = _at("https://api.coinbase.com")
    every_s: int = _every(15, 5)
    limits: SourceLimits = SourceLimits()


class BitstampSettings(MarketSettings):
    """``[rates.bitstamp]``."""

    pairs: Pairs = _about(
        *("BTC/USD", "BTC/EUR", "BTC/GBP", "HBAR/USD", "HBAR/EUR"),
        *("USDC/USD", "USDC/EUR", "EUR/USD"),
    )
    url: Url = _at("https://www.bitstamp.net")
    every_s: int = _every(20, 5)
    limits: SourceLimits = SourceLimits()


class BinanceSettings(MarketSettings):
    """``[rates.binance]``."""

    pairs: Pairs = _about("BTC/EUR", "BTC/USDC", "HBAR/USDC", "EUR/USDC")
    url: Url = _at("https://data-api.binance.vision")
    every_s: int = _every(10, 2)
    limits: TimelessLimits = TimelessLimits()


class CoinGeckoSettings(MarketSettings):
    """``[rates.coingecko]``."""

    pairs: Pairs = _about(
        *("BTC/USD", "BTC/EUR", "BTC/GBP", "HBAR/USD", "HBAR/EUR", "HBAR/GBP"),
        *("USDC/USD", "USDC/EUR"),
    )
    url: Url = _at("https://api.coingecko.com/api/v3")
    api_key: Secret | None = Field(
        default=None,
        description='The key of your account, as { file = "/path" } or { credential = "name" }. Without one '
        "it answers some five questions a minute.",
    )
    pro: bool = Field(
        default=False,
        description="Whether the key is of a paid plan; url is then https://pro-api.coingecko.com/api/v3.",
    )
    every_s: int = _every(60, 10)
    limits: SourceLimits = SourceLimits()


class BitfinexSettings(MarketSettings):
    """``[rates.bitfinex]``."""

    pairs: Pairs = _about("BTC/USD", "BTC/EUR", "BTC/GBP", "BTC/JPY", "USDC/USD")
    url: Url = _at("https://api-pub.bitfinex.com")
    every_s: int = _every(15, 2)
    limits: TimelessLimits = TimelessLimits()


class HederaSettings(SourceSettings):
    """``[rates.hedera]``."""

    url: Url = _at("https://mainnet.mirrornode.hedera.com")
    every_s: int = _every(300, 10)
    limits: SourceLimits = SourceLimits()

    @property
    def asked(self) -> tuple[Pair, ...]:
        """There is one."""
        return (Pair("HBAR", "USD"),)


class EcbSettings(PairedSettings):
    """``[rates.ecb]``."""

    pairs: EuroPairs = _about("EUR/USD", "EUR/GBP", "EUR/CHF", "EUR/JPY")
    url: Url = _at("https://data-api.ecb.europa.eu")
    every_s: int = _every(3_600, 60)
    timeout_s: int = _within(30)
    limits: SourceLimits = SourceLimits()
