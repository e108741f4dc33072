"""The European Central Bank: what a euro is worth in other currencies, once on each working day.

Its data portal answers the very table as CSV, which is read here; of XML nothing is needed. The rates are
those of 14:10 in Frankfurt, published at about 16:00. They are as of 13:10 UTC of their day: not before the
first and not after the second, in summer and in winter.

Sources: https://data.ecb.europa.eu/help/api/data and https://data.ecb.europa.eu/help/data-examples
"""

import csv
from collections.abc import Iterable, Mapping, Sequence

from paydaemon_rates.config import EcbSettings
from paydaemon_rates.exchange import Price, Reading, Request, Unreadable, each, the_one
from paydaemon_rates.moments import day_ms
from paydaemon_rates.numbers import price_of
from paydaemon_rates.pairs import Pair

MAX_AGE_S = 6 * 86_400
"""From Maundy Thursday to the afternoon of Easter Tuesday it is five days and two hours."""
_AT_MS = (13 * 60 + 10) * 60_000
_MAX_ROWS = 1_000
_COLUMNS = ("FREQ", "CURRENCY", "CURRENCY_DENOM", "EXR_TYPE", "EXR_SUFFIX", "TIME_PERIOD", "OBS_VALUE")
_KEY = {"FREQ": "D", "CURRENCY_DENOM": "EUR", "EXR_TYPE": "SP00", "EXR_SUFFIX": "A"}


class Ecb:
    """``[rates.ecb]``."""

    name = "ecb"
    apart_s = 1.0

    def __init__(self, settings: EcbSettings) -> None:
        """There is nothing to set: `settings` say where, when and which."""

    def requests(self, pairs: Sequence[Pair]) -> Sequence[Request]:
        """All at once: the newest day of each."""
        series = f"D.{'+'.join(pair.quote for pair in pairs)}.EUR.SP00.A"
        query = "lastNObservations=1&detail=dataonly&format=csvdata"
        return [Request(f"/service/data/EXR/{series}?{query}", tuple(pairs))] if pairs else []

    def read(self, request: Request, body: bytes, now_ms: int) -> Reading:
        """``KEY,FREQ,CURRENCY,…,TIME_PERIOD,OBS_VALUE`` and a row for each currency."""
        rows = [row for row in _rows(body) if _KEY.items() <= row.items()]
        return each(
            request.pairs, lambda pair: _price([row for row in rows if row["CURRENCY"] == pair.quote])
        )


def _rows(body: bytes) -> Iterable[Mapping[str, str]]:
    if body.lstrip()[:1] == b"<":
        raise Unreadable("it answered a page, not data")
    try:
        rows = list(csv.reader(body.decode("utf-8").splitlines()[: _MAX_ROWS + 1], strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise Unreadable("its answer is not a table") from None
    if not rows or not set(_COLUMNS) <= set(rows[0]):
        raise Unreadable("its answer is not the table")
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:] if len(row) == len(rows[0])]


def _price(rows: Sequence[Mapping[str, str]]) -> Price:
    row = the_one(rows)
    return Price(price_of(None, None, row["OBS_VALUE"]), day_ms(row["TIME_PERIOD"]) + _AT_MS)
