"""The websocket of events, on real sockets."""

import json
import random
import socket
from pathlib import Path
from typing import Any

import pytest
import trio
from trio_websocket import ConnectionClosed, ConnectionRejected, WebSocketConnection

from paydaemon.frontends.settings import Limits
from tests.support.raw import read_answer
from tests.support.served import Json, Served, receive_json, served, websocket_on
from tests.support.waiting import BOUND_S, until

UPGRADE = (
    "GET /v1/events{query} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Authorization: Bearer {key}\r\n{more}\r\n"
)


PONG = b"\x8a\x80\0\0\0\0"
"""A client's answer to an empty ping, whose mask is zero (RFC 6455, section 5.5.3)."""


async def receive(connection: WebSocketConnection, count: int) -> list[Json]:
    return [await receive_json(connection) for _ in range(count)]


async def pay(daemon: Served, amount_minor: int = 20_834) -> None:
    """Pay to the newest destination."""
    issued = await daemon.engine.store.read(lambda reader: reader.destinations("bitcoin", -1, 10_000))
    await daemon.engine.pay((issued[-1].key, amount_minor))


async def test_it_replays_and_then_stays_live(daemon: Served) -> None:
    first = await daemon.invoice()
    async with daemon.websocket("?after=0") as events:
        (created,) = await receive(events, 1)
        assert (created["seq"], created["type"], created["invoice_id"]) == (1, "invoice.created", first["id"])
        await pay(daemon)
        assert [event["type"] for event in await receive(events, 2)] == [
            "invoice.payment_seen",
            "invoice.processing",
        ]


async def test_by_default_only_what_is_new_is_told(daemon: Served) -> None:
    await daemon.invoice()
    async with daemon.websocket() as events:
        second = await daemon.invoice()
        assert (await receive_json(events))["invoice_id"] == second["id"]


async def test_it_says_the_same_as_the_list(daemon: Served) -> None:
    for _ in range(3):
        await daemon.invoice()
    await pay(daemon)
    async with daemon.client() as client:
        listed = (await client.get("/v1/events")).json()["data"]
    async with daemon.websocket("?after=0") as events:
        assert await receive(events, len(listed)) == listed


async def test_each_new_depth_is_told_live(daemon: Served) -> None:
    invoice = await daemon.invoice()
    await pay(daemon)
    async with daemon.websocket() as events:
        await daemon.engine.mine(6)
        pushes = [message for message in await receive(events, 7) if "seq" not in message]
    assert [push["type"] for push in pushes] == ["payment.confirming"] * 5
    assert [push["data"]["payment"]["confirmations"] for push in pushes] == [1, 2, 3, 4, 5]
    assert {push["invoice_id"] for push in pushes} == {invoice["id"]}


