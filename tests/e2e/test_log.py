"""The log of a real daemon: every request is found in it by its id, and no secret is."""

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import trio

from paydaemon_bitcoin.regtest import RegtestNode
from tests.support.daemon import Daemon, address_of, due_of, patiently
from tests.support.node import pay_many
from tests.support.waiting import BOUND_S

Line = dict[str, Any]

SAID = {
    "timestamp",
    "level",
    "event",
    "method",
    "route",
    "status",
    "duration_ms",
    "bytes",
    "key_id",
    "client",
}
"""What a request's line says, besides the ids of what it is about."""


def lines(daemon: Daemon) -> list[Line]:
    """The whole log. Each line is an object, whatever happened."""
    return [json.loads(line) for line in daemon.log().splitlines()]


async def line_of(daemon: Daemon, answer: httpx.Response) -> Line:
    """The line of one request, which is written as its answer is sent."""
    found: list[Line] = []

    async def is_there() -> bool:
        await trio.lowlevel.checkpoint()
        id = answer.headers["X-Request-Id"]
        found[:] = [line for line in lines(daemon) if line.get("request_id") == id]
        return any(line["event"] == "request" for line in found)

    await patiently(is_there)
    (line,) = [line for line in found if line["event"] == "request"]
    return line


@pytest.fixture
async def client(daemon: Daemon) -> AsyncIterator[httpx.AsyncClient]:
    async with daemon.client() as client:
        yield client


async def test_a_request_is_one_line_with_all_that_may_be_told(
    daemon: Daemon, client: httpx.AsyncClient
) -> None:
    body = {"amount": "0.001", "currency": "BTC", "seller_id": "shop", "note": "a note of the seller's"}
    answer = await client.post("/v1/invoices", json=body)
    line = await line_of(daemon, answer)
    assert line.keys() == SAID | {"request_id", "invoice_id"}
    assert (line["level"], line["method"], line["route"], line["status"]) == (
        "info",
        "POST",
        "/v1/invoices",
        201,
    )
    assert line["invoice_id"] == answer.json()["id"]
    assert line["bytes"] == len(answer.content)
    assert 0 < line["duration_ms"] < 1_000 * BOUND_S
    assert line["key_id"].startswith("key_")
    assert line["client"] == "127.0.0.1"


async def test_each_way_to_ask_for_an_invoice_names_it(daemon: Daemon, client: httpx.AsyncClient) -> None:
    invoice = await daemon.invoice()
    mark = {"status": "settled"}
    for answer in (
        await client.get(f"/v1/invoices/{invoice['id']}"),
        await client.post(f"/v1/invoices/{invoice['id']}/mark", json=mark),
        await client.get(f"/i/{invoice['id']}"),
        await client.get(f"/v1/events?invoice_id={invoice['id']}"),
    ):
        assert answer.status_code == 200
        assert (await line_of(daemon, answer))["invoice_id"] == invoice["id"]
    answer = await client.get("/v1/invoices")
    assert (await line_of(daemon, answer)).keys() == SAID | {"request_id"}


