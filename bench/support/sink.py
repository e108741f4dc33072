"""A sink: a process of its own that takes whatever is posted to it, and says how much that was.

    python -m bench.support.sink

It prints two ports: at the first, a POST is counted and answered with 204, and a GET with the count; the
second one takes connections and says nothing, ever. It ends with its stdin.
"""

import asyncio
import sys

END = b"\r\n\r\n"
LENGTH = b"content-length:"


class Counter(asyncio.Protocol):
    """One connection of those who are answered."""

    count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._said = b""

    def data_received(self, data: bytes) -> None:
        self._said += data
        while END in self._said:
            head, _, rest = self._said.partition(END)
            length = next((int(line[len(LENGTH) :]) for line in _lines(head) if line.startswith(LENGTH)), 0)
            if len(rest) < length:
                return
            self._said = rest[length:]
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        if head.startswith(b"GET"):
            body = str(Counter.count).encode()
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        else:
            Counter.count += 1
            self._transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


def _lines(head: bytes) -> list[bytes]:
    return head.lower().split(b"\r\n")


async def main() -> None:
    """Serve until stdin ends."""
    loop = asyncio.get_running_loop()
    servers = [
        await loop.create_server(protocol, "127.0.0.1", 0, backlog=1024)
        for protocol in (Counter, asyncio.Protocol)
    ]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
