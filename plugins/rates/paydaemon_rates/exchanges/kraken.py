"""Kraken: ``/0/public/Ticker`` for all pairs at once, and the same by its websocket's ``ticker`` channel.

An answer calls a pair by an older name than the one it was asked by, for currencies that were there from the
beginning: XBTUSD is asked, XXBTZUSD is answered. An unknown pair makes it refuse all of them. Of when a price
was true it says nothing, but the websocket does.

Sources: https://docs.kraken.com/api-reference/market-data/get-ticker-information and
https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/ticker
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from paydaemon_rates.config import KrakenSettings
from paydaemon_rates.exchange import NotTraded, Price, Reading, Request, Unreadable, each
from paydaemon_rates.moments import rfc3339_ms
from paydaemon_rates.numbers import price_of
from paydaemon_rates.pairs import Pair
from paydaemon_rates.strictjson import listing, loads, mapping, text

_USUAL = {"BTC": "XBT", "DOGE": "XDG"}
_UNKNOWN = "EQuery:Unknown asset pair"
_MAX_TOLD = 100


@dataclass(frozen=True, slots=True)
class Told:
    """What one message of the websocket says: prices, and pairs that it refuses to tell of."""

    prices: dict[Pair, Price | Unreadable] = field(default_factory=dict)
    refused: tuple[tuple[str, str], ...] = ()


class Kraken:
    """``[rates.kraken]``."""

    name = "kraken"
    apart_s = 1.0
    """A second for each address is what it asks for."""

    def __init__(self, settings: KrakenSettings) -> None:
        self._settings = settings
        self._streamed = {self._streamed_name(pair): pair for pair in settings.asked}

    def requests(self, pairs: Sequence[Pair]) -> Sequence[Request]:
        """All at once."""
        names = ",".join("".join(self._names(pair)) for pair in pairs)
        return [Request(f"/0/public/Ticker?pair={names}", tuple(pairs))] if pairs else []

    def read(self, request: Request, body: bytes, now_ms: int) -> Reading:
        """``{"error": [], "result": {"XXBTZUSD": {"a": ["30300.1", …], "b": […], "c": […]}}}``."""
        answer = mapping(loads(body))
        for error in listing(answer.get("error", [])):
            said = _short(error)
            raise NotTraded("it does not trade this") if said == _UNKNOWN else Unreadable(f"it says {said}")
        result = mapping(answer.get("result"))
        return each(request.pairs, lambda pair: self._price(pair, result))

    def subscription(self) -> str:
        """What its websocket is asked: a word whenever the best bid or ask changes."""
        about = {"channel": "ticker", "event_trigger": "bbo", "symbol": list(self._streamed)}
        return json.dumps({"method": "subscribe", "params": about})

    def told(self, message: str | bytes) -> Told:
        """What a message of the websocket says. Raises `Unreadable`."""
        said = mapping(loads(message.encode() if isinstance(message, str) else message), "its message")
        if said.get("method") == "subscribe" and said.get("success") is False:
            return Told(refused=((_short(said.get("symbol")), _short(said.get("error"))),))
        if said.get("channel") != "ticker":
            return Told()
        ticks = dict(self._ticks(listing(said.get("data"), "its message")))
        return Told(dict(each(ticks, lambda pair: _of_tick(ticks[pair]))))

    def _ticks(self, data: Sequence[object]) -> Iterator[tuple[Pair, Mapping[str, object]]]:
        for item in data:
            tick = mapping(item, "its message")
            pair = self._streamed.get(text(tick.get("symbol"), "its message"))
            if pair is not None:
                yield pair, tick

    def _price(self, pair: Pair, result: object) -> Price:
        tickers = mapping(result)
        found = next((tickers[key] for key in self._answered(pair) if key in tickers), None)
        if found is None:
            raise Unreadable("its answer is not about this pair")
        ticker = mapping(found)
        return Price(price_of(*(_first(ticker.get(key)) for key in ("b", "a", "c"))))

    def _names(self, pair: Pair) -> tuple[str, str]:
        return self._settings.name(pair.base, _USUAL), self._settings.name(pair.quote, _USUAL)

    def _answered(self, pair: Pair) -> Iterator[str]:
        """What the answer may call it."""
        base, quote = self._names(pair)
        for first in ("", "X", "Z"):
            for second in ("", "Z", "X"):
                yield f"{first}{base}{second}{quote}"

    def _streamed_name(self, pair: Pair) -> str:
        """The websocket has the usual codes: BTC/USD."""
        return f"{self._settings.name(pair.base, {})}/{self._settings.name(pair.quote, {})}"


def _of_tick(tick: Mapping[str, object]) -> Price:
    at_ms = rfc3339_ms(tick["timestamp"]) if "timestamp" in tick else None
    return Price(price_of(tick.get("bid"), tick.get("ask"), tick.get("last")), at_ms)


def _first(said: object) -> object:
    entries = listing(said)
    return entries[0] if entries else None


def _short(said: object) -> str:
    return said[:_MAX_TOLD] if isinstance(said, str) and said.isprintable() else "something else"
