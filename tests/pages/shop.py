"""A seller's own site: another origin, with one page at every path."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import trio

from tests.support.waiting import BOUND_S


@dataclass(slots=True)
class Shop:
    """Where the site is, and its page."""

    origin: str
    page: str = ""

    async def answer(self, stream: trio.SocketStream) -> None:
        """Answer one request with the page, whatever it asks for."""
        with trio.move_on_after(BOUND_S):
            await stream.receive_some()
            body = self.page.encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n"
            await stream.send_all(f"{head}Connection: close\r\n\r\n".encode() + body)
        await stream.aclose()


@asynccontextmanager
async def shop_open() -> AsyncIterator[Shop]:
    """A site that is there until the block ends."""
    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        shop = Shop(f"http://127.0.0.1:{listener.socket.getsockname()[1]}")
        nursery.start_soon(trio.serve_listeners, shop.answer, [listener])
        yield shop
        nursery.cancel_scope.cancel()
