"""Quart's websocket as the three-call port of `paydaemon.frontends.conversation`.

Quart cancels a handler whose client is gone, so `SocketGone` is never raised here. Nor can its sending be
timed out from here, because hypercorn shields it: the connection's `PatientStream` does that, and is left the
close frame that the client is to find.
"""

import struct

from quart import Websocket

from paydaemon.frontends.connection import STREAM
from paydaemon.frontends.conversation import TOO_SLOW
from paydaemon.frontends.protocol import MESSAGES
from paydaemon.frontends.tls import ClientStream

CLOSE_FRAME = 0x88
"""RFC 6455, section 5.2: the final fragment, with the opcode of a connection close."""


TOO_SLOW_TEXT = "too slow; resume after the last seq"


class QuartSocket:
    """One accepted websocket of Quart's."""

    def __init__(self, websocket: Websocket) -> None:
        self._websocket = websocket

    async def accept(
        self, headers: dict[str, str], farewell: str = TOO_SLOW_TEXT, message_bytes: int | None = None
    ) -> None:
        """Accept the websocket, and prepare for a client that does not read.

        `farewell` is what such a client is told. `message_bytes` is the largest message that it may send,
        where that is not the one for all.
        """
        state = self._websocket.scope["state"]
        if message_bytes is not None:
            state[MESSAGES].max_length = message_bytes
        await self._websocket.accept(headers=headers)
        stream = state[STREAM]
        assert isinstance(stream, ClientStream)
        stream.farewell = close_frame(TOO_SLOW, farewell)

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
