"""The beat: one task pings all websockets every so often, so that a client that is gone is noticed.

It never waits for one of them, and leaves alone whoever is being sent something: that has a patience of its
own. A task for each websocket would cost some 5 KB more.
"""

from weakref import WeakSet

import trio

from paydaemon.frontends.frames import FrameSocket
from paydaemon.frontends.settings import Limits

AT_ONCE = 50
"""How many are pinged before others have their turn."""


class Beat:
    """Of all websockets of one listener. Those that are over are forgotten."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._sockets: WeakSet[FrameSocket] = WeakSet()

    def add(self, socket: FrameSocket) -> None:
        """From now on this one is pinged, and at once for the first time."""
        if socket.ping():
            self._sockets.add(socket)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await trio.sleep(self._limits.ping_every_s)
            await self._ping_all()

    async def _ping_all(self) -> None:
        for place, socket in enumerate(tuple(self._sockets)):
            if not socket.ping():
                self._sockets.discard(socket)
            if place % AT_ONCE == 0:
                await trio.lowlevel.checkpoint()
