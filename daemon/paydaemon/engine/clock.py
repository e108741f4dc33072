"""The clock, passed to whoever needs the time so that tests can turn it."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Milliseconds since the Unix epoch."""


def system_clock() -> int:
    """The machine's own clock."""
    return time.time_ns() // 1_000_000
