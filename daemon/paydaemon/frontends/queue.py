"""The queue between a connection and whoever talks on it: one puts, one gets, and it holds few messages.

trio's channels are for many on either side; each costs 1.5 KB while nothing is in it, this one a tenth.
"""

import trio


class Queue:
    """Of at most so many messages."""

    __slots__ = ("_is_closed", "_messages", "_most", "_news", "_room")

    def __init__(self, most: int) -> None:
        self._most = most
        self._messages: list[str | bytes] = []
        self._is_closed = False
        self._news: trio.Event | None = None
        self._room: trio.Event | None = None

    async def put(self, message: str | bytes) -> None:
        """Add one; waits while it is full. Once it is closed there is nobody to get it: it is let go."""
        while len(self._messages) >= self._most and not self._is_closed:
            self._room = trio.Event()
            await self._room.wait()
        if not self._is_closed:
            self._messages.append(message)
            _wake(self._news)

    async def get(self) -> str | bytes | None:
        """The next one; None once it is closed and there are no more."""
        await trio.lowlevel.checkpoint()
        while not self._messages:
            if self._is_closed:
                return None
            self._news = trio.Event()
            await self._news.wait()
        _wake(self._room)
        return self._messages.pop(0)

    def close(self) -> None:
        """There will be no more; those that wait can be had."""
        self._is_closed = True
        _wake(self._news)
        _wake(self._room)


def _wake(waiting: trio.Event | None) -> None:
    if waiting is not None:
        waiting.set()
