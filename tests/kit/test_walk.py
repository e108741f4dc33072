"""The guide's walk, typed as it stands there, and every other kind of project beside it: all tests pass."""

import re

import pytest

from tests.kit.walk import GUIDE, Place, typed

OTHERS = ("notifier", "rates", "frontend")
MARK = "=== and then ==="
THERE = "cd ../my-plugins && . .venv/bin/activate"
"""Back to where the walk has led."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Where the walk has been walked."""
    return Place(tmp_path_factory.mktemp("walk"))


@pytest.fixture(scope="module")
def walked(place: Place) -> list[str]:
    """What each command of the walk said."""
    lines = [f"{one.command}\necho '{MARK}'" for one in typed()]
    return place.type(*lines).split(MARK + "\n")


def test_every_command_of_the_walk_does_what_the_guide_says(walked: list[str]) -> None:
    for number, one in enumerate(typed()):
        assert one.is_told_by(walked[number]), f"$ {one.command}\n{walked[number]}\nis not\n{one.prints}"


def test_the_walk_is_as_long_as_the_guide_says() -> None:
    said = re.search(r"(\d+) commands", GUIDE.read_text(encoding="utf-8"))
    assert said is not None
    assert len(list(typed())) == int(said[1])


@pytest.mark.usefixtures("walked")
def test_the_other_kinds_are_whole_too(place: Place) -> None:
    new = [f"paydaemon plugin new my-{kind} --kind {kind}" for kind in OTHERS]
    install = "pip install " + " ".join(f"-e ./paydaemon-my-{kind}" for kind in OTHERS)
    # In one process, which spares two starts: all projects have the same configuration.
    tests = "python -m pytest -c paydaemon-my-rates/pyproject.toml --rootdir . paydaemon-my-*/tests"
    place.type(THERE, *new, install, tests)
    config = "cat paydaemon-*/paydaemon.toml > all.toml"
    said = place.type(
        THERE,
        config,
        "paydaemon check-config --config all.toml",
        "paydaemon plugins --installed",
    )
    assert "1 chain(s), 1 rate source(s), 1 notifier(s), 1 frontend(s), no problems" in said
    for kind, brought in zip(OTHERS, ("notifiers", "rate sources", "frontends"), strict=True):
        assert re.search(rf"^my-{kind}  loaded\n.*\n  {brought} +my-{kind}$", said, re.MULTILINE), said
