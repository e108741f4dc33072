"""Turns: so many at once, and of those who wait each asker's next one in turn.

In one line for all, whoever asks for twenty things at once is served twenty times before anybody else.
"""

from collections import deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

import trio


class Turns:
    """`at_once` of them."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._waiting: dict[Hashable, deque[trio.Event]] = {}

    @asynccontextmanager
    async def of(self, asker: Hashable) -> AsyncIterator[None]:
        """Wait for a turn, and have it."""
        await self._wait(asker)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, asker: Hashable) -> None:
        await trio.lowlevel.checkpoint_if_cancelled()
        if self._free:
            self._free -= 1
            return
        called = trio.Event()
        line = self._waiting.setdefault(asker, deque())
        line.append(called)
        try:
            await called.wait()
        except trio.Cancelled:
            self._leave(asker, line, called)
            raise

    def _leave(self, asker: Hashable, line: deque[trio.Event], called: trio.Event) -> None:
        if called.is_set():  # called in the very moment of leaving
            self._pass_on()
            return
        line.remove(called)
        if not line:
            del self._waiting[asker]

    def _pass_on(self) -> None:
        if not self._waiting:
            self._free += 1
            return
        asker, line = next(iter(self._waiting.items()))
        line.popleft().set()
        del self._waiting[asker]
        if line:
            self._waiting[asker] = line  # behind all others
