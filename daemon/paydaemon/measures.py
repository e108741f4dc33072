"""Measures: what a room counts of its own work, as plain values that cost next to nothing.

Each room keeps its own, as attributes, and knows nobody who reads them; `paydaemon.metrics` does, when it is
asked. So nothing is measured upward, and nothing is shared between daemons in one process.

A measure is written by one thread alone. Whoever reads it in another may miss what is being written just now.
"""

from bisect import bisect_left
from collections.abc import Sequence

DURATIONS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Bounds for what a person or a client waits for, in seconds."""

DELAYS_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1_800.0, 7_200.0, 86_400.0)
"""Bounds for what may also happen while the daemon is down, in seconds."""

SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Bounds for numbers of things done together."""


class Histogram:
    """How many values there were up to each of `bounds`, which grow, and beyond the last of them."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count a value. One that is a bound itself belongs below it."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value
