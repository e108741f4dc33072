"""docs/limits.md as data."""

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Row:
    """One limit as the table says it."""

    key: str
    default: float
    unit: str
    least: float
    most: float
    bounds: str
    seen: str
    changes: bool


def _row(line: str) -> Row:
    key, default, unit, limits, bounds, seen, changes = (cell.strip() for cell in line.strip("|").split("|"))
    least, most = limits.split("–")
    assert changes in ("yes", "no")
    numbers = float(default), unit, float(least), float(most)
    return Row(key.strip("`"), *numbers, bounds, seen, changes == "yes")


_LINES = re.findall(r"^\| `.+\|$", PAGE.partition("## Fixed")[0], re.MULTILINE)

ROWS = {row.key: row for row in map(_row, _LINES)}
"""Every row, by its key."""
