"""Readers, whatever they are given: a price that is exact and sane, or a reason."""

import json
from decimal import Context, Decimal, Inexact, localcontext
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paydaemon_rates.exchange import Price, Request, Unreadable
from paydaemon_rates.exchanges.kraken import Kraken
from paydaemon_rates.freshness import AHEAD_MS, Freshness
from paydaemon_rates.moments import day_ms, rfc3339_ms, unix_ms
from paydaemon_rates.numbers import price_of
from paydaemon_rates.pairs import parse_pair
from paydaemon_rates.strictjson import loads
from tests.rates.test_samples import READ, exchange, sample

NAMES = {name: (pair, file) for file, (name, pair, _, _) in READ.items()}
JSON = [name for name in NAMES if name != "ecb"]


def found(name: str, body: bytes) -> Price | Unreadable:
    """What a source reads of its pair. Nothing but `Unreadable` may come of any bytes."""
    pair = NAMES[name][0]
    request = Request("/", (parse_pair(pair),))
    try:
        (price,) = exchange(name, pair).read(request, body, 1_649_689_100_000).values()
    except Unreadable as why:
        return why
    assert isinstance(price, Price | Unreadable)
    return price


def sane(price: Price | Unreadable) -> bool:
    if isinstance(price, Unreadable):
        return bool(str(price)) and str(price).isprintable() and len(str(price)) < 200
    return price.value.is_finite() and price.value > 0 and isinstance(price.value, Decimal)


# --- Prices


@pytest.mark.parametrize(
    ("bid", "ask", "last", "price"),
    [
        ("99", "101", "50", "100"),
        ("99.99", "100.00", None, "99.995"),
        (Decimal("1e-8"), Decimal("1.02e-8"), None, "1.01e-8"),
        ("100", "100", None, "100"),
        ("101", "100", "99", "99"),  # crossed
        ("100", "106", "99", "99"),  # too wide
        (None, "100", "99", "99"),
        ("0.00000", "100", "99", "99"),
        (None, None, "67187.3358936566", "67187.3358936566"),
        ("1" * 20, "1" * 20 + "." + "1" * 28, None, "1" * 20 + "." + "0" + "5" * 28),
    ],
)
def test_which_price_is_taken(bid: Any, ask: Any, last: Any, price: str) -> None:
    assert price_of(bid, ask, last) == Decimal(price)


@pytest.mark.parametrize(
    ("bid", "ask", "last", "reason"),
    [
        ("NaN", "1", "1", "a price is no number"),
        ("1", "inf", "1", "a price is no number"),
        ("1", "1", "-Infinity", "a price is no number"),
        ("1e3", "1001", None, "a price is no number"),
        (" 1", "1", None, "a price is no number"),
        ("1_0", "1", None, "a price is no number"),
        ("٣", "3", None, "a price is no number"),
        ("", "1", "1", "a price is no number"),
        (True, "1", "1", "a price is no number"),
        (["1"], "1", "1", "a price is no number"),
        ({}, "1", "1", "a price is no number"),
        (1.5, "1", "1", "a price is no number"),
        ("1" * 21, "1", "1", "a price is no number"),
        ("-0.01", "1", "1", "a price is less than zero"),
        (Decimal(-1), "1", "1", "a price is less than zero"),
        (Decimal("1e999999"), "1", "1", "a price is out of any range"),
        (Decimal("1e-999999"), "1", "1", "a price is out of any range"),
        ("0", "0.00", None, "it has no price"),
        (None, "1", None, "it has no price"),
        ("2", "1", None, "its best bid is above its best ask"),
        ("1", "2", None, "its bid and ask are too far apart"),
    ],
)
def test_what_is_no_price(bid: Any, ask: Any, last: Any, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        price_of(bid, ask, last)
    assert str(refused.value) == reason


@given(st.decimals("0.00000001", "10000000", places=8), st.decimals("0", "0.04", places=4))
def test_a_middle_is_exact_and_between_the_two(bid: Decimal, over: Decimal) -> None:
    ask = bid * (1 + over)
    middle = price_of(format(bid, "f"), format(ask, "f"))
    assert middle * 2 == bid + ask


# --- Answers


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'"text"',
        b"1",
        b"\xff\xfe",
        b"{",
        b"[" * 100_000,
        b'{"a":1,"a":2}',
        b"<!DOCTYPE html><html></html>",
        b"  <html>",
        b"[[]]",
        b"[{}]",
        b"[null]",
        b'{"result":{}}',
        b'{"pricebook":[]}',
        b'{"bitcoin":[]}',
        b'[["tBTCUSD"]]',
        b"9" * 10_000,
        b'{"error":[["x"]]}',
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_answer_has_a_reason(name: str, body: bytes) -> None:
    why = found(name, body)
    assert isinstance(why, Unreadable)
    assert sane(why)


@pytest.mark.parametrize("name", NAMES)
@given(body=st.binary(max_size=200))
@example(body=b"NaN")
def test_any_bytes_are_read_or_refused(name: str, body: bytes) -> None:
    assert sane(found(name, body))


LEAVES = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["NaN", "-1", "0", ""])
)


