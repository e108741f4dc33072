"""The outlet: sends what a session says on its websocket, as soon as it is said.

Mostly the websocket takes it at once. Only while something has to wait for a client does a task wait with it,
so an idle session needs none.
"""

from collections import deque

import trio

from paydaemon.hooks.frontend import PromptSocket, SocketGone
from paydaemon_socketio.engineio.session import Session

GONE = "the websocket is gone"


class Outlet:
    """One websocket's. Where something has to wait, a task in `nursery` does."""

    __slots__ = ("_nursery", "_session", "_socket", "_waiting")

    def __init__(self, session: Session, socket: PromptSocket, nursery: trio.Nursery) -> None:
        self._session = session
        self._socket = socket
        self._nursery = nursery
        self._waiting: trio.CancelScope | None = None

    def look(self) -> None:
        """Send what there is. To be called whenever the session has changed."""
        if self._waiting is None and self._session.has_news:
            rest = deque(self._session.take())
            while rest and self._socket.send_now(rest[0]):
                rest.popleft()
            if rest:
                self._waiting = trio.CancelScope()
                self._nursery.start_soon(self._send, list(rest), self._waiting)
            else:
                self._session.sent()

    def close(self) -> None:
        """Nothing more is to be sent."""
        if self._waiting is not None:
            self._waiting.cancel()

    async def _send(self, rest: list[str], waiting: trio.CancelScope) -> None:
        with waiting:
            try:
                while rest:
                    for text in rest:
                        await self._socket.send(text)
                    rest = self._session.take()
            except SocketGone:
                self._session.end(GONE)
        self._waiting = None
        self._session.sent()