async def test_every_reader_sees_every_event_once_and_in_order(daemon: Served, seed: int) -> None:
    """Readers come and go, resuming where they left off, while many write at once."""
    dice = random.Random(seed)
    total = 200
    async with trio.open_nursery() as nursery:

        async def write() -> None:
            for _ in range(total // 10):
                await daemon.invoice()
                await trio.sleep(dice.random() / 200)

        async def read() -> None:
            seqs: list[int] = []
            while len(seqs) < total:
                async with daemon.websocket(f"?after={seqs[-1] if seqs else 0}") as events:
                    count = min(dice.randint(1, 60), total - len(seqs))
                    seqs += [event["seq"] for event in await receive(events, count)]
            assert seqs == list(range(1, total + 1))

        for _ in range(10):
            nursery.start_soon(write)
        for _ in range(5):
            nursery.start_soon(read)


async def test_a_seller_hears_of_its_own_invoices_alone(daemon: Served) -> None:
    async with daemon.websocket("?after=0", daemon.keys["rival"]) as events:
        await daemon.invoice()
        await pay(daemon)
        await daemon.engine.mine(2)
        theirs = await daemon.invoice(seller_id="rival")
        assert (await receive_json(events))["invoice_id"] == theirs["id"]
        await pay(daemon)
        await daemon.engine.mine(1)
        told = await receive(events, 3)
    assert {message["invoice_id"] for message in told} == {theirs["id"]}
    journaled = [message["type"] for message in told if "seq" in message]
    assert journaled == ["invoice.payment_seen", "invoice.processing"]
    assert [message["type"] for message in told if "seq" not in message] == ["payment.confirming"]


async def test_it_can_be_asked_for_one_invoice(daemon: Served) -> None:
    first, second = await daemon.invoice(), await daemon.invoice()
    async with daemon.websocket(f"?after=0&invoice_id={first['id']}") as events:
        await pay(daemon)
        await daemon.engine.mine(1)
        async with daemon.client() as client:
            await client.post(f"/v1/invoices/{first['id']}/mark", json={"status": "settled"})
        told = await receive(events, 3)
    assert second["id"]
    assert [message["type"] for message in told] == ["invoice.created", "invoice.marked", "invoice.settled"]


async def test_it_can_be_asked_for_some_types(daemon: Served) -> None:
    async with daemon.websocket("?after=0&type=invoice.processing") as events:
        await daemon.invoice()
        await pay(daemon)
        await daemon.engine.mine(1)
        await daemon.invoice()
        await pay(daemon)
        assert [message["type"] for message in await receive(events, 2)] == ["invoice.processing"] * 2
    async with daemon.websocket("?after=0&type=payment.confirming") as events:
        await daemon.engine.mine(1)
        assert [message["type"] for message in await receive(events, 2)] == ["payment.confirming"] * 2


async def test_the_stop_is_told_with_1001(daemon: Served) -> None:
    async with daemon.websocket() as one, daemon.websocket("?after=0") as other:
        await daemon.invoice()
        await receive_json(one)
        await receive_json(other)
        daemon.stop.set()
        for events in (one, other):
            with trio.fail_after(BOUND_S), pytest.raises(ConnectionClosed) as closed:
                await events.get_message()
            reason = closed.value.reason
            assert reason is not None
            assert (reason.code, reason.reason) == (1001, "the daemon stops; resume after 1")


async def test_a_client_that_talks_is_ignored_at_first_then_closed(tmp_path: Path) -> None:
    limits = Limits(messages_per_s=0.1, messages_burst=5)
    async with served(tmp_path, limits) as daemon, daemon.websocket() as events:
        for message in ("hello", "", b"bytes", b"", "{}"):
            await events.send_message(message)
        invoice = await daemon.invoice()
        assert (await receive_json(events))["invoice_id"] == invoice["id"]
        await events.send_message("one too many")
        with trio.fail_after(BOUND_S), pytest.raises(ConnectionClosed) as closed:
            await events.get_message()
        assert closed.value.reason is not None
        assert closed.value.reason.code == 1008


async def test_a_key_that_is_revoked_is_not_told_anything_any_more(tmp_path: Path) -> None:
    async with (
        served(tmp_path, Limits(key_check_every_s=0.05)) as daemon,
        daemon.websocket("", daemon.keys["shop"]) as old,
        daemon.websocket("", daemon.keys["rival"]) as other,
    ):
        async with daemon.admin() as admin:
            await admin.post("/admin/v1/sellers/shop/rotate")
        with trio.fail_after(BOUND_S), pytest.raises(ConnectionClosed) as closed:
            await old.get_message()
        reason = closed.value.reason
        assert reason is not None
        assert (reason.code, reason.reason) == (4001, "this key is no longer valid")
        invoice = await daemon.invoice(seller_id="rival")
        assert (await receive_json(other))["invoice_id"] == invoice["id"]


async def test_a_message_too_large_closes_with_1009(daemon: Served) -> None:
    async with daemon.websocket() as events:
        await events.send_message("x" * 4_097)
        with trio.fail_after(BOUND_S), pytest.raises(ConnectionClosed) as closed:
            await events.get_message()
        assert closed.value.reason is not None
        assert closed.value.reason.code == 1009


@pytest.mark.parametrize(("said", "code"), [(b"", 4001), (b"\x81\xfe\x10\x01\0\0\0\0" + b"x" * 4_097, 1009)])
async def test_a_client_that_never_answers_the_close_is_not_waited_for(
    tmp_path: Path, said: bytes, code: int
) -> None:
    async with served(tmp_path, Limits(key_check_every_s=0.05)) as daemon, daemon.tcp() as stream:
        upgrade = UPGRADE.format(query="", key=daemon.keys["shop"], more="")
        await stream.send_all(upgrade.encode())
        head = await stream.receive_some()
        if said:
            await stream.send_all(said)
        else:
            async with daemon.admin() as admin:
                await admin.post("/admin/v1/sellers/shop/rotate")
        frames = await read_frames(stream, head)
        assert (frames[-1][0], int.from_bytes(frames[-1][1][:2], "big")) == (8, code)
        await until(lambda: daemon.counts.open == 0)


async def test_a_client_that_is_there_is_pinged(tmp_path: Path) -> None:
    async with served(tmp_path, Limits(ping_every_s=0.05)) as daemon, daemon.tcp() as stream:
        await stream.send_all(UPGRADE.format(query="", key=daemon.key, more="").encode())
        received = b""
        with trio.fail_after(BOUND_S):
            while received.count(b"\x89\x00") < 3:
                received += await stream.receive_some()
        await until(lambda: daemon.counts.open == 1)
        await stream.aclose()
        await until(lambda: daemon.counts.open == 0)


async def fill(daemon: Served, count: int) -> None:
    """Events of some ten kilobytes each."""
    metadata = {str(number): "x" * 190 for number in range(40)}
    for _ in range(count):
        await daemon.invoice(metadata=metadata)


async def test_a_reader_too_slow_is_cut_and_finds_out_why(tmp_path: Path) -> None:
    """It is told to resume, finds the close frame when it reads on, and gets the rest the next time."""
    async with served(tmp_path, Limits(send_timeout_s=0.5, requests_burst=10_000)) as daemon:
        await fill(daemon, 100)
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.setblocking(False)
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(slow))
        await stream.socket.connect(("127.0.0.1", daemon.port))
        await stream.send_all(UPGRADE.format(query="?after=0", key=daemon.key, more="").encode())
        await until(lambda: daemon.counts.open == 1)
        async with daemon.websocket("?after=0") as quick:
            assert [event["seq"] for event in await receive(quick, 100)] == list(range(1, 101))
        await until(lambda: daemon.counts.open == 0)
        received = await read_frames(stream)
        last = json.loads(received[-2][1])["seq"]
        assert received[-1] == (8, b"\x0f\xa8too slow; resume after %d" % last)
        assert 0 < last < 100
        async with daemon.websocket(f"?after={last}") as events:
            rest = [event["seq"] for event in await receive(events, 100 - last)]
        assert rest == list(range(last + 1, 101))


