"""The documentation of status and events says what the code does."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from paydaemon.core import ledger, relaying
from paydaemon.core.events import DESCRIPTIONS, LIVE_CONFIRMING, Draft, Event, EventType
from paydaemon.core.invoice import Destination, Flag, Invoice, Mark, Stage, Status
from paydaemon.core.payment import Payment, PaymentState
from paydaemon.core.public import public_event
from paydaemon.core.relay import Outcome, RelayStatus
from tests.core.relays import signed
from tests.core.samples import IN_TIME_MS, LATE_MS, TIPS, confirmed, invoice, option, payment

ROOT = Path(__file__).resolve().parents[2]
STATUS, EVENTS = ROOT / "docs" / "status.md", ROOT / "docs" / "events.md"
DRAW = ROOT / "tools" / "draw-status"


def draw(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DRAW), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


# --- docs/status.md


def test_the_page_shows_the_table_as_it_is() -> None:
    checked = draw("--check")
    assert checked.returncode == 0, checked.stderr


def test_a_stale_page_is_noticed_and_redrawn(tmp_path: Path) -> None:
    page = tmp_path / "status.md"
    stale = STATUS.read_text().replace("| nothing | `new` |", "| nothing | `settled` |")
    page.write_text(stale)
    checked = draw("--check", page)
    assert checked.returncode == 1
    assert "draw-status" in checked.stderr
    assert page.read_text() == stale, "a check writes nothing"
    assert draw(page).returncode == 0
    assert page.read_text() == STATUS.read_text()


def test_a_page_without_its_markers_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "status.md"
    page.write_text("# Nothing to draw into\n")
    drawn = draw(page)
    assert drawn.returncode != 0
    assert "markers" in drawn.stderr


@pytest.mark.parametrize(("words", "heading"), [(Status, "## The five statuses"), (Flag, "## The flags")])
def test_every_status_and_flag_is_explained(words: type[Status] | type[Flag], heading: str) -> None:
    section = STATUS.read_text().split(heading)[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == [word.value for word in words]


def test_every_payment_state_is_explained() -> None:
    assert [state for state in PaymentState if f"`{state.value}`" not in STATUS.read_text()] == []


# --- docs/events.md


def sections() -> dict[str, str]:
    """What the page says about each event, by its name."""
    parts = re.split(r"^### `([\w.]+)`\n", EVENTS.read_text(), flags=re.MULTILINE)
    names, texts = parts[1::2], parts[2::2]
    assert len(set(names)) == len(names), "an event is documented twice"
    return {name: text.split("\n## ")[0].strip() for name, text in zip(names, texts, strict=True)}


def test_every_event_is_documented_and_no_other() -> None:
    assert set(DESCRIPTIONS) == set(EventType)
    assert set(sections()) == {type.value for type in EventType} | {LIVE_CONFIRMING}


@pytest.mark.parametrize("type", list(EventType))
def test_the_page_describes_an_event_in_the_words_of_the_code(type: EventType) -> None:
    first = " ".join(sections()[type.value].split("\n\n")[0].split())
    assert first == DESCRIPTIONS[type]


def happenings() -> Iterator[Draft]:
    """Every event that the ledger can draft."""
    yield from ledger.create(invoice()).events
    few, much = payment(1, id="a"), payment(30_000, id="a")
    ways: list[tuple[list[Payment], list[Payment], Stage, Mark | None]] = [
        ([], [few], Stage.OPEN, None),
        ([few], [much], Stage.OPEN, None),
        ([much], [replace(much, state=PaymentState.CONFIRMED)], Stage.EXPIRED, None),
        ([], [payment(seen_at_ms=LATE_MS)], Stage.EXPIRED, None),
        ([], [], Stage.OPEN, Mark.INVALID),
        ([confirmed()], [payment()], Stage.OPEN, None),
        *(([few], [replace(few, state=state)], Stage.OPEN, None) for state in PaymentState),
    ]
    for before, after, stage, mark in ways:
        yield from ledger.advance(invoice(), before, after, TIPS, stage=stage, mark=mark).events
    yield ledger.unmatched(few, TIPS)
    yield from relayed()


def relayed() -> Iterator[Draft]:
    """Every event of a relay."""
    received = relaying.receive("rly_1", signed(), relaying.Arrival("hedera", None, None, 0))
    steps = [received, *(relaying.advance(received.relay, Outcome(status), 0) for status in RelayStatus)]
    yield from (step.event for step in steps if step.event is not None)


def test_the_page_names_the_data_that_events_carry() -> None:
    carried = {draft.type: set(draft.data) for draft in happenings()}
    others = {EventType.CHAIN_STALE, EventType.CHAIN_RECOVERED, EventType.PLUGIN_FAILED}
    others.add(EventType.DELIVERY_PARKED)
    others |= {type for type in EventType if type.startswith("admin.")}
    assert set(carried) == set(EventType) - others
    for type, keys in carried.items():
        said = sections()[type.value].split("Data: ")[1].split(".\n")[0]
        assert set(re.findall(r"`(\w+)`", said)) == keys, type


def test_the_links_between_the_pages_lead_somewhere() -> None:
    anchors = {name.replace(".", "") for name in sections()}
    for anchor in re.findall(r"\(events\.md#([\w-]+)\)", STATUS.read_text()):
        assert anchor in anchors
    headings = {
        h.lower().replace(" ", "-") for h in re.findall(r"^## (.+)$", STATUS.read_text(), re.MULTILINE)
    }
    for anchor in re.findall(r"\]\(#([\w-]+)\)", STATUS.read_text()):
        assert anchor in headings


ADDRESS = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
TXID = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"


def sold() -> Invoice:
    """The invoice of the page's example, with names as long as real ones."""
    destination = Destination(ADDRESS, 7, ADDRESS, None, f"bitcoin:{ADDRESS}?amount=0.00020834")
    return replace(
        invoice(replace(option(), destination=destination)),
        id="inv_m4tq7zsv2hx6ydk3lb5wnrpe",
        note="Two coffees",
        metadata={"order": "2026-0117"},
    )


def example() -> Event:
    """The first event of an invoice that has just been paid."""
    paid = replace(
        payment(id="pay_sx2mbr4pz6l3nwdk7q5h2vta"),
        ref=f"{TXID}:0",
        transaction_id=TXID,
        destination_key=ADDRESS,
        invoice_id=sold().id,
    )
    told = ledger.advance(sold(), [], [paid], TIPS).events[0]
    at_ms = IN_TIME_MS + 412
    return Event(1042, "evt_9f2c41d7_1042", told.type, at_ms, told.data, told.invoice_id, "shop")


def test_the_example_is_what_the_code_would_say() -> None:
    shown = re.search(r"<!-- example.*?```json\n(.*?)```", EVENTS.read_text(), re.DOTALL)
    assert shown is not None
    assert json.loads(shown[1]) == public_event(example())
