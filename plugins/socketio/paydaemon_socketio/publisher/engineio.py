"""Engine.IO and Socket.IO, as far as a client needs them that says one thing and goes.

Both revisions that are out there: 3, of Socket.IO 1 and 2, and 4, of Socket.IO 3 and 4. What goes over the
websocket is text: the Engine.IO packet's type, and for a message (``4``) the Socket.IO packet's behind it.

Sources: github.com/socketio/engine.io-protocol and socket.io-protocol, and what their own releases do.
"""

from enum import IntEnum

PATH = "/socket.io/"
OPEN = "0"
CLOSE = "1"
PING = "2"
PONG = "3"
CONNECTED = "40"
DISCONNECTED = "41"
EVENT = "42"
REFUSED = "44"
"""An error of the connection to the namespace: CONNECT_ERROR, and before Socket.IO 3 ERROR."""


class Revision(IntEnum):
    """Of Engine.IO's protocol."""

    THREE = 3
    FOUR = 4


def resource(revision: Revision) -> str:
    """What a websocket is opened at."""
    return f"{PATH}?EIO={revision.value}&transport=websocket"


def event(name: str, body: bytes) -> str:
    """An event with one argument, which is JSON already."""
    return f'{EVENT}["{name}",{body.decode()}]'


def is_end(message: str) -> bool:
    """Whether the server says that there will be nothing more."""
    return message.startswith((CLOSE, DISCONNECTED, REFUSED))
