"""The sandbox's clock: the system's, unless somebody moved it on."""

import time
from collections.abc import Callable

from paydaemon_hedera.sandbox.names import SECOND_NS


class Clock:
    """Nanoseconds since the Unix epoch. `source` is what a test puts in the system's place."""

    def __init__(self, source: Callable[[], int] = time.time_ns) -> None:
        self._source = source
        self._ahead_ns = 0

    def now_ns(self) -> int:
        """The time here."""
        return self._source() + self._ahead_ns

    def advance(self, seconds: float) -> None:
        """Let time pass at once; it never goes back. Raises `ValueError`."""
        if not seconds >= 0:
            raise ValueError("the clock only goes forward")
        self._ahead_ns += int(seconds * SECOND_NS)
