"""Turns: so many readers replay at a time, and one that is stuck is not waited for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from paydaemon.journal.limits import JournalLimits


class Turns:
    """Lets so many at a time, each for so long: a turn that lasts is not waited for."""

    def __init__(self, limits: JournalLimits) -> None:
        self._limits = limits
        self._ends: dict[object, float] = {}
        self._waiting = trio.lowlevel.ParkingLot()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it for as long as the block runs or the turn lasts."""
        while len(self._ends) >= self._limits.replaying:
            with trio.move_on_at(min(self._ends.values())):
                await self._waiting.park()
            self._forget_overdue()
        mine = object()
        self._ends[mine] = trio.current_time() + self._limits.turn_ms / 1000
        try:
            yield
        finally:
            self._leave(mine)

    def _leave(self, turn: object) -> None:
        if self._ends.pop(turn, None) is not None:
            self._waiting.unpark()

    def _forget_overdue(self) -> None:
        now = trio.current_time()
        for turn in [turn for turn, end in self._ends.items() if end <= now]:
            self._leave(turn)
