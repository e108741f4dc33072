"""The public address over TLS: the same interface, with modern settings and the same limits."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_client_stream

from paydaemon.config import server_context
from tests.support.certificate import Certificate, make_certificate
from tests.support.served import QUICK, Served, receive_json, served
from tests.support.waiting import BOUND_S, until


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@asynccontextmanager
async def encrypted(folder: Path, certificate: Certificate, **limits: float) -> AsyncIterator[Served]:
    context = server_context(certificate.certificate, certificate.key)
    async with served(folder, replace(QUICK, **limits), tls=lambda: context) as daemon:  # type: ignore[arg-type]
        yield daemon


@asynccontextmanager
async def secure(daemon: Served, context: ssl.SSLContext) -> AsyncIterator[trio.SSLStream[trio.SocketStream]]:
    """A connection on which keys were agreed."""
    async with daemon.tcp() as tcp:
        stream = trio.SSLStream(tcp, context, server_hostname="127.0.0.1", https_compatible=True)
        with trio.fail_after(BOUND_S):
            await stream.do_handshake()
        yield stream


@asynccontextmanager
async def websocket(daemon: Served, context: ssl.SSLContext) -> AsyncIterator[WebSocketConnection]:
    headers = [(b"Authorization", f"Bearer {daemon.key}".encode())]
    async with secure(daemon, context) as stream, trio.open_nursery() as nursery:
        connection = await wrap_client_stream(
            nursery, stream, "127.0.0.1", "/v1/events?after=0", extra_headers=headers
        )
        async with connection:
            yield connection
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def https(daemon: Served, context: ssl.SSLContext) -> AsyncIterator[httpx.AsyncClient]:
    url = f"https://127.0.0.1:{daemon.port}"
    headers = {"Authorization": f"Bearer {daemon.key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=BOUND_S, verify=context) as client:
        yield client


async def test_invoices_and_the_event_stream(tmp_path: Path, certificate: Certificate) -> None:
    context = certificate.client()
    async with encrypted(tmp_path, certificate) as daemon, https(daemon, context) as client:
        body = {"amount": "12.50", "currency": "EUR", "chains": ["bitcoin"], "seller_id": "shop"}
        for _ in range(3):
            answer = await client.post("/v1/invoices", json=body)
            assert answer.status_code == 201, answer.text
        async with websocket(daemon, context) as events:
            event = await receive_json(events)
            assert event["type"] == "invoice.created"
        assert daemon.counts.failed == 0


async def test_the_event_stream_is_closed_properly_at_the_end(
    tmp_path: Path, certificate: Certificate
) -> None:
    async with (
        encrypted(tmp_path, certificate) as daemon,
        websocket(daemon, certificate.client()) as events,
    ):
        daemon.stop.set()
        with trio.fail_after(BOUND_S), pytest.raises(ConnectionClosed) as closed:
            await events.get_message()
        assert closed.value.reason is not None
        assert closed.value.reason.code == 1001


async def test_what_is_agreed_on(tmp_path: Path, certificate: Certificate) -> None:
    async with encrypted(tmp_path, certificate) as daemon:
        async with secure(daemon, certificate.client()) as stream:
            assert (stream.version(), stream.selected_alpn_protocol()) == ("TLSv1.3", "http/1.1")
        older = certificate.client()
        older.maximum_version = ssl.TLSVersion.TLSv1_2
        async with secure(daemon, older) as stream:
            assert stream.version() == "TLSv1.2"
            assert stream.cipher()[0].startswith("ECDHE-")


async def test_an_answer_ends_with_a_farewell(tmp_path: Path, certificate: Certificate) -> None:
    """Whoever reads to the end learns that nothing was cut off (RFC 8446, section 6.1)."""
    async with encrypted(tmp_path, certificate) as daemon, daemon.tcp() as tcp:
        stream = trio.SSLStream(tcp, certificate.client(), server_hostname="127.0.0.1")
        await stream.send_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = b""
        with trio.fail_after(BOUND_S):
            while data := await stream.receive_some():
                received += data
        assert received.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "said", [b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\xff\xff" * 5_000]
)
async def test_what_is_no_handshake_is_closed(tmp_path: Path, certificate: Certificate, said: bytes) -> None:
    async with encrypted(tmp_path, certificate) as daemon:
        async with daemon.tcp() as tcp:
            with trio.fail_after(BOUND_S):
                try:
                    await tcp.send_all(said)
                    while await tcp.receive_some():
                        pass
                except trio.BrokenResourceError:
                    pass
        await until(lambda: daemon.counts.failed == 1 and daemon.counts.open == 0)
        async with https(daemon, certificate.client()) as client:
            assert (await client.get("/healthz")).status_code == 200


async def test_a_handshake_has_as_long_as_a_request(tmp_path: Path, certificate: Certificate) -> None:
    async with encrypted(tmp_path, certificate, head_timeout_s=0.2) as daemon, daemon.tcp() as tcp:
        await tcp.send_all(b"\x16\x03\x01")
        with trio.fail_after(BOUND_S):
            assert await tcp.receive_some() == b""
        await until(lambda: daemon.counts.open == 0)


async def test_a_client_that_reads_nothing_is_cut(tmp_path: Path, certificate: Certificate) -> None:
    async with (
        encrypted(tmp_path, certificate, send_timeout_s=0.3) as daemon,
        secure(daemon, certificate.client()) as stream,
    ):
        asked = b"GET /v1/events?limit=1 HTTP/1.1\r\nHost: x\r\n\r\n"

        async def asks_on() -> None:
            while True:
                await stream.send_all(100 * asked)

        with trio.fail_after(BOUND_S), pytest.raises(trio.BrokenResourceError):
            await asks_on()
        await until(lambda: daemon.counts.open == 0)


async def test_who_is_idle_is_closed(tmp_path: Path, certificate: Certificate) -> None:
    async with (
        encrypted(tmp_path, certificate, idle_timeout_s=0.2) as daemon,
        secure(daemon, certificate.client()) as stream,
    ):
        with trio.fail_after(BOUND_S):
            assert await stream.receive_some() == b""
        await until(lambda: daemon.counts.open == 0)
        assert daemon.counts.failed == 0, "nothing has gone wrong that is worth a line of the log"
