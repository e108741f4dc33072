"""The guide's walk, typed as it stands there, and every other kind of project beside it: all tests pass."""

import re

import pytest

from tests.kit.walk import GUIDE, Place, typed

OTHERS = ("notifier", "rates", "frontend")
MARK = "=== and then ==="


def test_every_command_of_the_walk_does_what_the_guide_says_and_other_kinds_are_whole_too(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """One after the other in one place, which takes a while to make. Its path is short: sockets lie there."""
    place = Place(tmp_path_factory.mktemp("walk"))
    the_walk_does_what_the_guide_says(place)
    other_kinds_are_whole_too(place)


def the_walk_does_what_the_guide_says(place: Place) -> None:
    lines = [f"{one.command}\necho '{MARK}'" for one in typed()]
    walked = place.type(*lines).split(MARK + "\n")
    for number, one in enumerate(typed()):
        assert one.is_told_by(walked[number]), f"$ {one.command}\n{walked[number]}\nis not\n{one.prints}"


def test_the_walk_is_as_long_as_the_guide_says() -> None:
    said = re.search(r"(\d+) commands", GUIDE.read_text(encoding="utf-8"))
    assert said is not None
    assert len(list(typed())) == int(said[1])


def other_kinds_are_whole_too(place: Place) -> None:
    new = [f"paydaemon plugin new my-{kind} --kind {kind}" for kind in OTHERS]
    install = "pip install " + " ".join(f"-e ./paydaemon-my-{kind}" for kind in OTHERS)
    # In one process, which spares two starts: all projects have the same configuration.
    tests = "python -m pytest -c paydaemon-my-rates/pyproject.toml --rootdir . paydaemon-my-*/tests"
    place.type(". .venv/bin/activate", *new, install, tests)
    config = "cat paydaemon-*/paydaemon.toml > all.toml"
    said = place.type(
        ". .venv/bin/activate",
        config,
        "paydaemon check-config --config all.toml",
        "paydaemon plugins --installed",
    )
    assert "1 chain(s), 1 rate source(s), 1 notifier(s), 1 frontend(s), no problems" in said
    for kind, brought in zip(OTHERS, ("notifiers", "rate sources", "frontends"), strict=True):
        assert re.search(rf"^my-{kind}  loaded\n.*\n  {brought} +my-{kind}$", said, re.MULTILINE), said
