"""CoinGecko: ``/simple/price``, an average over many exchanges, for coins by ids of its own.

It has no bid and ask, and is made anew once a minute, so each price has its own time. Any amount of coins and
currencies is one request.

Source: https://docs.coingecko.com/reference/simple-price
"""

from collections.abc import Mapping, Sequence

from paydaemon_rates.config import CoinGeckoSettings
from paydaemon_rates.exchange import Price, Reading, Request, Unreadable, each
from paydaemon_rates.moments import unix_ms
from paydaemon_rates.numbers import price_of
from paydaemon_rates.pairs import Pair
from paydaemon_rates.strictjson import loads, mapping

_IDS = {
    "ADA": "cardano",
    "BTC": "bitcoin",
    "DOGE": "dogecoin",
    "ETH": "ethereum",
    "EURC": "euro-coin",
    "HBAR": "hedera-hashgraph",
    "LTC": "litecoin",
    "SOL": "solana",
    "USDC": "usd-coin",
    "USDT": "tether",
    "XMR": "monero",
    "XRP": "ripple",
}
PRO_URL = "https://pro-api.coingecko.com/api/v3"


class CoinGecko:
    """``[rates.coingecko]``. Raises `ValueError` for a coin of which nobody has said the id."""

    name = "coingecko"
    apart_s = 1.0

    def __init__(self, settings: CoinGeckoSettings) -> None:
        self._settings = settings
        for pair in settings.asked:
            if pair.base not in _IDS and pair.base not in settings.symbols:
                how = f'give it as {{ "{pair.base}" = "…" }}'
                raise ValueError(f"symbols: CoinGecko's id of {pair.base} is not known; {how}")

    def requests(self, pairs: Sequence[Pair]) -> Sequence[Request]:
        """All at once: every coin in every currency."""
        ids = ",".join(sorted({self._id(pair) for pair in pairs}))
        currencies = ",".join(sorted({self._currency(pair) for pair in pairs}))
        query = f"ids={ids}&vs_currencies={currencies}&include_last_updated_at=true&precision=full"
        return [Request(f"/simple/price?{query}", tuple(pairs))] if pairs else []

    def read(self, request: Request, body: bytes, now_ms: int) -> Reading:
        """``{"bitcoin": {"usd": 67187.3358, "eur": 61813.0, "last_updated_at": 1711356300}}``."""
        answer = mapping(loads(body))
        return each(request.pairs, lambda pair: self._price(pair, answer))

    def _price(self, pair: Pair, answer: Mapping[str, object]) -> Price:
        coin = mapping(answer.get(self._id(pair), {}))
        currency = self._currency(pair)
        if currency not in coin:
            raise Unreadable("its answer is not about this pair")
        return Price(price_of(None, None, coin[currency]), unix_ms(coin.get("last_updated_at")))

    def _id(self, pair: Pair) -> str:
        return self._settings.name(pair.base, _IDS)

    def _currency(self, pair: Pair) -> str:
        return self._settings.symbols.get(pair.quote, pair.quote.lower())
