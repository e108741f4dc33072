"""docs/spellbook.md says what the code does, and its examples work over HTTP, word by word."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from paydaemon.config import parse_config
from paydaemon.core.invoice import Status
from paydaemon.plugins import load_plugins
from paydaemon_email import variables
from paydaemon_email.samples import samples
from paydaemon_email.templates import Templates
from paydaemon_spellbook.config import SpellbookConfig
from paydaemon_spellbook.words import EXCESS, TABLE, Came, Stand
from tests.spellbook.shop import serving
from tests.support.curl import parse
from tests.support.served import Json
from tests.systemd.away import NOBODY

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "spellbook.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^```\n(curl .*?)```$", PAGE, re.DOTALL | re.MULTILINE)
(SHOWN,) = re.findall(r"^```json\n(.*?)```$", PAGE, re.DOTALL | re.MULTILINE)
(CONVERSION,) = re.findall(r"<!-- example.*? -->\n```\n(.*?)```", PAGE, re.DOTALL)

CELLS = {
    Stand.CREATED: "`Created`",
    Stand.INSUFFICIENT: "`Insufficient amount received`",
    Stand.HELD: "`Transaction received`, and no further",
    Stand.UNDER_WAY: "`Transaction received`, then `1 of 6 confirmations` …",
    Stand.CONFIRMED: "`Confirmed`",
}
MAIL = """
$PAYMENT_REQUEST_ID$: $AMOUNT_FIAT$ $CURRENCY$ for $SELLER_ID$ ($NOTE$)
$AMOUNT_BTC$ BTC to $ADDRESS$ by $TXID$; 1 BTC was $PRICE_BTC$ $CURRENCY$ at $PRICE_TIMESTAMP$
"""


def configured() -> Json:
    (table,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    own = tomllib.loads(table)["frontends"]["spellbook"]
    return {key: value for key, value in own.items() if key != "plugin"}


def test_the_configuration_in_it_would_be_taken() -> None:
    document = {**NOBODY, "frontends": {"spellbook": {"plugin": "spellbook", **configured()}}}
    (found,) = parse_config(document, load_plugins()).frontends.values()
    assert isinstance(found.settings, SpellbookConfig)
    assert found.settings.sellers == {"company1": "shop", "Company Two": "cafe"}


async def test_every_example_of_curl_works(tmp_path: Path) -> None:
    """One after the other, as somebody would try them."""
    async with serving(tmp_path, **configured()) as (_, client):
        asked = {"API": str(client.base_url)}
        answers = []
        for command in COMMANDS:
            curl = parse(command.replace("\\\n", " "), asked)
            answer = await client.request(curl.method, curl.target, headers=curl.headers, content=curl.body)
            assert answer.status_code == 200, answer.text
            answers.append(answer)
            asked.setdefault("PR", answer.json()["payment_request_id"] if answer.content else "")
    created, *statuses, hint = answers
    assert {status.text for status in statuses} == {created.text}
    assert (len(statuses), hint.content) == (2, b"")
    assert alike(created.text) == alike(SHOWN)


def alike(shown: str) -> str:
    """An answer without what differs each time."""
    for name in ("address", "payment_request_id", "price_timestamp"):
        shown = re.sub(rf'("{name}": )[^,]+', r"\1…", shown)
    return shown.rstrip()


def test_the_example_is_as_it_would_be() -> None:
    shown = json.loads(SHOWN)
    assert shown["amount_btc"] == -(-13_599 * 100_000_000 // 100 // 60_000)


def table() -> dict[tuple[Status, Came], str]:
    """What the page has the code say, by an invoice's status and by how much has come."""
    section = PAGE.partition("## What a status means")[2].partition("## ")[0]
    told: dict[tuple[Status, Came], str] = {}
    for line in re.findall(r"^\| `.+$", section, re.MULTILINE):
        status, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        told |= {(Status(status.strip("`")), came): cell for came, cell in zip(Came, cells, strict=True)}
    return told


def test_the_table_is_the_codes_own() -> None:
    told = table()
    never = {place for place, cell in told.items() if not cell}
    assert never == {(Status.PROCESSING, Came.NOTHING), (Status.PROCESSING, Came.PART)}
    assert told == {place: "" if place in never else CELLS[stand] for place, stand in TABLE.items()}
    assert f"`{EXCESS}`" in PAGE


def test_templates_go_on_with_what_the_page_does_to_them(tmp_path: Path) -> None:
    folder = tmp_path / "en"
    folder.mkdir()
    for name in ("TransactionReceived.txt", "PaymentConfirmed.txt"):
        (folder / name).write_text(MAIL, encoding="utf-8")
    script = CONVERSION.replace("/etc/paydaemon/mails", str(tmp_path))
    subprocess.run(["bash", "-euc", script], check=True, timeout=60)
    templates = Templates(tmp_path)
    for letter, subject in (
        ("received", "Transaction received for payment"),
        ("confirmed", "Payment request"),
    ):
        sample = next(iter(samples(letter)))
        mail = templates.render(letter, [], sample)
        assert mail.subject.startswith(f"{subject} {sample['PAYMENT_REQUEST_ID']}")
        assert mail.html is None
        assert "$" not in mail.text
        for name in re.findall(r"\$([A-Z_]+)\$", MAIL):
            assert str(sample[name]) in mail.text


def test_the_variables_of_old_are_all_there() -> None:
    assert set(re.findall(r"\$([A-Z_]+)\$", MAIL)) == {
        name for name in variables.OF_INVOICES if name.isupper()
    }


@pytest.mark.parametrize("written", re.findall(r"`([^`\n]*\{\{[^`\n]*)`", PAGE))
def test_what_stands_for_clients_names_can_be_written(written: str, tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en/received.txt").write_text(f"Subject: a\n\n{written}\n", encoding="utf-8")
    for sample in samples("received"):
        sold = {**sample["invoice"], "metadata": {"spellbook_seller_id": "company1"}}
        mail = Templates(tmp_path).render("received", [], {**sample, "invoice": sold})
        names = {"company1", "PR-" + sample["PAYMENT_REQUEST_ID"].removeprefix("inv_")}
        assert mail.text.strip() in names


def test_links_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^a-z -]", "", line.lower()).replace(" ", "-")
        for line in re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    }
    for file, anchor in re.findall(r"\]\(([\w./-]*)(?:#([\w-]+))?\)", PAGE):
        assert not file or (ROOT / "docs" / file).exists(), file
        assert file or anchor in headings, anchor
