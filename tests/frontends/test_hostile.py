"""What strangers send: each input ends at most its own connection, and others are answered all the while."""

import json
import re
import socket
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trio

from paydaemon.frontends.settings import Limits
from tests.support.raw import read_answer, reads_to_the_end
from tests.support.served import Served, served
from tests.support.waiting import BOUND_S, until

UPGRADE = (
    "GET /v1/events HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Authorization: Bearer {key}\r\n"
)
H2C = b"GET /healthz HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"
POST = b"POST /v1/invoices HTTP/1.1\r\nHost: x\r\n"


def masked(first: int, payload: bytes, length: int | None = None) -> bytes:
    """A client's frame whose mask is zero; `length` may lie."""
    told = len(payload) if length is None else length
    if told < 126:
        head = bytes((first, 0x80 | told))
    elif told < 65_536:
        head = bytes((first, 0x80 | 126)) + struct.pack("!H", told)
    else:
        head = bytes((first, 0x80 | 127)) + struct.pack("!Q", told)
    return head + b"\0\0\0\0" + payload


# name: (what is sent, the statuses that may be answered, where an answer must come)
REQUESTS: dict[str, tuple[bytes, set[int]]] = {
    "garbage": (b"\x01\x02\x03\x04 nothing\r\n\r\n", {400}),
    "zeros": (b"\0" * 100 + b"\r\n\r\n", {400}),
    "a TLS client hello": (bytes.fromhex("16030100a5010000a10303") + b"\x11" * 160, {400}),
    "an empty line": (b"\r\n\r\n\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", {200, 400}),
    "HTTP/0.9": (b"GET /healthz\r\n\r\n", {400}),
    "HTTP/1.0": (b"GET /healthz HTTP/1.0\r\n\r\n", {200}),
    "HTTP/2 by prior knowledge": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 9, {505}),
    "HTTP/3.7": (b"GET /healthz HTTP/3.7\r\nHost: x\r\n\r\n", {400, 505}),
    "an upgrade to h2c": (
        H2C + b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
        {200},
    ),
    "an upgrade to h2c with broken settings": (
        H2C + b"HTTP2-Settings: AAAA\r\n\r\n",
        {200},
    ),
    "an upgrade to h2c without settings": (
        H2C + b"\r\n",
        {200},
    ),
    "no host": (b"GET /healthz HTTP/1.1\r\n\r\n", {400}),
    "two hosts": (b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", {400}),
    "a host that is none": (b"GET /healthz HTTP/1.1\r\nHost: [::1\r\n\r\n", {200}),
    "a host of high bytes": (b"GET /healthz HTTP/1.1\r\nHost: \xff\xfe:99999999\r\n\r\n", {200, 400}),
    "a header without a colon": (b"GET /healthz HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n", {400}),
    "a header with a space before its colon": (b"GET /healthz HTTP/1.1\r\nHost: x\r\na : b\r\n\r\n", {400}),
    "a folded header": (b"GET /healthz HTTP/1.1\r\nHost: x\r\na: b\r\n c\r\n\r\n", {200, 400}),
    "a header of one megabyte": (b"GET /healthz HTTP/1.1\r\nHost: x\r\na: " + b"b" * 1_000_000, {431}),
    "headers of 40 kilobytes in one piece": (
        b"GET /healthz HTTP/1.1\r\nHost: x\r\na: " + b"b" * 40_000 + b"\r\n\r\n",
        {431},
    ),
    "a hundred and one headers": (
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 100 + b"\r\n",
        {431},
    ),
    "a hundred and one headers, asked for by HEAD": (
        b"HEAD /healthz HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 100 + b"\r\n",
        {431},
    ),
    "a path of 30 kilobytes": (b"GET /" + b"a" * 30_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", {431}),
    "a path of high bytes": (b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n", {400}),
    "a path of escapes": (b"GET /%ff%00/..%2f%2e%2e/%F0 HTTP/1.1\r\nHost: x\r\n\r\n", {404}),
    "a path that begins with an empty segment": (b"GET //healthz HTTP/1.1\r\nHost: x\r\n\r\n", {404}),
    "a path that begins with two of them": (b"GET ///docs HTTP/1.1\r\nHost: x\r\n\r\n", {404}),
    "a path without a slash": (b"GET healthz HTTP/1.1\r\nHost: x\r\n\r\n", {200, 404}),
    "an absolute target": (b"GET http://evil.example/healthz HTTP/1.1\r\nHost: x\r\n\r\n", {200, 404}),
    "an asterisk": (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", {404, 405}),
    "a tunnel": (b"CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n", {404, 405}),
    "a method of symbols": (b"@#$ /healthz HTTP/1.1\r\nHost: x\r\n\r\n", {400}),
    "a query of broken escapes": (b"GET /v1/rates?%zz=%ff&&=&a HTTP/1.1\r\nHost: x\r\n\r\n", {401}),
    "two lengths": (
        POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        {400},
    ),
    "a negative length": (POST + b"Content-Length: -1\r\n\r\n", {400}),
    "a length beyond all": (
        POST + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n",
        {400, 401},
    ),
    "a length and chunks": (
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        {400},
    ),
    "chunks and a length": (
        POST + b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
        {400},
    ),
    "another transfer encoding": (
        POST + b"Transfer-Encoding: gzip\r\n\r\n",
        {400, 501},
    ),
    "a broken chunk": (
        POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        {400, 401},
    ),
    "an expectation that nobody meets": (
        POST + b"Expect: magic\r\nContent-Length: 0\r\n\r\n",
        {401, 417},
    ),
    "a websocket without a key": (
        UPGRADE.replace("Key", "Lock").encode() + b"\r\n",
        {400},
    ),
    "a websocket of another version": (UPGRADE.replace("13", "12").encode() + b"\r\n", {400}),
    "a websocket by POST": (UPGRADE.replace("GET", "POST").encode() + b"\r\n", {405}),
    "a websocket where there is none": (
        UPGRADE.replace("v1/events", "x").encode() + b"\r\n",
        {404},
    ),
    "two upgrades": (UPGRADE.encode() + b"Upgrade: h2c\r\n\r\n", {400, 401}),
}


@pytest.mark.parametrize("name", REQUESTS)
async def test_a_malformed_request_is_answered_and_hurts_nobody(daemon: Served, name: str) -> None:
    sent, statuses = REQUESTS[name]
    async with daemon.tcp() as stream:
        await stream.send_all(sent)
        status, body = await read_answer(stream)
    assert status in statuses
    if status >= 400 and body:
        assert set(json.loads(body)["error"]) == {"type", "code", "message", "param", "request_id"}
    await still_answers(daemon)
    assert daemon.counts.failed == 0


async def test_one_byte_after_a_websocket_upgrade(daemon: Served) -> None:
    """hypercorn issue 225: this ended the process."""
    async with daemon.tcp() as stream:
        await stream.send_all(UPGRADE.format(key=daemon.key).encode() + b"\r\nx")
        status, _ = await read_answer(stream)
        assert status == 400
        assert await reads_to_the_end(stream)
    await still_answers(daemon)
    assert daemon.counts.failed == 0


async def test_one_byte_after_a_websocket_upgrade_at_any_moment(daemon: Served) -> None:
    for pause in (0, 0.0005, 0.002, 0.01):
        async with daemon.tcp() as stream:
            await stream.send_all(UPGRADE.format(key=daemon.key).encode() + b"\r\n")
            await trio.sleep(pause)
            await stream.send_all(b"x")
            assert (await read_answer(stream))[0] in (101, 400)
    await still_answers(daemon)


FRAMES: dict[str, bytes] = {
    "unmasked": bytes((0x81, 2)) + b"hi",
    "a reserved opcode": masked(0x83, b"hi"),
    "a reserved bit": masked(0xC1, b"hi"),
    "text that is not UTF-8": masked(0x81, b"\xff\xfe"),
    "a ping in pieces": masked(0x09, b"hi"),
    "a ping too long": masked(0x89, b"x" * 126),
    "a close of one byte": masked(0x88, b"x"),
    "a close with a code of nobody's": masked(0x88, struct.pack("!H", 5)),
    "a continuation of nothing": masked(0x80, b"hi"),
    "a length beyond all": masked(0x82, b"", length=2**63 - 1),
    "a message too large": masked(0x82, b"x" * 5_000),
    "a message too large in pieces": masked(0x02, b"x" * 4_000) + masked(0x80, b"x" * 4_000),
    "nothing but pieces": masked(0x02, b"") + masked(0x00, b"") * 100,
}


@pytest.mark.parametrize("name", FRAMES)
async def test_a_malformed_frame_hurts_nobody(daemon: Served, name: str) -> None:
    async with daemon.tcp() as stream:
        await stream.send_all(UPGRADE.format(key=daemon.key).encode() + b"\r\n")
        assert (await read_answer(stream))[0] == 101
        await stream.send_all(FRAMES[name])
        await still_answers(daemon)
    await still_answers(daemon)


@pytest.mark.parametrize("whole", [True, False])
async def test_a_message_without_end_is_not_collected(daemon: Served, whole: bool) -> None:
    """The first bytes too many close the websocket, the next ones the connection."""
    async with daemon.tcp() as stream:
        await stream.send_all(UPGRADE.format(key=daemon.key).encode() + b"\r\n")
        assert (await read_answer(stream))[0] == 101
        frame = masked(0x82, b"x" * 65_536, length=2**40) if whole else masked(0x02, b"x" * 5_000)
        sent = 0
        with trio.fail_after(BOUND_S):
            try:
                while sent < 50_000_000:
                    await stream.send_all(frame)
                    sent += len(frame)
                    frame = b"x" * 65_536 if whole else masked(0x00, b"x" * 65_536)
                    await trio.sleep(0.001)
            except trio.BrokenResourceError:
                pass
        assert sent < 50_000_000
    await still_answers(daemon)


async def test_permessage_deflate_is_not_spoken(daemon: Served) -> None:
    offer = UPGRADE.format(key=daemon.key) + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    async with daemon.tcp() as stream:
        await stream.send_all(offer.encode())
        head = await stream.receive_some()
    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"extensions" not in head.lower()


async def test_requests_may_come_all_at_once(daemon: Served) -> None:
    """Pipelined requests are answered in order, and garbage after them ends the connection."""
    async with daemon.tcp() as stream:
        await stream.send_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 3 + b"\x01garbage\r\n\r\n")
        received = await reads_to_the_end(stream)
    assert re.findall(rb"HTTP/1\.1 (\d+) ", received) == [b"200", b"200", b"200", b"400"]
    await still_answers(daemon)


async def test_an_answer_that_does_not_wait_for_the_body_says_that_it_closes(daemon: Served) -> None:
    """Otherwise the client would send its next request into a connection that is being closed."""
    for path, status in ((b"/nope", 404), (b"/v1/invoices", 401)):
        async with daemon.tcp() as stream:
            await stream.send_all(b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
            received = await reads_to_the_end(stream)
            head = received.partition(b"\r\n\r\n")[0].lower()
            assert head.startswith(b"http/1.1 %d " % status)
            assert b"connection: close" in head
    async with daemon.tcp() as stream:
        await stream.send_all(b"POST /nope HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
        assert b"connection: close" not in (await stream.receive_some()).lower()


async def test_a_client_that_hangs_up_at_any_moment_hurts_nobody(daemon: Served) -> None:
    body = b'{"amount":"1","currency":"EUR","seller_id":"shop"}'
    head = (
        f"POST /v1/invoices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {daemon.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    whole = head + body
    for cut in range(0, len(whole) + 1, 7):
        reset = cut % 2 == 0
        async with daemon.tcp() as stream:
            if reset:
                stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            await stream.send_all(whole[:cut])
    await still_answers(daemon)
    assert daemon.counts.failed == 0
    await until(lambda: daemon.counts.open == 0)


async def test_the_host_header_decides_nothing(daemon: Served) -> None:
    for host in ("evil.example", "evil.example:99999999", "[::1", "evil.example/path?", "EVIL.example:80"):
        async with daemon.client(Host=host) as client:
            body = {"amount": "1", "currency": "EUR", "seller_id": "shop"}
            answer = await client.post("/v1/invoices", json=body)
            assert answer.status_code == 201
            assert answer.json()["checkout_url"].startswith("https://pay.example/i/")
            assert "evil" not in answer.text + str(answer.headers)
            for path in ("//evil.example/", "/v1/invoices/", "/v1//rates"):
                told = await client.get(path)
                assert told.status_code == 404
                assert "evil" not in told.text + str(told.headers)


async def test_a_client_that_leaves_requests_behind_is_let_go(daemon: Served) -> None:
    """hypercorn would wait for good: it reads no further until the first request is answered."""
    daemon.engine.bitcoin.faults.destination_waits_for = answering = trio.Event()
    body = b'{"amount":"1","currency":"EUR","seller_id":"shop"}'
    head = (
        f"POST /v1/invoices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {daemon.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    async with daemon.tcp() as stream:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await stream.send_all((head.encode() + body) * 3)
        await until(lambda: daemon.counts.open == 1)
        await trio.sleep(0.05)
    answering.set()
    await until(lambda: daemon.counts.open == 0)
    await still_answers(daemon)


# Slowness


async def slow_head(stream: trio.SocketStream) -> None:
    """One byte of a header now and then."""
    await stream.send_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
    for _ in range(10_000):
        await stream.send_all(b"a")
        await trio.sleep(0.05)


async def second_slow_head(stream: trio.SocketStream) -> None:
    """The same, after a request that was in order."""
    await stream.send_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    await stream.receive_some()
    await slow_head(stream)


async def silent(stream: trio.SocketStream) -> None:
    """Nothing at all."""
    await trio.sleep_forever()


async def silent_after_a_request(stream: trio.SocketStream) -> None:
    """A request that is in order, then nothing."""
    await stream.send_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    await trio.sleep_forever()


async def slow_body(stream: trio.SocketStream) -> None:
    """One byte of a body now and then."""
    await stream.send_all(POST + b"Content-Length: 1000\r\n\r\n")
    for _ in range(10_000):
        await stream.send_all(b"a")
        await trio.sleep(0.05)


SLOW = [slow_head, second_slow_head, silent, silent_after_a_request, slow_body]


@pytest.mark.parametrize("behave", SLOW, ids=lambda behave: behave.__name__)
async def test_a_slow_client_is_closed(
    tmp_path: Path, behave: Callable[[trio.SocketStream], Awaitable[None]]
) -> None:
    limits = Limits(head_timeout_s=0.5, idle_timeout_s=0.5, body_timeout_s=0.5)
    async with served(tmp_path, limits) as daemon, daemon.tcp() as stream:

        async def until_closed() -> None:
            try:
                await behave(stream)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                return

        async with trio.open_nursery() as nursery:
            nursery.start_soon(until_closed)
            await until(lambda: daemon.counts.accepted == 1)
            await until(lambda: daemon.counts.open == 0)
            nursery.cancel_scope.cancel()
        await still_answers(daemon)


async def test_a_client_that_reads_nothing_is_closed(tmp_path: Path) -> None:
    async with served(tmp_path, Limits(send_timeout_s=0.5, requests_burst=10_000)) as daemon:
        for _ in range(20):
            await daemon.invoice(metadata={str(n): "x" * 150 for n in range(40)})
        head = f"GET /v1/invoices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {daemon.key}\r\n\r\n"
        async with daemon.tcp() as stream:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            with trio.move_on_after(BOUND_S):
                try:
                    while daemon.counts.open or not daemon.counts.accepted:
                        await stream.send_all(head.encode())
                except trio.BrokenResourceError:
                    pass
            await until(lambda: daemon.counts.open == 0)
        await still_answers(daemon)


async def still_answers(daemon: Served) -> None:
    """Somebody else gets an invoice."""
    assert (await daemon.invoice())["status"] == "new"
