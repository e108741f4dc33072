"""docs/email.md says what the code does."""

import re
import tomllib
from pathlib import Path

import pytest

from paydaemon.config import parse_config
from paydaemon.core.events import EventType
from paydaemon.plugins import load_plugins
from paydaemon_email import variables
from paydaemon_email.occasions import FOR_BUYERS, FOR_OPERATORS, Occasion
from paydaemon_email.samples import samples
from paydaemon_email.templates import Templates
from tests.systemd.away import NOBODY

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "email.md").read_text(encoding="utf-8")


def test_every_variable_is_told_with_its_meaning() -> None:
    told = re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE.partition("### Variables")[2], re.MULTILINE)
    groups = (
        variables.EVERYWHERE,
        variables.OF_EVENTS,
        variables.OF_INVOICES,
        variables.OF_UNMATCHED,
        variables.OF_CHAINS,
        variables.OF_RATES,
        variables.OF_DIGESTS,
        variables.OF_TESTS,
    )
    assert told == [row for group in groups for row in group.items()]


@pytest.mark.parametrize("letter", variables.VARIABLES)
def test_every_mail_is_named_where_its_variables_are(letter: str) -> None:
    assert f"`{letter}`" in PAGE.partition("### Variables")[2]


def test_every_mail_is_told_with_its_event() -> None:
    rows = re.findall(r"^\| (`.+?) \| (?:operators|the buyer) \| (.+?) \|", PAGE, re.MULTILINE)
    told: dict[str, str] = {}
    for names, events in rows:
        told |= zip(re.findall(r"`(\w+)`", names), re.findall(r"`([a-z_]+\.[a-z_]+)`", events), strict=False)
    wanted = {occasion.value: EventType(type).value for type, occasion in FOR_OPERATORS.items()}
    assert told == wanted | {Occasion.RECEIPT.value: FOR_BUYERS.value}


def test_the_template_in_it_works(tmp_path: Path) -> None:
    (source,) = re.findall(r"<!-- example.*? -->\n```\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "en").mkdir()
    (tmp_path / "en/received.txt").write_text(source, encoding="utf-8")
    letter = Templates(tmp_path).render("received", [], next(iter(samples("received"))))
    assert letter.subject == "12.50 EUR from Ada Example"
    assert letter.text.splitlines()[0] == "0.00020834 BTC came in for Two coffees."


def test_the_configuration_in_it_would_be_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "smtp-password").write_text("secret")
    (tmp_path / "smtp-password").chmod(0o600)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (table,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert list(parse_config({**NOBODY, **tomllib.loads(table)}, load_plugins()).notifiers) == ["email"]
