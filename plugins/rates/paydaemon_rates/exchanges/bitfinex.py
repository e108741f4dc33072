"""Bitfinex: ``/v2/tickers`` for several symbols: rows without names for their columns, and without a time.

Codes of more than three letters are parted by a colon, and some have codes of their own: USDC is UDC. What
it does not trade it leaves out.

Source: https://docs.bitfinex.com/reference/rest-public-tickers
"""

from collections.abc import Sequence

from paydaemon_rates.config import BitfinexSettings
from paydaemon_rates.exchange import Price, Reading, Request, Unreadable, each, the_one
from paydaemon_rates.numbers import price_of
from paydaemon_rates.pairs import Pair
from paydaemon_rates.strictjson import listing, loads

_USUAL = {"USDC": "UDC", "USDT": "UST"}
_BID, _ASK, _LAST, _COLUMNS = 1, 3, 7, 11
_CODE_LETTERS = 3


class Bitfinex:
    """``[rates.bitfinex]``."""

    name = "bitfinex"
    apart_s = 1.0
    """It takes 90 a minute."""

    def __init__(self, settings: BitfinexSettings) -> None:
        self._settings = settings

    def requests(self, pairs: Sequence[Pair]) -> Sequence[Request]:
        """All at once."""
        symbols = ",".join(self._symbol(pair) for pair in pairs)
        return [Request(f"/v2/tickers?symbols={symbols}", tuple(pairs))] if pairs else []

    def read(self, request: Request, body: bytes, now_ms: int) -> Reading:
        """``[["tBTCUSD", BID, BID_SIZE, ASK, ASK_SIZE, CHANGE, CHANGE_RELATIVE, LAST, VOLUME, …], …]``."""
        rows = listing(loads(body))
        if rows and rows[0] == "error":
            raise Unreadable("it says that there is an error")
        return each(request.pairs, lambda pair: _price(self._about(pair, rows)))

    def _about(self, pair: Pair, rows: Sequence[object]) -> Sequence[object]:
        return the_one([listing(row) for row in rows if _symbol_of(row) == self._symbol(pair)])

    def _symbol(self, pair: Pair) -> str:
        base, quote = self._settings.name(pair.base, _USUAL), self._settings.name(pair.quote, _USUAL)
        colon = ":" if max(len(base), len(quote)) > _CODE_LETTERS else ""
        return f"t{base}{colon}{quote}"


def _symbol_of(row: object) -> object:
    columns = listing(row)
    return columns[0] if columns and isinstance(columns[0], str) else None


def _price(row: Sequence[object]) -> Price:
    if len(row) < _COLUMNS:
        raise Unreadable("its answer is not as documented")
    return Price(price_of(row[_BID], row[_ASK], row[_LAST]))
