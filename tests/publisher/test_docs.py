"""docs/socketio.md says what the code does."""

import re
import tomllib
from pathlib import Path

import pytest

from paydaemon.core.events import EventType
from paydaemon.plugins import load_plugins
from paydaemon_socketio.codes import number_of
from paydaemon_socketio.publisher.config import PublisherConfig
from paydaemon_socketio.publisher.word import word_of
from tests.publisher.world import relay

PAGE = (Path(__file__).parents[2] / "docs/socketio.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## Telling the publisher")[2].partition("\n## ")[0]


@pytest.mark.parametrize("table", re.findall(r"```toml\n(.*?)```", SECTION, re.DOTALL))
def test_the_configuration_in_it_would_be_taken(table: str) -> None:
    settings = tomllib.loads(table)["notifiers"]["publisher"]
    assert load_plugins().notifiers[settings.pop("plugin")].config is PublisherConfig
    PublisherConfig.model_validate(settings)


def test_the_body_in_it_is_what_is_sent() -> None:
    word = word_of(EventType.RELAY_ACCEPTED, relay())
    assert word is not None
    assert f"\n{word.body.decode()}\n" in SECTION


def test_every_field_is_told() -> None:
    word = word_of(EventType.RELAY_ACCEPTED, relay())
    assert word is not None
    assert re.findall(r"^\| `(\w+)` \|", SECTION, re.MULTILINE) == re.findall(r'"(\w+)":', word.body.decode())


@pytest.mark.parametrize(("number", "name"), re.findall(r"(\d+) \(`([A-Z_]+)`\)", SECTION))
def test_a_code_in_it_has_its_number(number: str, name: str) -> None:
    assert number_of(name) == int(number)
