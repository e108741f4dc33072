"""What somebody else wrote looks like what it is, on pages and in a terminal, and hides or turns nothing."""

import json
import unicodedata

import pytest

from paydaemon.cli.client import print_json
from paydaemon.frontends.desk.foreign import said
from tests.desk.shop import pay
from tests.desk.visitor import Page, visitor
from tests.e2e.commands import paydaemon
from tests.support.served import Served

TURNED = "ok \u202eevil\u2066\u200b\u3164"
SHOWN = "ok ⟨U+202E⟩evil⟨U+2066⟩⟨U+200B⟩⟨U+3164⟩"


def hidden_in(text: str) -> list[str]:
    return [one for one in text if unicodedata.category(one) in ("Cf", "Zl", "Zp") or one == "\u3164"]


async def test_no_page_hides_or_turns_a_text(daemon: Served) -> None:
    invoice = await daemon.invoice(
        note=TURNED, metadata={TURNED: [TURNED]}, buyer={"name": TURNED}, return_url="https://shop.example/"
    )
    async with daemon.admin() as client:
        await client.post("/admin/v1/sellers", json={"id": "turned", "name": TURNED})
    await pay(daemon, invoice)
    paths = ("", "invoices", f"invoices/{invoice['id']}", f"invoices/{invoice['id']}/mark?status=settled")
    async with visitor(daemon) as operator:
        for path in (*paths, "exports", "volume"):
            html = await operator.page(path)
            assert (hidden_in(html), SHOWN in Page(html).text) == ([], True), path
        whole = await operator.page(f"invoices/{invoice['id']}")
    assert whole.count("<bdi>ok <span") == 2, "the note, and the buyer's name"
    assert json.dumps({SHOWN: [SHOWN]}, ensure_ascii=False) in Page(whole).text


def test_a_text_is_isolated_and_escaped() -> None:
    assert said("<b>\u202e") == '<bdi>&lt;b&gt;<span class="unseen">⟨U+202E⟩</span></bdi>'
    assert said("one\n\ttwo") == "<bdi>one\n\ttwo</bdi>"


async def test_a_terminal_shows_names_as_they_are(daemon: Served) -> None:
    async with daemon.admin() as client:
        await client.post("/admin/v1/sellers", json={"id": "turned", "name": TURNED})
    done = await paydaemon("seller", "list", "--socket", str(daemon.socket))
    assert (hidden_in(done.out), SHOWN in done.out) == ([], True)


def test_json_in_a_terminal_says_the_same_by_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    given = {"name": TURNED + "\x9bÄ\U000e0041"}
    print_json(given)
    out = capsys.readouterr().out
    assert (hidden_in(out), "\x9b" in out, "Ä" in out) == ([], False, True)
    assert json.loads(out) == given
