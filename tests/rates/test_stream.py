"""Kraken's websocket: prices within a moment, and HTTP for whatever it does not tell."""

import base64
import hashlib
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

import pytest
import trio
from trio_websocket import ConnectionClosed, WebSocketRequest, serve_websocket

from paydaemon_rates.exchange import Price
from paydaemon_rates.pairs import Pair
from paydaemon_rates.sandbox.faults import Fault
from paydaemon_rates.stream import BEHIND_MS, Stream
from tests.rates.world import PRICES, Host, exchange, now_ms, reading, settings, source
from tests.support.waiting import until

EXPECTED = {pair: Decimal(price) for pair, price in PRICES["kraken"].items()}


async def test_while_it_tells_nothing_is_asked() -> None:
    async with exchange("kraken") as (sandbox, table), reading("kraken", table, every_s=0.05) as host:
        await until(lambda: len(host.published) >= 2 * len(EXPECTED) + 2)
        await trio.sleep(0.1)
        asked = len(sandbox.asked)
        host.forget()
        await until(lambda: host.prices.keys() == EXPECTED.keys())
        assert len(sandbox.asked) == asked
        assert host.prices == EXPECTED
        assert now_ms() - host.published[-1].at_ms < 1_000


async def test_its_prices_are_told_as_soon_as_they_are_there() -> None:
    async with (
        exchange("kraken", fault=Fault.ERROR_500) as (sandbox, table),
        reading("kraken", table) as host,
    ):
        assert not host.published
        sandbox.fault = Fault.NONE
        await until(lambda: host.prices == EXPECTED)


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.HALF_CLOSED, Fault.HTML, Fault.GARBAGE, Fault.NAN])
async def test_once_it_is_away_kraken_is_asked_at_once(fault: Fault) -> None:
    async with (
        exchange("kraken") as (sandbox, table),
        reading("kraken", table, every_s=60, limits__silent_s=0.3) as host,
    ):
        await until(lambda: len(host.published) > 2 * len(EXPECTED))
        asked = len(sandbox.asked)
        sandbox.fault = fault
        await until(lambda: len(sandbox.asked) > asked)


async def test_a_pair_that_it_refuses_is_asked_for() -> None:
    async with exchange("kraken") as (sandbox, table):
        prices_only_by_http = {**table, "pairs": ["BTC/EUR", "XYZ/EUR"]}
        async with reading("kraken", prices_only_by_http, every_s=0.1) as host:
            await until(lambda: "BTC/EUR" in host.prices)
            await until(lambda: sandbox.asked[-1].endswith("pair=XYZEUR"))


async def test_a_time_ahead_of_ours_is_refused() -> None:
    async with (
        exchange("kraken", fault=Fault.SKEWED) as (_, table),
        reading("kraken", table, every_s=60) as host,
    ):
        await until(lambda: any("s ahead of ours" in reason for reason in host.reasons))


async def test_a_stream_that_has_stopped_is_as_of_when_it_did() -> None:
    async with (
        exchange("kraken") as (sandbox, table),
        reading("kraken", table, every_s=60, limits__frozen_s=0) as host,
    ):
        await until(lambda: len(host.published) > 2 * len(EXPECTED))
        sandbox.fault = Fault.FROZEN
        await trio.sleep(0.3)
        frozen_ms = now_ms()
        host.forget()
        await until(lambda: len(host.published) >= len(EXPECTED))
        assert all(rate.at_ms < frozen_ms for rate in host.published)


async def test_a_message_that_is_too_large_ends_the_connection() -> None:
    async with (
        exchange("kraken") as (_, table),
        reading("kraken", table, every_s=0.05, limits__answer_bytes=80) as host,
    ):
        await until(lambda: len(host.failures) > 1)
        assert host.reasons == {"its answer is larger than 80 bytes"}


# --- A peer that keeps to nothing

