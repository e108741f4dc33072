"""Coinbase: the public order book of each product, of which the best bid and ask are asked for.

Of its public answers this is the one that names the product it is about and says as of when it is; the
ticker of Coinbase Exchange names none and has the time of the last trade, and its spot price has neither.

Source: https://docs.cdp.coinbase.com/api-reference/advanced-trade-api/rest-api/public/get-public-product-book
"""

from collections.abc import Sequence

from paydaemon_rates.config import CoinbaseSettings
from paydaemon_rates.exchange import Price, Reading, Request, Unreadable, each
from paydaemon_rates.moments import rfc3339_ms
from paydaemon_rates.numbers import price_of
from paydaemon_rates.pairs import Pair
from paydaemon_rates.strictjson import listing, loads, mapping


class Coinbase:
    """``[rates.coinbase]``."""

    name = "coinbase"
    apart_s = 0.2
    """It takes ten a second from one address."""

    def __init__(self, settings: CoinbaseSettings) -> None:
        self._settings = settings

    def requests(self, pairs: Sequence[Pair]) -> Sequence[Request]:
        """One for each."""
        path = "/api/v3/brokerage/market/product_book?limit=1&product_id="
        return [Request(path + self._product(pair), (pair,)) for pair in pairs]

    def read(self, request: Request, body: bytes, now_ms: int) -> Reading:
        """``{"pricebook": {"product_id": "BTC-USD", "bids": [{"price": …}], …, "time": …}, "last": …}``."""
        answer = mapping(loads(body))
        return each(request.pairs, lambda pair: self._price(pair, answer))

    def _price(self, pair: Pair, answer: object) -> Price:
        said = mapping(answer)
        book = mapping(said.get("pricebook"))
        if book.get("product_id") != self._product(pair):
            raise Unreadable("its answer is not about this pair")
        value = price_of(_best(book.get("bids")), _best(book.get("asks")), said.get("last"))
        return Price(value, rfc3339_ms(book.get("time")))

    def _product(self, pair: Pair) -> str:
        return f"{self._settings.name(pair.base, {})}-{self._settings.name(pair.quote, {})}"


def _best(said: object) -> object:
    orders = listing(said)
    return mapping(orders[0]).get("price") if orders else None
