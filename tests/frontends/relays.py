"""What the tests of relays share: transactions that pay us, and a client of the websocket."""

import json
from typing import Any

import trio
from trio_websocket import WebSocketConnection

from paydaemon.testing.fakerelay import PAYEE, signed
from tests.support.conformance import check_relay_message
from tests.support.served import Json
from tests.support.waiting import BOUND_S

PATH = "/v1/relay/hedera"
PAYER = "0.0.1002"
SHOP_PAGE = "https://shop.example"


def gift(id: str = "tx-1", amount_minor: int = 5, **more: Any) -> str:
    """A transaction that pays us, for no invoice."""
    return signed(id, {(PAYEE, "HBAR"): amount_minor, (PAYER, "HBAR"): -amount_minor}, memo="a gift", **more)


def payment(invoice: Json, id: str = "tx-1", off: int = 0) -> str:
    """A transaction that pays an invoice, or misses what it asks by so much."""
    [option] = [one for one in invoice["options"] if one["chain"] == "hedera"]
    amount_minor = int(option["due_minor"]) + off
    moves = {(PAYEE, "HBAR"): amount_minor, (PAYER, "HBAR"): -amount_minor}
    return signed(id, moves, memo=option["destination"]["memo"])


async def say(socket: WebSocketConnection, id: object, method: str, **params: object) -> None:
    """Send a message."""
    await socket.send_message(json.dumps({"id": id, "method": method, "params": params}))


async def submit(socket: WebSocketConnection, id: object, given: str, **params: object) -> None:
    """Hand a transaction in."""
    await say(socket, id, "submit", transaction=given, **params)


async def hear(socket: WebSocketConnection) -> Json:
    """The next message, which is as the document says."""
    with trio.fail_after(BOUND_S):
        message = dict(json.loads(await socket.get_message()))
    check_relay_message(message)
    return message


async def hear_until(socket: WebSocketConnection, status: str) -> list[Json]:
    """Everything up to an update with this status."""
    heard: list[Json] = []
    while not heard or heard[-1].get("params", {}).get("status") != status:
        heard.append(await hear(socket))
    return heard
