"""Server-sent events: the journal as a browser's EventSource reads it."""

import re
import socket
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import trio

from paydaemon.config import server_context
from paydaemon.frontends.eventstream import RETRY_MS
from paydaemon.frontends.framing import chunk, sse_message, text_frame
from paydaemon.frontends.settings import Limits
from tests.frontends.test_websocket import fill, pay, receive
from tests.support.certificate import make_certificate
from tests.support.conformance import check_closing, check_message
from tests.support.served import QUICK, Json, Served, error_of, served
from tests.support.sse import Message, Source, listening
from tests.support.stream import texts
from tests.support.waiting import BOUND_S, until

ASK = "GET /v1/events/stream{query} HTTP/1.{minor}\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n"


def stream(
    daemon: Served, query: str = "", key: str | None = None, last_event_id: str = ""
) -> AbstractAsyncContextManager[Source]:
    url = f"http://127.0.0.1:{daemon.port}/v1/events/stream{query}"
    return listening(url, daemon.key if key is None else key, last_event_id)


def checked(messages: list[Message]) -> list[Json]:
    """The events, each as the document says and under its own name."""
    for message in messages:
        check_message(message.json)
        assert message.type == message.json["type"]
        assert "seq" not in message.json or message.last_event_id == message.json["id"]
    return [message.json for message in messages]


async def test_it_replays_and_then_stays_live(daemon: Served) -> None:
    first = await daemon.invoice()
    async with stream(daemon, "?after=0") as source:
        (created,) = checked(await source.take(1))
        assert (created["seq"], created["invoice_id"]) == (1, first["id"])
        await pay(daemon)
        await daemon.engine.mine(1)
        told = checked(await source.take(3))
    assert source.retry_ms == RETRY_MS
    assert sorted(event["type"] for event in told) == [
        *("invoice.payment_seen", "invoice.processing", "payment.confirming"),
    ]


async def test_it_says_the_same_as_the_websocket(daemon: Served) -> None:
    for _ in range(20):
        await daemon.invoice()
    async with stream(daemon, "?after=0") as source, daemon.websocket("?after=0") as events:
        assert checked(await source.take(20)) == await receive(events, 20)
        later = await daemon.invoice()
        assert checked(await source.take(1)) == await receive(events, 1)
    assert later["id"]


async def test_its_head_says_what_it_is_and_that_nobody_should_keep_it(daemon: Served) -> None:
    async with stream(daemon) as source:
        headers = source.response.headers
    assert headers["Content-Type"] == "text/event-stream"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Accel-Buffering"] == "no"
    assert headers["X-Request-Id"].startswith("req_")
    async with daemon.client() as client:
        head = await client.head("/v1/events/stream")
    assert (head.status_code, head.headers["Content-Type"]) == (200, "text/event-stream")


async def test_a_browser_that_comes_back_misses_nothing_and_hears_nothing_twice(daemon: Served) -> None:
    for _ in range(5):
        await daemon.invoice()
    async with stream(daemon, "?after=0") as source:
        first = checked(await source.take(2))
    assert source.last_event_id == first[-1]["id"]
    async with stream(daemon, "?after=0", last_event_id=source.last_event_id) as again:
        rest = checked(await again.take(3))
    assert [event["seq"] for event in first + rest] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("last_event_id", ["evt_0ther_1", "evt_0_99", "99", "x"])
async def test_what_is_of_another_journal_is_told_so(daemon: Served, last_event_id: str) -> None:
    """After a backup was restored the same numbers mean something else."""
    await daemon.invoice()
    async with stream(daemon, last_event_id=last_event_id) as source:
        error = error_of(source.response)
    assert source.response.status_code == 400
    code = "out_of_range" if last_event_id == "x" else "beyond_the_journal"
    assert (error["code"], error["param"]) == (code, "Last-Event-ID")


async def test_filters(daemon: Served) -> None:
    await daemon.invoice()
    theirs = await daemon.invoice(seller_id="rival")
    async with stream(daemon, "?after=0&seller_id=rival") as source:
        assert [event["invoice_id"] for event in checked(await source.take(1))] == [theirs["id"]]
        await daemon.invoice()
        await pay(daemon)
        later = await daemon.invoice(seller_id="rival")
        assert [event["invoice_id"] for event in checked(await source.take(1))] == [later["id"]]
    async with stream(daemon, f"?after=0&invoice_id={theirs['id']}") as source:
        assert [event["seq"] for event in checked(await source.take(1))] == [2]
    async with stream(daemon, "?seller_id=rival", daemon.keys["shop"]) as source:
        assert error_of(source.response)["code"] == "other_seller"
    async with stream(daemon, "?limit=3") as source:
        assert error_of(source.response)["code"] == "unknown_parameter"


async def test_a_key_is_needed_and_looked_at_again(tmp_path: Path) -> None:
    async with served(tmp_path, Limits(key_check_every_s=0.05)) as daemon:
        async with stream(daemon, key="pd_seller_wrong") as source:
            assert source.response.status_code == 401
        async with stream(daemon, key=daemon.keys["shop"]) as source, daemon.admin() as admin:
            await admin.post("/admin/v1/sellers/shop/rotate")
            (closing,) = await source.rest()
        check_closing(closing.json)
        assert closing.json == {"code": 4001, "reason": "this key is no longer valid"}


