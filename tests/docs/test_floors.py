"""The floors as they are drawn for people are those that import-linter keeps."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLOORS = re.compile(r"__main__ → .*? → core(?:[a-z_, ]|\n(?!\n))*", re.DOTALL)


def kept() -> list[set[str]]:
    """From the top down, without the kit that nothing imports."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    layers = next(one for one in tool["importlinter"]["contracts"] if one["type"] == "layers")["layers"]
    return [set(re.findall(r"\w+", layer)) for layer in layers if layer != "testing"]


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_a_drawing_of_the_floors_is_true(page: str) -> None:
    (drawn,) = FLOORS.findall((ROOT / page).read_text(encoding="utf-8"))
    assert [set(re.findall(r"\w+", floor)) for floor in drawn.split("→")] == kept()
