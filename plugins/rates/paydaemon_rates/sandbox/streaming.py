"""Kraken's websocket in a sandbox: its ``ticker`` channel with a snapshot, updates, and heartbeats."""

import json
from contextlib import suppress
from decimal import Decimal
from functools import partial

import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, WebSocketRequest, serve_websocket

from paydaemon_rates.pairs import parse_pair
from paydaemon_rates.sandbox.dialects import number, rfc3339
from paydaemon_rates.sandbox.faults import ON_THE_WIRE, Fault
from paydaemon_rates.sandbox.market import Market

HOST = "127.0.0.1"
EVERY_S = 0.2


async def serve_stream(
    market: Market, *, task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED
) -> None:
    """Serve until cancelled; hands over the address."""
    async with trio.open_nursery() as nursery:
        handle = partial(_handle, market)
        server = await nursery.start(partial(serve_websocket, handle, HOST, 0, None))
        task_status.started(f"ws://{HOST}:{server.port}")


async def _handle(market: Market, request: WebSocketRequest) -> None:
    if market.fault in ON_THE_WIRE - {Fault.HANG, Fault.HTML}:
        await request.reject(503)
        return
    with suppress(ConnectionClosed):
        await _tell(market, await request.accept())


async def _tell(market: Market, socket: WebSocketConnection) -> None:
    status = '{"channel":"status","type":"update","data":[{"api_version":"v2","system":"online"}]}'
    await socket.send_message(status)
    symbols = json.loads(await socket.get_message(), parse_float=Decimal)["params"]["symbol"]
    for symbol in symbols:
        await socket.send_message(_acknowledged(market, symbol))
    kind = "snapshot"
    while True:
        if market.fault is Fault.HANG:
            await trio.sleep_forever()
        if market.fault in ON_THE_WIRE - {Fault.HTML}:
            await socket.aclose(1012, "restarting")
        for message in _messages(market, symbols, kind):
            await socket.send_message(message)
        kind = "update"
        await trio.sleep(EVERY_S)


def _acknowledged(market: Market, symbol: str) -> str:
    if market.tick(parse_pair(symbol)) is not None:
        result = {"channel": "ticker", "snapshot": True, "symbol": symbol}
        return json.dumps({"method": "subscribe", "result": result, "success": True})
    error = {"error": f"Currency pair not supported {symbol}", "symbol": symbol}
    return json.dumps({"method": "subscribe", "success": False, **error})


def _messages(market: Market, symbols: list[str], kind: str) -> list[str]:
    if market.fault is Fault.HTML:
        return ["<html></html>"]
    if market.fault is Fault.FROZEN and kind == "update":
        return ['{"channel":"heartbeat"}']
    found = [tick for symbol in symbols if (tick := market.tick(parse_pair(symbol)))]
    return [
        f'{{"channel":"ticker","type":"{kind}","data":[{{"symbol":"{tick.pair}",'
        f'"bid":{number(tick.bid)},"bid_qty":740.0,"ask":{number(tick.ask)},"ask_qty":1361.448,'
        f'"last":{number(tick.last)},"volume":{market.volume()},"change_pct":-0.17,'
        f'"timestamp":"{rfc3339(market.now_ms())}"}}]}}'
        for tick in found
    ]
