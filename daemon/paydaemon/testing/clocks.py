"""Clocks for tests: one that stands still until it is turned, one that follows trio's."""

from collections.abc import Callable

import trio

from paydaemon.testing.samples import NOW_MS


class TurnedClock:
    """A clock that stands still until it is turned. Call it for the time, in milliseconds since the epoch."""

    def __init__(self, now_ms: int = NOW_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms

    def turn(self, seconds: float) -> None:
        """Turn it on, or back by a negative number."""
        self.now_ms += round(1000 * seconds)


def trio_clock(start_ms: int = NOW_MS) -> Callable[[], int]:
    """A clock that shows `start_ms` now and goes as trio's does: under a mock clock it jumps with it.

    It can be asked in trio's thread only, so the store has to be an inline one.
    """
    started = trio.current_time()
    return lambda: start_ms + round(1000 * (trio.current_time() - started))