_KEY = "Sec-WebSocket-Accept: KEY\r\n\r\n"
_UPGRADED = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
PEERS: Mapping[str, str] = {
    "it accepts another": f"{_UPGRADED}Sec-WebSocket-Accept: AAAA\r\n\r\n",
    "it deflates": f"{_UPGRADED}Sec-WebSocket-Extensions: permessage-deflate\r\n{_KEY}",
    "its headers have no end": _UPGRADED + f"A: {'b' * 60_000}\r\n" * 3,
    "its subprotocol is not ASCII": f"{_UPGRADED}Sec-WebSocket-Protocol: \xff\r\n{_KEY}",
    "its header is not ASCII": "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: \xff\r\n\r\n",
    "it does not upgrade": "HTTP/1.1 101 X\r\n\r\n",
    "it answers a page": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "it is no HTTP": "\x00garbage\r\n\r\n",
    "its frame is none": f"{_UPGRADED}{_KEY}\xff\xff\xff\xff",
    "it ends at once": f"{_UPGRADED}{_KEY}\x88\x01\x00",
}


@asynccontextmanager
async def peer(answer: str, greeted: list[bytes]) -> AsyncIterator[str]:
    """Whoever comes gets this answer, with the right key where it says KEY."""

    async def handle(stream: trio.SocketStream) -> None:
        async with stream:
            found = re.search(rb"Sec-WebSocket-Key: (\S+)", await stream.receive_some(65_536), re.IGNORECASE)
            if found is None:  # it was in a hurry, and has left
                return
            greeted.append(found[1])
            digest = hashlib.sha1(found[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
            try:
                await stream.send_all(
                    answer.replace("KEY", base64.b64encode(digest).decode()).encode("latin-1")
                )
                await trio.sleep_forever()
            except trio.BrokenResourceError:
                pass

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, handle, 0, host="127.0.0.1"))
        yield f"ws://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("how", PEERS)
async def test_whatever_its_peer_does_only_the_websocket_ends(how: str) -> None:
    greeted: list[bytes] = []
    async with (
        exchange("kraken") as (_, table),
        peer(PEERS[how], greeted) as url,
        reading("kraken", {**table, "websocket_url": url}) as host,
    ):
        await until(lambda: len(greeted) >= 2)
        host.forget()
        await until(lambda: host.prices == EXPECTED)


# --- What is told late


def tick(pair: str, at_ms: int) -> str:
    at = datetime.fromtimestamp(at_ms // 1000, UTC).isoformat().replace("+00:00", "Z")
    ticker = {"symbol": pair, "bid": 1, "ask": 1, "last": 1, "timestamp": at}
    return json.dumps({"channel": "ticker", "type": "update", "data": [ticker]})


async def test_a_price_that_is_told_late_is_asked_for_instead() -> None:
    async def tell(request: WebSocketRequest) -> None:
        socket = await request.accept()
        try:
            while True:
                await socket.send_message(tick("BTC/EUR", now_ms() - 5 * 3_600_000))
                await socket.send_message(tick("HBAR/EUR", now_ms()))
                await trio.sleep(0.05)
        except ConnectionClosed:
            pass

    async with exchange("kraken") as (sandbox, table), trio.open_nursery() as nursery:
        server = await nursery.start(partial(serve_websocket, tell, "127.0.0.1", 0, None))
        told = {**table, "websocket_url": f"ws://127.0.0.1:{server.port}"}
        async with reading("kraken", told, every_s=0.1) as host:
            await until(lambda: host.prices.get("HBAR/EUR") == 1)
            await until(lambda: sandbox.asked[-1].endswith("pair=XBTEUR"))
            assert host.prices["BTC/EUR"] == EXPECTED["BTC/EUR"]
            assert "its websocket told this 18000 s late" in host.reasons
        nursery.cancel_scope.cancel()


def test_a_stream_that_is_behind_vouches_for_nothing() -> None:
    clock = [1_800_000_000_000]
    host, found = Host(lambda: clock[0]), settings("kraken", {"pairs": list(EXPECTED)})
    covered: list[frozenset[Pair]] = []
    kraken = source("kraken", found).exchange
    stream = Stream(kraken, found, "", covered.append)  # type: ignore[arg-type]
    for pair in EXPECTED:
        stream._note(host, Pair(*pair.split("/")), Price(Decimal(1), clock[0]), clock[0])
    btc, late = Pair("BTC", "EUR"), Price(Decimal(1), clock[0])
    clock[0] += BEHIND_MS
    stream._note(host, btc, late, clock[0])
    assert len(stream._prices) == 2
    clock[0] += 1_000
    stream._note(host, btc, late, clock[0])
    assert not stream._prices
    assert host.failures == [("its websocket told this 11 s late", (btc,))]