@pytest.mark.parametrize("name", JSON)
@given(data=st.data())
def test_a_sample_with_anything_in_the_place_of_a_part_is_read_or_refused(
    name: str, data: st.DataObject
) -> None:
    document = json.loads(sample(NAMES[name][1]))
    at = document
    while data.draw(st.booleans()) and isinstance(at, dict | list) and at:
        key = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        if not isinstance(at[key], dict | list) or data.draw(st.booleans()):
            at[key] = data.draw(LEAVES | st.just([]) | st.just({}))
            break
        at = at[key]
    assert sane(found(name, json.dumps(document).encode()))


def test_numbers_of_json_are_exact() -> None:
    assert loads(b"[0.1, 1e-8, 9007199254740993]") == [
        Decimal("0.1"),
        Decimal("1e-8"),
        Decimal(9007199254740993),
    ]


@pytest.mark.parametrize("body", [b"NaN", b'{"a":Infinity}', b"[-Infinity]"])
def test_what_only_some_parsers_take_for_a_number(body: bytes) -> None:
    with pytest.raises(Unreadable, match="which is no number"):
        loads(body)


# --- Times


@pytest.mark.parametrize(
    ("read", "said", "at_ms"),
    [
        (unix_ms, "1643640186", 1_643_640_186_000),
        (unix_ms, "1649689453.137591016", 1_649_689_453_137),
        (unix_ms, Decimal(1711356300), 1_711_356_300_000),
        (rfc3339_ms, "2026-04-07T00:28:59.662782Z", 1_775_521_739_662),
        (rfc3339_ms, "2026-04-07T02:28:59+02:00", 1_775_521_739_000),
        (day_ms, "2026-11-20", 1_795_132_800_000),
    ],
)
def test_a_time(read: Any, said: object, at_ms: int) -> None:
    assert read(said) == at_ms


@pytest.mark.parametrize("read", [unix_ms, rfc3339_ms, day_ms])
@pytest.mark.parametrize(
    "said",
    [None, "", "soon", "-1", "1e5", True, Decimal("1e300"), Decimal(-1), [], "2026-13-01", "2026-02-30",
     "2026-11-22 12:00:00", "2026-11-22T12:00:00", "2026-11-22T25:00:00Z", "9" * 30],
)  # fmt: skip
def test_what_is_no_time(read: Any, said: object) -> None:
    with pytest.raises(Unreadable):
        read(said)


def test_as_of_when_a_price_is() -> None:
    price, own = Price(Decimal(1)), Price(Decimal(1), 5_000_000)
    timeless, timed = Freshness(60_000), Freshness(None)
    for one in (timeless, timed):
        one.hear(b"a", 1_000_000)
    assert timeless.at_ms(price, 1_060_000) == 1_060_000
    assert timeless.at_ms(price, 1_060_001) == 1_000_000
    timeless.hear(b"a", 1_070_000)
    assert timeless.at_ms(price, 1_070_000) == 1_000_000
    timeless.hear(b"b", 1_080_000)
    assert timeless.at_ms(price, 1_080_000) == 1_080_000
    timeless.hear(b"b", 500_000)  # the clock was turned back
    assert timeless.at_ms(price, 500_000) == 500_000
    assert timed.at_ms(price, 9_000_000) == 9_000_000
    assert timed.at_ms(own, 6_000_000) == 5_000_000
    assert timed.at_ms(own, 5_000_000 - AHEAD_MS) == 5_000_000 - AHEAD_MS
    with pytest.raises(Unreadable, match=r"^its time is 10 s ahead of ours$"):
        timed.at_ms(own, 5_000_000 - AHEAD_MS - 1)


# --- One meaning or none, and exact


@pytest.mark.parametrize("name", ["bitstamp", "binance", "bitfinex"])
def test_what_is_said_twice_of_a_pair_is_not_believed(name: str) -> None:
    rows = json.loads(sample(NAMES[name][1]), parse_float=str)
    twice = json.dumps(rows + rows).encode()
    assert str(found(name, twice)) == "its answer says the same twice"


def test_a_currency_with_two_rows_has_no_price() -> None:
    head, *rows = sample(NAMES["ecb"][1]).splitlines()
    twice = b"\r\n".join([head, *rows, *rows])
    assert str(found("ecb", twice)) == "its answer says the same twice"


@pytest.mark.parametrize("name", NAMES)
def test_nothing_depends_on_the_digits_of_the_context(name: str) -> None:
    body = sample(NAMES[name][1]).replace(b'"hbar_equivalent": 30000', b'"hbar_equivalent": 30001')
    body = body.replace(b'"hbar_equivalent":30000', b'"hbar_equivalent":30001')
    expected = found(name, body)
    assert isinstance(expected, Price)
    with localcontext(Context(prec=1, traps=[Inexact])):
        assert found(name, body) == expected


@pytest.mark.parametrize("symbol", ["\x1b[31m", "\ud800", "line\nlevel=error", ["BTC/EUR"]])
def test_what_a_websocket_calls_a_pair_is_not_logged_as_it_is(symbol: object) -> None:
    kraken = exchange("kraken", "BTC/EUR")
    assert isinstance(kraken, Kraken)
    said = {"method": "subscribe", "success": False, "symbol": symbol, "error": "no"}
    assert kraken.told(json.dumps(said)).refused == (("something else", "no"),)