async def test_probes_are_told_at_debug_only(daemon: Daemon, client: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        answer = await client.get(path)
        assert answer.headers["X-Request-Id"] not in daemon.log()


@asynccontextmanager
async def changed(daemon: Daemon, key: str, value: str) -> AsyncIterator[None]:
    """The running daemon with another value of one key of ``[daemon]``, for as long as the block runs."""
    document = daemon.config.read_text()
    await _take_over(daemon, document.replace('["daemon"]', f'["daemon"]\n{key} = {value}'), key)
    try:
        yield
    finally:
        await _take_over(daemon, document, key)


async def _take_over(daemon: Daemon, document: str, key: str) -> None:
    def told() -> int:
        return sum(line.get("changed") == [f"daemon.{key}"] for line in lines(daemon))

    async def is_told() -> bool:
        await trio.lowlevel.checkpoint()
        return told() > before

    before = told()
    daemon.config.write_text(document)
    daemon.hang_up()
    await patiently(is_told)


async def test_a_payments_lines_name_it_and_its_invoice(daemon: Daemon, node: RegtestNode) -> None:
    async with changed(daemon, "log_level", '"debug"'), daemon.client() as client:
        invoice = await daemon.invoice()
        await pay_many(node, (address_of(invoice), due_of(invoice)))
        shown = await daemon.until_status(invoice["id"], "processing")
        probe = await client.get("/healthz")
        assert (await line_of(daemon, probe))["level"] == "debug"
    (payment,) = shown["options"][0]["payments"]
    (line,) = [line for line in lines(daemon) if line.get("payment_id") == payment["id"]]
    assert line["invoice_id"] == invoice["id"]
    assert (line["chain"], line["state"], line["level"]) == ("bitcoin", "pending", "debug")


async def test_requests_are_no_lines_where_nobody_wants_them(daemon: Daemon) -> None:
    async with changed(daemon, "log_requests", "false"), daemon.client() as client:
        unlogged = await client.get("/v1/invoices")
    async with daemon.client() as client:
        await line_of(daemon, await client.get("/v1/invoices"))
    assert unlogged.headers["X-Request-Id"] not in daemon.log()


async def test_no_secret_that_a_request_holds_is_in_the_log(daemon: Daemon) -> None:
    """Keys where they belong, where they do not, and in every shape that is none."""
    key = daemon.key
    other = f"pd_seller_{secrets.token_urlsafe(32)}"
    word = secrets.token_hex(16)
    ids: list[str] = []
    async with httpx.AsyncClient(base_url=daemon.api, timeout=BOUND_S, verify=False) as client:
        for secret in (key, other, word):
            for value in _shapes(secret):
                answer = await client.get("/v1/invoices", headers={"Authorization": value})
                ids.append(answer.headers["X-Request-Id"])
            for path in _places(secret):
                answer = await client.get(path, headers={"Cookie": f"key={secret}", "X-Key": secret})
                ids.append(answer.headers["X-Request-Id"])
            for body in _bodies(secret):
                headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": secret}
                headers["Content-Type"] = "application/json"
                answer = await client.post("/v1/invoices", content=body, headers=headers)
                ids.append(answer.headers["X-Request-Id"])
            answer = await client.request(secret.replace("_", "").upper(), "/v1/invoices")
            ids.append(answer.headers["X-Request-Id"])
            ids += [id for raw in _raw(secret) if (id := await _send(daemon, raw))]
    log = daemon.log()
    found = {line.get("request_id") for line in lines(daemon) if line["event"] == "request"}
    assert set(ids) <= found
    assert len(ids) > 75
    for secret in (key, other, word):
        for written in (secret, secret.upper(), secret.replace("_", "").upper(), secret[-16:]):
            assert written not in log


def _shapes(secret: str) -> list[str]:
    """Values of ``Authorization``; only the first is one."""
    return [
        f"Bearer {secret}",
        f"bearer  {secret}",
        f"Bearer{secret}",
        f"Bearer {secret} {secret}",
        f"Bearer: {secret}",
        f"Basic {secret}",
        f"Token token={secret}",
        secret,
        f'Digest username="{secret}"',
        f"Bearer {secret[:-1]}",
        f"{secret} Bearer",
    ]


def _places(secret: str) -> list[str]:
    """Where a key does not belong: in the path and in the query string."""
    return [
        f"/{secret}",
        f"/i/{secret}",
        f"/v1/invoices/{secret}",
        f"/v1/invoices?key={secret}",
        f"/v1/invoices?{secret}=1",
        f"/v1/rates?access_token={secret}",
        f"/v1/events?after={secret}",
    ]


def _bodies(secret: str) -> list[str]:
    """Bodies that are refused, and one that is not."""
    whole = {"amount": "0.001", "currency": "BTC", "seller_id": "shop", "note": secret}
    return [
        json.dumps(whole),
        json.dumps({**whole, secret: secret}),
        json.dumps({**whole, "seller_id": secret}),
        json.dumps({**whole, "chains": [secret]}),
        f'{{"amount": "{secret}"',
        f'"{secret}"',
    ]


def _raw(secret: str) -> list[bytes]:
    """Requests that are none."""
    head = "GET /v1/invoices HTTP/1.1\r\nHost: x\r\n"
    return [
        f"{head}Authorization {secret}\r\n\r\n".encode(),
        f"{head}Authorization: Bearer \x00{secret}\r\n\r\n".encode(),
        f"{head}{secret} : x\r\n\r\n".encode(),
        f"{head}Authorization: Bearer {secret}\r\nBig: {'x' * 20_000}\r\n\r\n".encode(),
        f"GET /{secret} HTTP/9.9\r\nHost: x\r\n\r\n".encode(),
        f"{secret}\r\n\r\n".encode(),
        f"GET /v1/events?key={secret} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Protocol: {secret}\r\n\r\n".encode(),
    ]


async def _send(daemon: Daemon, raw: bytes) -> str | None:
    """Send bytes; returns the id that the answer carries, if there is an answer."""
    host, port = daemon.api.removeprefix("http://").split(":")
    received = b""
    with trio.fail_after(BOUND_S):
        async with await trio.open_tcp_stream(host, int(port)) as stream:
            await stream.send_all(raw)
            await stream.send_eof()
            async for part in stream:
                received += part
    _, separator, rest = received.decode("latin-1").lower().partition("x-request-id: ")
    return rest.split("\r\n")[0] if separator else None
