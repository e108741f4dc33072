"""Servers that no server program would be: one that says what it is told to, and one in the middle."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

import trio

Stream = trio.SocketStream
Handler = Callable[[Stream], Awaitable[None]]


@asynccontextmanager
async def serving(handle: Handler) -> AsyncIterator[int]:
    """A server on loopback; yields its port."""

    async def guarded(stream: Stream) -> None:
        async with stream:
            with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                await handle(stream)

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, guarded, 0, host="127.0.0.1"))
        yield listeners[0].socket.getsockname()[1]
        nursery.cancel_scope.cancel()


def saying(*answers: bytes) -> Handler:
    """A server that gives one answer to whatever comes, the first unasked, and then none any more."""

    async def handle(stream: Stream) -> None:
        for answer in answers:
            await stream.send_all(answer)
            if not await stream.receive_some():
                return
        await trio.sleep_forever()

    return handle


async def dripping(stream: Stream) -> None:
    """An answer that goes on for ever, a byte at a time."""
    while True:
        await stream.send_all(b"2")
        await trio.sleep(0.02)


async def babbling(stream: Stream) -> None:
    """An answer with a next line for ever."""
    await stream.send_all(b"220 hello\r\n")
    while True:
        await stream.send_all(b"250-and another thing\r\n" * 100)
        await trio.sleep(0.005)


def without_starttls(port: int) -> Handler:
    """Somebody in the middle, who takes STARTTLS out of what the server offers."""

    async def handle(client: Stream) -> None:
        async with await trio.open_tcp_stream("127.0.0.1", port) as server, trio.open_nursery() as nursery:
            nursery.start_soon(_pass_on, client, server)
            async for said in server:
                await client.send_all(bytes(said).replace(b"250-STARTTLS\r\n", b""))
            nursery.cancel_scope.cancel()

    return handle


async def _pass_on(source: Stream, sink: Stream) -> None:
    async for said in source:
        await sink.send_all(said)


class Polite:
    """A server that takes everything, with as little as there is to that, and counts."""

    def __init__(self, pause_s: float = 0) -> None:
        self.opened = self.open = self.most = self.taken = 0
        self._pause_s = pause_s

    async def __call__(self, stream: Stream) -> None:
        self.opened += 1
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            await self._serve(stream)
        finally:
            self.open -= 1

    async def _serve(self, stream: Stream) -> None:
        await stream.send_all(b"220 hello\r\n")
        async for said in stream:
            if bytes(said).endswith(b"\r\n.\r\n"):
                await trio.sleep(self._pause_s)
                self.taken += 1
            await stream.send_all(b"354 go on\r\n" if said.lower() == b"data\r\n" else b"250 OK\r\n")
