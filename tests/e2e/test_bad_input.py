"""Bad input through the real socket: a clear error that names the field, and others are answered meanwhile.

What each kind of mistake is told in detail is tested where requests are read (`tests/frontends`). Here the
whole daemon has to stand it.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import trio

from tests.support.daemon import Daemon, Json
from tests.support.waiting import BOUND_S, until

GOOD: Json = {"amount": "12.50", "currency": "EUR", "seller_id": "shop"}
TEN_MB = 10_000_000
AT_ONCE = 8
LONGEST_S = 10.0
"""How long somebody else may have to wait at most. To read 1e300000 as a number takes 8 s, each time."""


def body(**fields: object) -> bytes:
    return json.dumps({**GOOD, **fields}).encode()


WRONG = {
    "a huge exponent": (body(amount="1e300000"), 400, "amount"),
    "not a number": (body(amount="NaN"), 400, "amount"),
    "a bare NaN": (body().replace(b'"12.50"', b"NaN"), 400, "amount"),
    "infinity": (body(amount="Infinity"), 400, "amount"),
    "a negative amount": (body(amount="-12.50"), 400, "amount"),
    "nothing at all": (body(amount="0.00"), 400, "amount"),
    "a number instead of a string": (body(amount=12.5), 400, "amount"),
    "an integer instead of a string": (body(amount=12), 400, "amount"),
    "too many decimals": (body(amount="12.505"), 400, "amount"),
    "too many decimals for satoshi": (body(amount="0.000000001", currency="BTC"), 400, "amount"),
    "full-width digits": (body(amount="１２.５０"), 400, "amount"),
    "Arabic digits": (body(amount="١٢.٥٠"), 400, "amount"),
    "an underscore": (body(amount="1_000.00"), 400, "amount"),
    "very many digits": (body(amount="9" * 10_000), 400, "amount"),
    "a currency nobody has": (body(currency="XQX"), 400, "currency"),
    "an unknown field": (body(amuont="12.50"), 400, "amuont"),
    "an unknown field inside": (body(buyer={"mail": "a@example.com"}), 400, "buyer.mail"),
    "a chain nobody has": (body(chains=["bitcoin", "dogecoin"]), 400, "chains.1"),
    "a seller nobody has": (body(seller_id="nobody"), 400, "seller_id"),
    "too few seconds": (body(expires_in_s=59), 400, "expires_in_s"),
    "no confirmations where they are needed": (body(confirmations=0), 400, "confirmations"),
    "a key given twice": (b'{"amount":"1.00","amount":"9.00","currency":"EUR"}', 400, "amount"),
    "a missing field": (b'{"currency":"EUR"}', 400, "amount"),
    "deep JSON": (b'{"metadata":' + b'{"a":' * 60_000 + b"1" + b"}" * 60_000 + b"}", 413, None),
    "deep JSON in few bytes": (b'{"metadata":' + b"[" * 5_000 + b"]" * 5_000 + b"}", 400, None),
    "10 MB": (body(note="x" * TEN_MB), 413, None),
    "half of JSON": (b'{"amount":"12.50', 400, None),
    "no JSON": (b"amount=12.50&currency=EUR", 400, None),
    "no object": (b'["12.50","EUR"]', 400, None),
    "no UTF-8": (b'{"amount":"\xff"}', 400, None),
}


@asynccontextmanager
async def somebody_else(daemon: Daemon) -> AsyncIterator[list[float]]:
    """Another client that goes on asking; yields how long it had to wait each time, in seconds."""
    waited_s: list[float] = []
    id = (await daemon.invoice())["id"]

    async def ask() -> None:
        async with daemon.client(daemon.keys["shop"]) as client:
            while True:
                began = trio.current_time()
                answer = await client.get(f"/v1/invoices/{id}")
                assert answer.status_code == 200
                waited_s.append(trio.current_time() - began)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        yield waited_s
        asked = len(waited_s)
        await until(lambda: len(waited_s) > asked)
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("mistake", WRONG)
async def test_a_mistake_is_told_by_field_and_others_are_answered_meanwhile(
    daemon: Daemon, mistake: str
) -> None:
    content, status, param = WRONG[mistake]
    async with somebody_else(daemon) as waited_s, trio.open_nursery() as nursery:
        for _ in range(AT_ONCE):
            nursery.start_soon(_is_refused, daemon, content, status, param)
    assert max(waited_s) < LONGEST_S


async def _is_refused(daemon: Daemon, content: bytes, status: int, param: str | None) -> None:
    async with daemon.client() as client:
        headers = {"Content-Type": "application/json"}
        answer = await client.post("/v1/invoices", content=content, headers=headers)
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["param"] == param
    assert error["message"]
    assert error["request_id"] == answer.headers["X-Request-Id"]
    assert len(answer.content) < 1_000, "what was sent is not sent back"


async def test_a_body_that_never_ends_holds_up_nobody(daemon: Daemon) -> None:
    host, port = daemon.api.removeprefix("http://").split(":")
    async with await trio.open_tcp_stream(host, int(port)) as slow:
        head = (
            f"POST /v1/invoices HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {daemon.key}\r\n"
            "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
        )
        await slow.send_all(head.encode())
        async with somebody_else(daemon):
            assert (await daemon.invoice())["status"] == "new"


async def test_a_wrong_key_is_told_so(daemon: Daemon) -> None:
    for key in ("sk_wrong", daemon.key[:-1], daemon.key + "x"):
        refused = (await daemon.call("POST", "/v1/invoices", GOOD, key=key, expect=4))["error"]
        assert (refused["type"], refused["param"]) == ("authentication", "Authorization")
        assert key not in json.dumps(refused)
    async with httpx.AsyncClient(base_url=daemon.api, timeout=BOUND_S, verify=False) as nobody:
        answer = await nobody.post("/v1/invoices", json=GOOD)
    assert answer.status_code == 401
    assert answer.json()["error"]["param"] == "Authorization"
    assert daemon.key not in daemon.log()


async def test_another_sellers_invoice_is_as_if_it_were_not_there(daemon: Daemon) -> None:
    rival = await daemon.add_seller("rival-in-bad-faith")
    id = (await daemon.invoice())["id"]
    theirs = (await daemon.call("GET", f"/v1/invoices/{id}", key=rival, expect=4))["error"]
    nobodys = (await daemon.call("GET", "/v1/invoices/inv_nobodys", key=rival, expect=4))["error"]
    for field in ("type", "code", "param"):
        assert theirs[field] == nobodys[field]
    assert (theirs["type"], theirs["param"]) == ("not_found", "id")
    path = f"/v1/invoices/{id}/mark"
    marked = (await daemon.call("POST", path, {"status": "settled"}, key=rival, expect=4))["error"]
    assert marked["type"] == "not_found"
    assert (await daemon.show(id))["status"] == "new"
    listed = await daemon.call("GET", "/v1/invoices", key=rival)
    assert listed["data"] == []
    events = await daemon.call("GET", f"/v1/events?invoice_id={id}", key=rival, expect=4)
    assert events["error"]["type"] == "not_found"
    named = (await daemon.call("POST", "/v1/invoices", GOOD, key=rival, expect=4))["error"]
    assert (named["type"], named["param"]) == ("permission", "seller_id")


async def test_an_idempotency_key_stands_for_one_request(daemon: Daemon) -> None:
    first = await daemon.call("POST", "/v1/invoices", GOOD, idempotency_key="order-1")
    again = await daemon.call("POST", "/v1/invoices", GOOD, idempotency_key="order-1")
    assert again["id"] == first["id"]
    other = {**GOOD, "amount": "12.51"}
    refused = await daemon.call("POST", "/v1/invoices", other, idempotency_key="order-1", expect=4)
    assert (refused["error"]["type"], refused["error"]["param"]) == ("conflict", "Idempotency-Key")
    rival = await daemon.add_seller("rival-with-the-same-key")
    theirs = await daemon.call(
        *("POST", "/v1/invoices"), {**GOOD, "seller_id": "rival-with-the-same-key"}, idempotency_key="order-1"
    )
    assert theirs["id"] != first["id"]
    assert (await daemon.show(theirs["id"]))["seller_id"] == "rival-with-the-same-key"
    assert (await daemon.call("GET", f"/v1/invoices/{theirs['id']}", key=rival))["id"] == theirs["id"]


RUBBISH = {
    "one byte after an upgrade": (
        b"GET /v1/events HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\nx"
    ),
    "h2c": (
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAAA\r\n\r\n"
    ),
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "zeroes": bytes(100_000),
    "an endless header": b"GET / HTTP/1.1\r\nX: " + b"a" * 1_000_000,
}


@pytest.mark.parametrize("rubbish", RUBBISH)
async def test_bytes_that_are_no_request_end_nothing_but_their_connection(
    daemon: Daemon, rubbish: str
) -> None:
    host, port = daemon.api.removeprefix("http://").split(":")
    async with somebody_else(daemon), await trio.open_tcp_stream(host, int(port)) as stream:
        with trio.fail_after(BOUND_S):
            try:
                await stream.send_all(RUBBISH[rubbish])
                await stream.send_eof()
                while await stream.receive_some():
                    pass
            except trio.BrokenResourceError:
                pass  # hung up on before all was sent: just as well
    assert (await daemon.invoice())["status"] == "new"
