"""The dialects: what each source answers to a path with its query, as its documentation says.

They are written from the documentation and not from our readers, so that what one of both got wrong is seen.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from urllib.parse import parse_qs

from paydaemon_rates.pairs import Pair
from paydaemon_rates.sandbox.market import Market, Tick

Query = Mapping[str, Sequence[str]]
Said = tuple[int, str]
"""A status and a body."""
Dialect = Callable[[Market, str, Query], Said]

_NOT_FOUND: Said = (404, '{"error":"NOT_FOUND"}')


def answer(dialect: Dialect, market: Market, target: str) -> Said:
    """What is answered to the target of a request."""
    path, _, query = target.partition("?")
    return dialect(market, path, parse_qs(query))


def kraken(market: Market, path: str, query: Query) -> Said:
    """An object by Kraken's older names of pairs; one that it does not know makes it refuse all."""
    old = {"BTC": "XXBT", "USD": "ZUSD", "EUR": "ZEUR", "GBP": "ZGBP", "JPY": "ZJPY"}
    short = {"BTC": "XBT"}
    if path != "/0/public/Ticker":
        return 200, '{"error":["EGeneral:Unknown method"]}'
    asked = {short.get(pair.base, pair.base) + pair.quote: pair for pair in market.pairs}
    result = {}
    for name in query.get("pair", [""])[0].split(","):
        tick = market.tick(asked[name]) if name in asked else None
        if tick is None:
            return 200, '{"error":["EQuery:Unknown asset pair"]}'
        is_old = tick.pair.base in old and tick.pair.quote in old
        key = "".join(old[code] for code in tick.pair) if is_old else "".join(tick.pair)
        result[key] = {
            "a": [tick.ask, "1", "1.000"],
            "b": [tick.bid, "1", "1.000"],
            "c": [tick.last, "0.00067643"],
            "v": [market.volume(), market.volume()],
            "o": tick.last,
        }
    return 200, json.dumps({"error": [], "result": result})


def coinbase(market: Market, path: str, query: Query) -> Said:
    """The public product book of the Advanced Trade API."""
    asked = {f"{pair.base}-{pair.quote}": pair for pair in market.pairs}
    pair = asked.get(query.get("product_id", [""])[0])
    tick = market.tick(pair) if pair else None
    if path != "/api/v3/brokerage/market/product_book" or tick is None:
        return _NOT_FOUND
    size = market.volume()
    book = {
        "product_id": f"{tick.pair.base}-{tick.pair.quote}",
        "bids": [{"price": tick.bid, "size": size}],
        "asks": [{"price": tick.ask, "size": size}],
        "time": rfc3339(market.now_ms()),
    }
    return 200, json.dumps({"pricebook": book, "last": tick.last, "mid_market": tick.last})


