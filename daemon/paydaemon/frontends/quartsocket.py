"""Quart's websocket as the three-call port of `paydaemon.frontends.websocket`.

Quart cancels a handler whose client is gone, so `SocketGone` is never raised here. Nor can its sending be
timed out from here, because hypercorn shields it: the connection's `PatientStream` does that, and is left the
close frame that the client is to find.
"""

import struct

from quart import Websocket

from paydaemon.frontends.connection import STREAM
from paydaemon.frontends.tls import ClientStream
from paydaemon.frontends.websocket import TOO_SLOW

CLOSE_FRAME = 0x88
"""RFC 6455, section 5.2: the final fragment, with the opcode of a connection close."""


class QuartSocket:
    """One accepted websocket of Quart's."""

    def __init__(self, websocket: Websocket) -> None:
        self._websocket = websocket

    async def accept(self, headers: dict[str, str]) -> None:
        """Accept the websocket, and prepare for a client that does not read."""
        await self._websocket.accept(headers=headers)
        stream = self._websocket.scope["state"][STREAM]
        assert isinstance(stream, ClientStream)
        stream.farewell = close_frame(TOO_SLOW, "too slow; resume after the last seq")

    async def receive(self) -> str | bytes:
        """The next message. An empty one of bytes arrives as None."""
        return await self._websocket.receive() or b""

    async def send(self, text: str) -> None:
        """Send a message."""
        await self._websocket.send(text)

    async def close(self, code: int, reason: str) -> None:
        """Say goodbye."""
        await self._websocket.close(code, reason)


def close_frame(code: int, reason: str) -> bytes:
    """A server's close frame, unmasked (RFC 6455, section 5.5.1)."""
    payload = struct.pack("!H", code) + reason.encode()
    assert len(payload) <= 125, "RFC 6455, section 5.5: a control frame holds at most 125 bytes"
    return bytes((CLOSE_FRAME, len(payload))) + payload