async def test_one_that_answers_pings_and_reads_late_finds_out_why_too(tmp_path: Path) -> None:
    """Closing with something unsent would take the close frame from it as soon as it says anything."""
    async with served(tmp_path, Limits(send_timeout_s=2.5, requests_burst=10_000)) as daemon:
        await fill(daemon, 100)
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.setblocking(False)
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(slow))
        await stream.socket.connect(("127.0.0.1", daemon.port))
        await stream.send_all(UPGRADE.format(query="?after=0", key=daemon.key, more="").encode())
        for _ in range(30):
            await trio.sleep(0.2)
            await stream.send_all(PONG)
        received = await read_frames(stream)
        last = json.loads(received[-2][1])["seq"]
        assert received[-1] == (8, b"\x0f\xa8too slow; resume after %d" % last)
        await until(lambda: daemon.counts.open == 0)


async def read_frames(stream: trio.SocketStream, received: bytes = b"") -> list[tuple[int, bytes]]:
    """Every frame until the server's end, after what was received already: opcode and payload."""
    with trio.fail_after(BOUND_S):
        async with stream:
            while data := await stream.receive_some():
                received += data
    _, _, rest = received.partition(b"\r\n\r\n")
    frames: list[tuple[int, bytes]] = []
    while rest:
        length, start = rest[1], 2
        if length == 126:
            length, start = int.from_bytes(rest[2:4], "big"), 4
        elif length == 127:
            length, start = int.from_bytes(rest[2:10], "big"), 10
        frames.append((rest[0] & 0xF, rest[start : start + length]))
        rest = rest[start + length :]
    return [frame for frame in frames if frame[0] != 9]


