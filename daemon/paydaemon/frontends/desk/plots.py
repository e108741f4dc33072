"""Plots: bars by day, drawn as SVG by arithmetic alone. Each page that shows one has its numbers in a table
too.

The drawing is 1000 by 400 units and is stretched to its place; it has no text, because that would be
stretched with it. Heights are whole thousandths of the highest bar, so that sums of any size are drawn
without a float.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 1_000, 400
LEAST = 4
"""How high a bar is at least that stands for anything at all."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. `series` is 0 for what stands behind, 1 for what stands before it."""

    x: int
    y: int
    width: int
    height: int
    series: int


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing and what it says, for whoever does not see it: `label`."""

    label: str
    bars: tuple[Bar, ...]
    highest: int


def plot(label: str, *series: Sequence[int]) -> Plot:
    """Bars of one or two series with the same number of values, the first behind the second."""
    highest = max((value for values in series for value in values), default=0)
    bars = tuple(
        _bar(place, len(values), value, highest, number)
        for number, values in enumerate(series)
        for place, value in enumerate(values)
        if value > 0
    )
    return Plot(label, bars, highest)


def _bar(place: int, places: int, value: int, highest: int, series: int) -> Bar:
    left, right = place * WIDTH // places, (place + 1) * WIDTH // places
    gap = (right - left) // 6 if series == 0 else (right - left) // 3
    height = max(LEAST, value * HEIGHT // highest)
    return Bar(left + gap, HEIGHT - height, max(1, right - left - 2 * gap), height, series)
