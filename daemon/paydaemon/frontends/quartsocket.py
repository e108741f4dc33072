"""From Quart's websocket to the `FrameSocket` that carries it once it is accepted."""

from quart import Websocket

from paydaemon.frontends.conversation import TOO_SLOW
from paydaemon.frontends.frames import FrameSocket
from paydaemon.frontends.framing import close_frame
from paydaemon.frontends.scope import FRAMES, MESSAGE_BYTES, STREAM
from paydaemon.frontends.tls import ClientStream


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
