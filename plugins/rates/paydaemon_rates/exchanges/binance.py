"""Binance: ``/api/v3/ticker/bookTicker`` for several symbols, at the address that has market data alone.

It has the best bid and ask, and neither a last trade nor a time. An unknown symbol makes it refuse all of
them (400, code -1121).

Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints
"""

import json
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from paydaemon_rates.config import BinanceSettings
from paydaemon_rates.exchange import Price, Reading, Request, each, the_one
from paydaemon_rates.numbers import price_of
from paydaemon_rates.pairs import Pair
from paydaemon_rates.strictjson import by_name, loads


class Binance:
    """``[rates.binance]``."""

    name = "binance"
    apart_s = 0.5
    """One weighs 4, and 6000 a minute are taken from one address."""

    def __init__(self, settings: BinanceSettings) -> None:
        self._settings = settings

    def requests(self, pairs: Sequence[Pair]) -> Sequence[Request]:
        """All at once."""
        symbols = json.dumps([self._symbol(pair) for pair in pairs], separators=(",", ":"))
        target = f"/api/v3/ticker/bookTicker?symbols={quote(symbols, safe='')}"
        return [Request(target, tuple(pairs))] if pairs else []

    def read(self, request: Request, body: bytes, now_ms: int) -> Reading:
        """``[{"symbol": "BTCEUR", "bidPrice": "…", "bidQty": "…", "askPrice": "…", "askQty": "…"}, …]``."""
        tickers = by_name(loads(body), "symbol")
        return each(request.pairs, lambda pair: _price(tickers.get(self._symbol(pair), ())))

    def _symbol(self, pair: Pair) -> str:
        return self._settings.name(pair.base, {}) + self._settings.name(pair.quote, {})


def _price(said: Sequence[Mapping[str, object]]) -> Price:
    ticker = the_one(said)
    return Price(price_of(ticker.get("bidPrice"), ticker.get("askPrice")))