async def test_the_stop_ends_it_in_order(daemon: Served) -> None:
    await daemon.invoice()
    async with stream(daemon, "?after=0") as source:
        await source.take(1)
        daemon.stop.set()
        (closing,) = await source.rest()
    check_closing(closing.json)
    assert (closing.type, closing.json) == (
        "closing",
        {"code": 1001, "reason": "the daemon stops; resume after 1"},
    )


async def test_a_quiet_stream_is_kept_alive(tmp_path: Path) -> None:
    async with (
        served(tmp_path, Limits(ping_every_s=0.02)) as daemon,
        stream(daemon) as source,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(source.take, 1)
        await until(lambda: len(source.comments) >= 3)
        await daemon.invoice()


async def test_who_leaves_is_noticed(daemon: Served) -> None:
    async with stream(daemon):
        await until(lambda: len(daemon.engine.api.journal.followers) == 1)
    await until(lambda: not daemon.engine.api.journal.followers)


async def test_a_reader_too_slow_is_cut_and_told_where_to_resume(tmp_path: Path) -> None:
    async with served(tmp_path, Limits(send_timeout_s=0.5, requests_burst=10_000)) as daemon:
        await fill(daemon, 100)
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.setblocking(False)
        received = b""
        async with trio.SocketStream(trio.socket.from_stdlib_socket(slow)) as stream:
            await stream.socket.connect(("127.0.0.1", daemon.port))
            await stream.send_all(ASK.format(query="?after=0", minor=1, key=daemon.key).encode())
            await until(lambda: daemon.counts.open == 1)
            await until(lambda: daemon.counts.open == 0)
            with trio.fail_after(BOUND_S):
                while data := await stream.receive_some():
                    received += data
    assert received.endswith(b"0\r\n\r\n")
    last = re.findall(rb"^id: evt_[0-9a-z]+_([0-9]+)$", received, re.MULTILINE)[-1].decode()
    assert f'"code":4008,"reason":"too slow; resume after {last}"' in received[-200:].decode()
    assert 0 < int(last) < 100


async def test_http_1_0_has_no_chunks(daemon: Served) -> None:
    await daemon.invoice()
    async with daemon.tcp() as connection:
        await connection.send_all(ASK.format(query="?after=0", minor=0, key=daemon.key).encode())
        received = b""
        with trio.fail_after(BOUND_S):
            while received.count(b"\n\n") < 2:
                received += await connection.receive_some()
            daemon.stop.set()
            while data := await connection.receive_some():
                received += data
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"chunked" not in head.lower()
    assert body.startswith(b"retry: 3000\n\nid: evt_")
    assert body.endswith(b'{"code":1001,"reason":"the daemon stops; resume after 1"}\n\n')


async def test_the_connection_goes_on_after_it(tmp_path: Path) -> None:
    """What goes past the library leaves it in a good state: the answer ends as HTTP has it."""
    async with served(tmp_path, Limits(key_check_every_s=0.05)) as daemon, daemon.tcp() as connection:
        received = b""

        async def read_until(text: bytes) -> None:
            nonlocal received
            with trio.fail_after(BOUND_S):
                while text not in received:
                    received += await connection.receive_some()

        await connection.send_all(ASK.format(query="", minor=1, key=daemon.keys["shop"]).encode())
        await read_until(b"retry: 3000")
        await daemon.invoice()
        await read_until(b"invoice.created")
        async with daemon.admin() as admin:
            await admin.post("/admin/v1/sellers/shop/rotate")
        await read_until(b"4001")
        await connection.send_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        await read_until(b'{"status":"ok"}')
    assert b"\r\n0\r\n\r\nHTTP/1.1 200" in received


async def test_a_failure_inside_is_told(daemon: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the secret plan")

    monkeypatch.setattr(daemon.engine.api.journal, "follow", broken)
    async with stream(daemon) as source:
        (closing,) = await source.rest()
    assert (closing.json["code"], "secret" in closing.data) == (1011, False)


async def test_it_is_encrypted_like_everything(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    context = server_context(certificate.certificate, certificate.key)
    async with served(tmp_path, QUICK, tls=lambda: context) as daemon:
        url = f"https://127.0.0.1:{daemon.port}/v1/events/stream"
        async with listening(url, daemon.key) as source, daemon.admin() as admin:
            body = {"amount": "1", "currency": "EUR", "seller_id": "shop", "chains": ["bitcoin"]}
            for _ in range(20):
                await admin.post("/v1/invoices", json=body)
            assert [event["seq"] for event in checked(await source.take(20))] == list(range(1, 21))


def test_framing() -> None:
    for size in (0, 1, 125, 126, 65_535, 65_536, 200_000):
        assert texts(text_frame(b"x" * size) * 2) == [b"x" * size] * 2
    assert sse_message("a.b", b"{}", "evt_1") == b"id: evt_1\nevent: a.b\ndata: {}\n\n"
    assert chunk(b"x" * 31) == b"1f\r\n" + b"x" * 31 + b"\r\n"
