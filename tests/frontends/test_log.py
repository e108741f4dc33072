"""What is logged while a request is handled carries its id, in whatever room, and that of its invoice."""

import io
import json
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import structlog
import trio
import trio.lowlevel
from trio_websocket import ConnectionClosed

from paydaemon.engine.chains import LiveChain
from paydaemon.hooks.ports import DestinationRequest
from paydaemon.logs import LogFormat, LogLevel, configure
from paydaemon.store.port import StoreUnavailable
from paydaemon.testing.fakechain import FakeChain
from tests.logs.restore import restored
from tests.support.served import Served, receive_json, served
from tests.support.waiting import until

Line = dict[str, Any]

ORDER = {"amount": "12.50", "currency": "EUR", "seller_id": "shop", "chains": ["bitcoin"]}


class Log(io.BytesIO):
    """What is logged, line by line."""

    @property
    def lines(self) -> list[Line]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def log() -> Iterator[Log]:
    stream = Log()
    with restored():
        configure(LogFormat.JSON, LogLevel.INFO, stream=stream)
        yield stream


async def test_every_room_says_which_request_and_which_invoice(
    daemon: Served, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plugin, one of its threads, and the engine that tells of its failure."""
    own = structlog.get_logger("a plugin's own")

    async def failing(self: FakeChain, index: int, request: DestinationRequest) -> None:
        own.warning("in the plugin")
        await trio.to_thread.run_sync(own.warning, "in a thread")
        raise RuntimeError("no destination today")

    monkeypatch.setattr(FakeChain, "destination", failing)
    async with daemon.client() as client:
        answer = await client.post("/v1/invoices", json=ORDER)
    assert answer.status_code == 503
    assert [line["event"] for line in log.lines] == [
        "in the plugin",
        "in a thread",
        "chain gave no destination",
        "request",
    ]
    assert {line["request_id"] for line in log.lines} == {answer.headers["X-Request-Id"]}
    about = {line.get("invoice_id") for line in log.lines[:3]}
    assert len(about) == 1
    assert None not in about


@pytest.mark.parametrize(
    ("failure", "event"),
    [
        (StoreUnavailable("the disk is full"), "the store was not available"),
        (RuntimeError("a bug"), "a request failed unexpectedly"),
    ],
)
async def test_what_fails_is_told_with_the_id_that_the_client_has(
    daemon: Served, log: Log, monkeypatch: pytest.MonkeyPatch, failure: Exception, event: str
) -> None:
    async def broken(*_: object) -> None:
        await trio.lowlevel.checkpoint()
        raise failure

    monkeypatch.setattr(daemon.engine.api, "invoice", broken)
    async with daemon.client() as client:
        answer = await client.get("/v1/invoices/inv_x")
    id = answer.headers["X-Request-Id"]
    assert [(line["event"], line["request_id"]) for line in log.lines] == [(event, id), ("request", id)]


async def test_requests_at_the_same_time_keep_apart(
    daemon: Served, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, own = LiveChain.destination, structlog.get_logger("between")

    async def slow(self: LiveChain, request: DestinationRequest) -> Any:
        await trio.lowlevel.checkpoint()
        own.info("between", about=request.invoice_id)
        return await whole(self, request)

    monkeypatch.setattr(LiveChain, "destination", slow)
    ids: dict[str, str] = {}

    async def order() -> None:
        async with daemon.client() as client:
            answer = await client.post("/v1/invoices", json=ORDER)
            ids[answer.json()["id"]] = answer.headers["X-Request-Id"]

    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(order)
    told = [line for line in log.lines if line["event"] == "between"]
    assert {line["about"]: line["request_id"] for line in told} == ids
    assert all(line["invoice_id"] == line["about"] for line in told)


async def test_a_websocket_is_told_when_it_ends(daemon: Served, log: Log) -> None:
    invoice = await daemon.invoice()
    async with daemon.websocket(f"?after=0&invoice_id={invoice['id']}") as connection:
        await receive_json(connection)
        assert [line["route"] for line in log.lines] == ["/v1/invoices"]
    await until(lambda: len(log.lines) == 2)
    line = log.lines[-1]
    assert (line["route"], line["status"], line["invoice_id"]) == ("/v1/events", 101, invoice["id"])


async def test_a_websocket_that_fails_is_told_with_its_id(
    daemon: Served, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(daemon.engine.api.journal, "follow", broken)
    async with daemon.websocket() as connection:
        with pytest.raises(ConnectionClosed):
            await connection.get_message()
    await until(lambda: len(log.lines) == 2)
    failed, request = log.lines
    assert (failed["event"], request["event"]) == ("a websocket failed", "request")
    assert failed["request_id"] == request["request_id"]


@pytest.mark.parametrize(("trusted", "told"), [("127.0.0.0/8", "203.0.113.9"), ("10.0.0.0/8", "127.0.0.1")])
async def test_the_address_is_the_one_behind_trusted_proxies(
    tmp_path: Path, log: Log, trusted: str, told: str
) -> None:
    forwarded = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
    proxies = (ip_network(trusted),)
    async with served(tmp_path, trusted_proxies=proxies) as daemon, daemon.client(**forwarded) as client:
        await client.get("/v1/invoices")
    assert [line["client"] for line in log.lines] == [told]


async def test_without_a_key_nobody_is_named_and_on_the_unix_socket_the_local_operator(
    daemon: Served, log: Log
) -> None:
    async with daemon.client("") as client, daemon.admin() as admin:
        await client.get("/v1/invoices")
        await admin.get("/v1/invoices")
    told = [(line["status"], line["key_id"], line["client"]) for line in log.lines]
    assert told == [(401, None, "127.0.0.1"), (200, "unix-socket", None)]
