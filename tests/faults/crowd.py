"""A crowd at the listener: who asks nothing, asks without end, or asks and never reads.

They come from addresses of loopback of their own, as a crowd does from many machines.
"""

import resource
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import cycle, islice
from urllib.parse import urlsplit

import trio

SMALL_BUFFER = 4_096
AT_ONCE = 100
"""How many connect at the same time: no more than a listener's backlog takes."""

Guest = Callable[[trio.SocketStream], Awaitable[None]]


class Crowd:
    """Connections to a daemon, each with somebody at its end. `gone` counts those that the daemon closed."""

    def __init__(self, api: str, key: str, nursery: trio.Nursery) -> None:
        self._place = urlsplit(api)
        self._key = key
        self._nursery = nursery
        self.came = 0
        self.gone = 0

    async def come(self, count: int, guest: Guest, addresses: int, *, buffer: int | None = None) -> None:
        """So many connect, from so many addresses in turn."""
        door = trio.CapacityLimiter(AT_ONCE)
        sources = (f"127.0.0.{2 + number}" for number in range(addresses))
        async with trio.open_nursery() as arriving:
            for source in islice(cycle(list(sources)), count):
                arriving.start_soon(self._admit, door, source, guest, buffer)

    async def _admit(self, door: trio.CapacityLimiter, source: str, guest: Guest, buffer: int | None) -> None:
        async with door:
            own = trio.socket.socket()
            if buffer is not None:
                own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            await own.bind((source, 0))
            await own.connect((self._place.hostname, self._place.port))
            self.came += 1
            self._nursery.start_soon(self._attend, trio.SocketStream(own), guest)

    async def _attend(self, stream: trio.SocketStream, guest: Guest) -> None:
        async with stream:
            with suppress(trio.BrokenResourceError):
                await guest(stream)
            self.gone += 1

    # The guests

    async def idle(self, stream: trio.SocketStream) -> None:
        """Ask nothing, and notice being closed."""
        while await stream.receive_some():
            pass

    async def slow(self, stream: trio.SocketStream) -> None:
        """Send a request letter by letter, without end."""
        await stream.send_all(b"GET /healthz HTTP/1.1\r\nX-Slow: ")
        while True:
            await trio.sleep(1)
            await stream.send_all(b"a")

    async def greedy(self, stream: trio.SocketStream) -> None:
        """Ask for one page after the other, and never read."""
        request = f"GET /v1/events?limit=200 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self._key}\r\n\r\n"
        while True:
            await stream.send_all(request.encode() * 20)
            await trio.sleep(0.2)

    async def mute(self, stream: trio.SocketStream) -> None:
        """Follow every event by websocket, and never read."""
        await stream.send_all(
            b"GET /v1/events?after=0 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            + f"Authorization: Bearer {self._key}\r\n\r\n".encode()
        )
        await trio.sleep_forever()


def allow_descriptors(count: int) -> None:
    """Let this process have so many descriptors; where the system does not, say so."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        assert hard >= count, f"this test needs {count} descriptors and may have {hard}: ulimit -Hn"
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
