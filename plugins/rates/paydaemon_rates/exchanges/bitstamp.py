"""Bitstamp: ``/api/v2/ticker/``, the tickers of all its pairs in one answer.

It is some 60 kB, and the ticker of a single pair would be less; but that one does not say which pair it is
about. Each ticker has its own time.

Source: https://www.bitstamp.net/api/
"""

from collections.abc import Mapping, Sequence

from paydaemon_rates.config import BitstampSettings
from paydaemon_rates.exchange import Price, Reading, Request, each, the_one
from paydaemon_rates.moments import unix_ms
from paydaemon_rates.numbers import price_of
from paydaemon_rates.pairs import Pair
from paydaemon_rates.strictjson import by_name, loads


class Bitstamp:
    """``[rates.bitstamp]``."""

    name = "bitstamp"
    apart_s = 1.0
    """It takes 10 000 in ten minutes."""

    def __init__(self, settings: BitstampSettings) -> None:
        self._settings = settings

    def requests(self, pairs: Sequence[Pair]) -> Sequence[Request]:
        """One for all there are."""
        return [Request("/api/v2/ticker/", tuple(pairs))] if pairs else []

    def read(self, request: Request, body: bytes, now_ms: int) -> Reading:
        """``[{"pair": "BTC/USD", "bid": "…", "ask": "…", "last": "…", "timestamp": "1643640186"}, …]``."""
        tickers = by_name(loads(body), "pair")
        return each(request.pairs, lambda pair: _price(tickers.get(self._called(pair), ())))

    def _called(self, pair: Pair) -> str:
        return f"{self._settings.name(pair.base, {})}/{self._settings.name(pair.quote, {})}"


def _price(said: Sequence[Mapping[str, object]]) -> Price:
    ticker = the_one(said)
    value = price_of(ticker.get("bid"), ticker.get("ask"), ticker.get("last"))
    return Price(value, unix_ms(ticker.get("timestamp")))