def bitstamp(market: Market, path: str, query: Query) -> Said:
    """The tickers of all currency pairs."""
    if path != "/api/v2/ticker/":
        return _NOT_FOUND
    tickers = [
        {
            "pair": str(tick.pair),
            "market": f"{tick.pair.base}-{tick.pair.quote}",
            "market_type": "SPOT",
            "timestamp": str(market.now_ms() // 1000),
            "last": tick.last,
            "bid": tick.bid,
            "ask": tick.ask,
            "side": "0",
            "volume": market.volume(),
        }
        for tick in _ticks(market)
    ]
    return 200, json.dumps(tickers)


def binance(market: Market, path: str, query: Query) -> Said:
    """Book tickers of the symbols in a JSON list; one that it does not know makes it refuse all."""
    if path != "/api/v3/ticker/bookTicker":
        return _NOT_FOUND
    asked = {pair.base + pair.quote: pair for pair in market.pairs}
    names = json.loads(query.get("symbols", ["[]"])[0], parse_float=Decimal)
    ticks = [market.tick(asked[name]) for name in names if name in asked]
    if len(ticks) < len(names):
        return 400, '{"code":-1121,"msg":"Invalid symbol."}'
    tickers = [
        {
            "symbol": tick.pair.base + tick.pair.quote,
            "bidPrice": tick.bid,
            "bidQty": market.volume(),
            "askPrice": tick.ask,
            "askQty": market.volume(),
        }
        for tick in ticks
        if tick is not None
    ]
    return 200, json.dumps(tickers)


def coingecko(market: Market, path: str, query: Query) -> Said:
    """Simple prices: numbers, by CoinGecko's ids and small currencies."""
    ids = {"bitcoin": "BTC", "hedera-hashgraph": "HBAR", "usd-coin": "USDC", "dogecoin": "DOGE"}
    if path != "/api/v3/simple/price":
        return _NOT_FOUND
    by_coin: dict[str, dict[str, str]] = {}
    for id in query.get("ids", [""])[0].split(","):
        for currency in query.get("vs_currencies", [""])[0].split(","):
            tick = market.tick(Pair(ids.get(id, id), currency.upper()))
            if tick is not None:
                name = next(id for id, code in ids.items() if code == tick.pair.base)
                by_coin.setdefault(name, {})[tick.pair.quote.lower()] = number(tick.last)
    coins = [
        f'"{id}":{{{_members(prices)},"last_updated_at":{market.now_ms() // 1000}}}'
        for id, prices in by_coin.items()
    ]
    return 200, f"{{{','.join(coins)}}}"


def bitfinex(market: Market, path: str, query: Query) -> Said:
    """Rows of numbers. What it does not know it leaves out."""
    own = {"USDC": "UDC", "USDT": "UST"}

    def symbol(pair: Pair) -> str:
        codes = [own.get(code, code) for code in pair]
        return "t" + (":" if any(len(code) > 3 for code in codes) else "").join(codes)

    if path != "/v2/tickers":
        return 404, '["error",null,"ERR_UNK"]'
    names = query.get("symbols", [""])[0].split(",")
    asked = [tick for pair in market.pairs if symbol(pair) in names and (tick := market.tick(pair))]
    rows = [
        f'["{symbol(tick.pair)}",{number(tick.bid)},31.5,{number(tick.ask)},43.25,-550.8,-0.0674,'
        f"{number(tick.last)},{market.volume()},8257.8,7500]"
        for tick in asked
    ]
    return 200, f"[{','.join(rows)}]"


def hedera(market: Market, path: str, query: Query) -> Said:
    """The network's exchange rate: whole cents and hbars. What is not HBAR/USD it does not have."""
    tick = market.tick(Pair("HBAR", "USD"))
    if path != "/api/v1/network/exchangerate" or tick is None or tick.pair.base != "HBAR":
        return 404, '{"_status":{"messages":[{"message":"Not found"}]}}'
    now_s = market.now_ms() // 1000
    hour_s = now_s - now_s % 3600
    rates = [
        f'"{name}":{{"cent_equivalent":{_cents(tick.last)},"expiration_time":{end_s},"hbar_equivalent":30000}}'
        for name, end_s in (("current_rate", hour_s + 3600), ("next_rate", hour_s + 7200))
    ]
    return 200, f'{{{",".join(rates)},"timestamp":"{now_s}.000000001"}}'


def ecb(market: Market, path: str, query: Query) -> Said:
    """A row for each currency, of yesterday, as that table is out in any case."""
    head = "KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE"
    series = path.removeprefix("/service/data/EXR/")
    if query.get("format") != ["csvdata"] or series == path:
        return 404, "No results found."
    day = datetime.fromtimestamp(market.now_ms() // 1000 - 86_400, UTC).date()
    wanted = series.split(".")[1].split("+")
    asked = [pair for pair in market.pairs if pair.base == "EUR" and pair.quote in wanted]
    rows = [
        f"EXR.D.{tick.pair.quote}.EUR.SP00.A,D,{tick.pair.quote},{tick.pair.base},SP00,A,{day},{tick.last}"
        for pair in asked
        if (tick := market.tick(pair))
    ]
    return 200, "\r\n".join([head, *rows, ""])


DIALECTS: Mapping[str, Dialect] = {
    "kraken": kraken,
    "coinbase": coinbase,
    "bitstamp": bitstamp,
    "binance": binance,
    "bitfinex": bitfinex,
    "coingecko": coingecko,
    "hedera": hedera,
    "ecb": ecb,
}


def _members(numbers: Mapping[str, str]) -> str:
    return ",".join(f'"{name}":{number}' for name, number in numbers.items())


def _ticks(market: Market) -> Iterator[Tick]:
    for pair in market.pairs:
        tick = market.tick(pair)
        if tick is not None:
            yield tick


def number(text: str) -> str:
    """A number as JSON has it; what is none goes in quotes, and NaN as many write it."""
    try:
        Decimal(text)
    except InvalidOperation:
        return json.dumps(text)
    return text


def _cents(text: str) -> str:
    """Cents for 30000 HBAR, whole."""
    try:
        cents = Decimal(text) * 100 * 30_000
    except InvalidOperation:
        return json.dumps(text)
    return f"{cents:f}" if cents.is_nan() else str(int(cents))


def rfc3339(at_ms: int) -> str:
    """A time as most write it."""
    at = datetime.fromtimestamp(at_ms // 1000, UTC).replace(microsecond=at_ms % 1000 * 1000)
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")
