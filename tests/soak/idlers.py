"""Clients of the older payment server that open a session and then say nothing, by plain bytes.

They are as small as they can be: a thousand of them are to load the daemon, and not the test.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import trio

_UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n"
)
_CONNECT = b"40"


class Idler:
    """One client of this version of Engine.IO. Its connections are closed with `stack`."""

    def __init__(self, stack: AsyncExitStack, api: str, version: int) -> None:
        self._stack = stack
        self._api = urlsplit(api)
        self._version = version

    async def by_websocket(self) -> None:
        """Connected by a websocket, with all read that every session begins with."""
        stream = await self._connection()
        await stream.send_all(self._head("websocket", _UPGRADE))
        if self._version == 4:
            await _heard(stream, b"}")
            await stream.send_all(_frame(_CONNECT))
        await _heard(stream, _CONNECT)

    async def by_polling(self) -> None:
        """Connected, and waiting in a poll for what comes next."""
        stream = await self._connection()
        sid = await self._opened(stream)
        await stream.send_all(self._head(f"polling&sid={sid}"))

    async def upgraded(self) -> None:
        """Connected by polling, and then moved to a websocket."""
        polling, stream = await self._connection(), await self._connection()
        sid = await self._opened(polling)
        await stream.send_all(self._head(f"websocket&sid={sid}", _UPGRADE))
        await _heard(stream, b"\r\n\r\n")
        await stream.send_all(_frame(b"2probe"))
        await _heard(stream, b"3probe")
        await stream.send_all(_frame(b"5"))
        await polling.aclose()

    async def _opened(self, stream: trio.SocketStream) -> str:
        await stream.send_all(self._head("polling"))
        sid = re.search(rb'"sid":"([^"]+)"', await _heard(stream, b"}" if self._version == 4 else b"2:40"))
        assert sid is not None
        if self._version == 4:
            await stream.send_all(self._head(f"polling&sid={sid[1].decode()}", body=_CONNECT))
            await _heard(stream, b"\r\n\r\nok")
            await stream.send_all(self._head(f"polling&sid={sid[1].decode()}"))
            await _heard(stream, b"40{")
        return sid[1].decode()

    async def _connection(self) -> trio.SocketStream:
        stream = await trio.open_tcp_stream(self._api.hostname or "", self._api.port or 0)
        self._stack.push_async_callback(stream.aclose)
        return stream

    def _head(self, rest: str, more: str = "", body: bytes = b"") -> bytes:
        method = "POST" if body else "GET"
        more += f"Content-Length: {len(body)}\r\n" if body else ""
        query = f"/socket.io/?EIO={self._version}&transport={rest}"
        return f"{method} {query} HTTP/1.1\r\nHost: here\r\n{more}\r\n".encode() + body


WAYS: Mapping[str, Callable[[Idler], Awaitable[None]]] = {
    "websocket": Idler.by_websocket,
    "polling": Idler.by_polling,
    "upgraded": Idler.upgraded,
}
"""How a session may be carried."""


async def _heard(stream: trio.SocketStream, last: bytes) -> bytes:
    """All that comes, up to these bytes."""
    answer = b""
    while last not in answer:
        more = await stream.receive_some()
        assert more, answer
        answer += more
    return answer


def _frame(text: bytes) -> bytes:
    """A short text as a client sends it: masked, by nothing (RFC 6455, section 5.3)."""
    return bytes((0x81, 0x80 | len(text))) + bytes(4) + text
