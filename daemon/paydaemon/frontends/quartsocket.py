"""From Quart's websocket to the `FrameSocket` that carries it once it is accepted."""

import struct

from quart import Websocket

from paydaemon.frontends.conversation import TOO_SLOW
from paydaemon.frontends.frames import FrameSocket
from paydaemon.frontends.scope import FRAMES, MESSAGE_BYTES, STREAM
from paydaemon.frontends.tls import ClientStream

CLOSE_FRAME = 0x88
"""RFC 6455, section 5.2: the final fragment, with the opcode of a connection close."""


async def accept(
    websocket: Websocket, headers: dict[str, str], farewell: str, message_bytes: int
) -> FrameSocket:
    """Accept a websocket, for messages of at most so many bytes.

    `farewell` is the reason that a client is told which is cut because it does not read.
    """
    held = websocket.scope["state"]
    held[MESSAGE_BYTES] = message_bytes
    stream = held[STREAM]
    assert isinstance(stream, ClientStream)
    stream.farewell = close_frame(TOO_SLOW, farewell)
    await websocket.accept(headers=headers)
    found = held[FRAMES]
    assert isinstance(found, FrameSocket)
    return found


def close_frame(code: int, reason: str) -> bytes:
    """A server's close frame, unmasked (RFC 6455, section 5.5.1)."""
    payload = struct.pack("!H", code) + reason.encode()
    assert len(payload) <= 125, "RFC 6455, section 5.5: a control frame holds at most 125 bytes"
    return bytes((CLOSE_FRAME, len(payload))) + payload
