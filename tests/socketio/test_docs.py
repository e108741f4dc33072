"""docs/socketio.md says what the code does; what it says of publishers is read in tests/publisher."""

import re
import tomllib
from pathlib import Path

import pytest

from paydaemon.config import parse_config
from paydaemon.core.errors import unavailable
from paydaemon.plugins import load_plugins
from paydaemon_socketio import fields
from paydaemon_socketio.config import SocketIoConfig
from paydaemon_socketio.events import Event

PAGE = (Path(__file__).parents[2] / "docs/socketio.md").read_text(encoding="utf-8")
CLIENTS = PAGE.partition("## Telling the publisher")[0]
ROWS = dict(re.findall(r"^\| `([A-Z]+)` \|[^|]*\| (.*?) \|$", CLIENTS, re.MULTILINE))


def test_the_configuration_in_it_would_be_taken() -> None:
    (table,) = re.findall(r"```toml\n(.*?)```", CLIENTS, re.DOTALL)
    found = parse_config(tomllib.loads(table), load_plugins())
    (frontend,) = found.frontends.values()
    assert isinstance(frontend.settings, SocketIoConfig)
    assert list(found.chains) == [frontend.settings.chain]


def test_every_event_is_in_it() -> None:
    assert set(ROWS) == {event.value for event in Event}


@pytest.mark.parametrize("event", Event)
def test_it_names_just_the_fields_of_an_answer(event: Event) -> None:
    said = fields.refused(event, unavailable("chain_unavailable", "away")).fields
    told = {"responseData", "tx"} & said.keys()
    inner = said["responseData"] if told else said
    assert isinstance(inner, dict)
    promised = set(re.findall(r"`(\w+)`", ROWS[event.value])) - {"null", "transactionId", "status"}
    assert promised == set(inner) | told


def test_the_sentence_of_an_outage_is_in_it() -> None:
    assert f"`{fields.UNREACHABLE}`" in CLIENTS
