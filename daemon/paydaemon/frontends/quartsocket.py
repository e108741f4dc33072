"""From Quart's websocket to the `FrameSocket` that carries it once it is accepted."""

from typing import Any, NoReturn

from quart import Websocket
from quart.asgi import ASGIWebsocketConnection
from quart_trio.asgi import TrioASGIWebsocketConnection

from paydaemon.frontends.conversation import TOO_SLOW
from paydaemon.frontends.frames import FrameSocket
from paydaemon.frontends.framing import close_frame
from paydaemon.frontends.scope import FRAMES, MESSAGE_BYTES, STREAM
from paydaemon.frontends.tls import ClientStream


class Handshake(TrioASGIWebsocketConnection):
    """What Quart has of one websocket: a request that is accepted or not, and whoever talks then.

    By itself it keeps a channel, a task that fills it, and one more for whoever talks: 10 KB for each
    websocket, though no message ever comes this way. That a client is gone its connection notices, which ends
    all of its tasks.
    """

    def __init__(self, app: Any, scope: Any) -> None:
        self.app = app
        self.scope = scope
        self._accepted = False
        self._closed = False
        self.receive_channel = self  # type: ignore[assignment] # of which only this one call is asked

    async def __call__(self, receive: Any, send: Any) -> None:
        """Talk, in the task that is there already."""
        await ASGIWebsocketConnection.handle_websocket(self, self._create_websocket_from_scope(send), send)

    async def receive(self) -> NoReturn:
        """Messages are had from the `FrameSocket` alone."""
        raise NotImplementedError


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
