"""Servers that no server program would be, on loopback: each says what it is told to."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

import trio

Stream = trio.abc.Stream
Handler = Callable[[Stream], Awaitable[None]]
GONE = (trio.BrokenResourceError, trio.ClosedResourceError)


@asynccontextmanager
async def serving(
    handle: Handler, context: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[int]:
    """A server; yields its port."""

    async def guarded(tcp: trio.SocketStream) -> None:
        stream: Stream = tcp
        if context is not None:
            stream = trio.SSLStream(tcp, context, server_side=True, https_compatible=True)
        with suppress(*GONE):
            async with stream:
                await handle(stream)

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, guarded, port, host=host))
        yield listeners[0].socket.getsockname()[1]
        nursery.cancel_scope.cancel()


async def request(stream: Stream) -> bytes:
    """One request, whole; empty where the client has gone."""
    said = b""
    while b"\r\n\r\n" not in said:
        more = await stream.receive_some()
        if not more:
            return b""
        said += more
    head, _, body = said.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while len(body) < int(lengths[0].partition(b":")[2]):
        body += await stream.receive_some()
    return head + b"\r\n\r\n" + body


class Saying:
    """Answers each request in the same way, and remembers what it was asked."""

    def __init__(self, *parts: bytes, pause_s: float = 0, then: str = "stay") -> None:
        self.requests: list[bytes] = []
        self.opened = self.open = self.most = 0
        self._parts = parts
        self._pause_s = pause_s
        self._then = then

    async def __call__(self, stream: Stream) -> None:
        self.opened += 1
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            while asked := await request(stream):
                self.requests.append(asked)
                for part in self._parts:
                    await trio.sleep(self._pause_s)
                    await stream.send_all(part)
                if self._then != "stay":
                    return
                # A client that goes away is noticed by the next receive.
        finally:
            self.open -= 1


def answer(status: str = "204 No Content", body: bytes = b"", **headers: str) -> bytes:
    """An answer of HTTP/1.1."""
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    if not status.startswith("204"):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


async def silent(stream: Stream) -> None:
    """Takes all and says nothing."""
    while await stream.receive_some():
        pass


async def dripping_head(stream: Stream) -> None:
    """A header that goes on for ever, a byte at a time."""
    await request(stream)
    await stream.send_all(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        await stream.send_all(b"x")
        await trio.sleep(0.02)


async def endless_head(stream: Stream) -> None:
    """Headers for ever."""
    await request(stream)
    await stream.send_all(b"HTTP/1.1 200 OK\r\n")
    while True:
        await stream.send_all(b"X-More: and another one\r\n" * 100)


async def endless_early_hints(stream: Stream) -> None:
    """Answers that announce another one, for ever."""
    await request(stream)
    while True:
        await stream.send_all(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100)
        await trio.sleep(0.001)


async def endless_body(stream: Stream) -> None:
    """Taken, and then a body without an end."""
    await request(stream)
    await stream.send_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        await stream.send_all(b"1000\r\n" + b"x" * 4096 + b"\r\n")


async def dripping_body(stream: Stream) -> None:
    """Taken, and then a body that takes for ever."""
    await request(stream)
    await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        await stream.send_all(b"x")
        await trio.sleep(0.02)


async def half_closed(stream: Stream) -> None:
    """Says that it will not say anything."""
    await request(stream)
    assert isinstance(stream, trio.SocketStream)
    await stream.send_eof()
    await trio.sleep_forever()


async def babbling(stream: Stream) -> None:
    """Something, but not HTTP."""
    await request(stream)
    await stream.send_all(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


async def impatient(stream: Stream) -> None:
    """An answer to whatever comes, before it is all there."""
    await stream.receive_some()
    await stream.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