async def test_a_reader_that_stalls_holds_nobody_up(daemon: Served) -> None:
    await fill(daemon, 30)
    async with daemon.tcp() as stalled:
        await stalled.send_all(UPGRADE.format(query="?after=0", key=daemon.key, more="").encode())
        async with daemon.websocket() as events:
            invoice = await daemon.invoice()
            assert (await receive_json(events))["invoice_id"] == invoice["id"]


# Refusals, before anything is accepted


async def refused(daemon: Served, query: str = "", key: str | None = None, more: str = "") -> tuple[int, Any]:
    async with daemon.tcp() as stream:
        sent = UPGRADE.format(query=query, key=daemon.key if key is None else key, more=more)
        if key == "":
            sent = sent.replace("Authorization: Bearer \r\n", "")
        await stream.send_all(sent.encode())
        status, body = await read_answer(stream)
        return status, json.loads(body)["error"] if body else None


@pytest.mark.parametrize(
    ("query", "status", "code", "param"),
    [
        ("?after=x", 400, "out_of_range", "after"),
        ("?after=7", 400, "beyond_the_journal", "after"),
        ("?type=invoice.paid", 400, "invalid_value", "type"),
        ("?limit=5", 400, "unknown_parameter", "limit"),
        ("?invoice_id=inv_none", 404, "invoice_not_found", "invoice_id"),
    ],
)
async def test_what_is_wrong_is_told_by_http(
    daemon: Served, query: str, status: int, code: str, param: str
) -> None:
    told, error = await refused(daemon, query)
    assert (told, error["code"], error["param"]) == (status, code, param)
    assert error["request_id"].startswith("req_")


async def test_without_the_right_key_nothing_is_accepted(daemon: Served) -> None:
    invoice = await daemon.invoice()
    assert (await refused(daemon, key=""))[0] == 401
    assert (await refused(daemon, key="wrong"))[1]["code"] == "invalid_key"
    status, error = await refused(daemon, f"?invoice_id={invoice['id']}", daemon.keys["rival"])
    assert (status, error["code"]) == (404, "invoice_not_found")


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://pay.example",
        "https://pay.example:8443",
        "https://pay.example.evil",
    ],
)
async def test_a_foreign_page_may_not_connect(daemon: Served, origin: str) -> None:
    status, error = await refused(daemon, more=f"Origin: {origin}\r\n")
    assert (status, error["type"], error["code"], error["param"]) == (
        403,
        "permission",
        "foreign_origin",
        "Origin",
    )


@pytest.mark.parametrize("origin", ["https://pay.example", "HTTPS://PAY.example"])
async def test_our_own_page_may(daemon: Served, origin: str) -> None:
    assert (await refused(daemon, more=f"Origin: {origin}\r\n"))[0] == 101


async def test_a_rejected_client_gets_the_envelope_from_its_library(daemon: Served) -> None:
    async with daemon.tcp() as stream:
        with pytest.RaisesGroup(ConnectionRejected) as rejected:
            async with websocket_on(stream, ""):
                pass
    (error,) = rejected.value.exceptions
    assert isinstance(error, ConnectionRejected)
    assert (error.status_code, json.loads(error.body or b"")["error"]["code"]) == (401, "missing_key")


async def test_on_the_unix_socket_no_key_is_needed(daemon: Served) -> None:
    stream = await trio.open_unix_socket(str(daemon.socket))
    async with stream, websocket_on(stream, "?after=0") as events:
        invoice = await daemon.invoice()
        assert (await receive_json(events))["invoice_id"] == invoice["id"]


async def test_a_failure_inside_is_told_with_1011(daemon: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the secret plan")

    monkeypatch.setattr(daemon.engine.api.journal, "follow", broken)
    async with daemon.websocket() as events:
        with trio.fail_after(BOUND_S), pytest.raises(ConnectionClosed) as closed:
            await events.get_message()
    assert closed.value.reason is not None
    assert (closed.value.reason.code, "secret" in str(closed.value.reason)) == (1011, False)
