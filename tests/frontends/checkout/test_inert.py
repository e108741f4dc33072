"""Whatever sellers, chains and links put into an invoice is text on the page, never markup or a script."""

from collections.abc import Mapping
from typing import Any

import pytest
from quart import Quart

from paydaemon.frontends import payer
from paydaemon.frontends.checkout import shown
from paydaemon.frontends.checkout.assets import Assets
from paydaemon.frontends.checkout.sheet import Sheets
from paydaemon.frontends.checkout.words import LANGUAGES
from paydaemon.frontends.settings import FrontendSettings
from tests.frontends.checkout.samples import BITCOIN, EXPIRES_MS, invoice, payment
from tests.frontends.test_docs_page import Read
from tests.support.served import Served

EVIL = "'\"></code></script><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}%(x)s"
FIXED = {
    "id", "status", "flags", "created_at", "expires_at", "options", "due", "due_minor", "remaining_minor",
    "confirmations_required", "pending_minor", "confirmed_minor", "destination", "payments", "amount",
    "state", "confirmations", "seen_at", "amount_minor", "return_url",
}  # fmt: skip
"""What is never anybody's own text: numbers, times, names of ours, and a URL that was checked."""


def spoilt(value: Any, name: str = "") -> Any:
    """The same, with every text that can be somebody's own replaced."""
    match value:
        case Mapping():
            return {key: spoilt(one, key) for key, one in value.items()}
        case list():
            return [spoilt(one, name) for one in value]
        case str() if name not in FIXED:
            return f"bitcoin:{EVIL}" if name == "uri" else EVIL
        case _:
            return value


@pytest.mark.parametrize("status", ["new", "processing", "settled", "expired", "invalid"])
@pytest.mark.parametrize("language", sorted(LANGUAGES))
async def test_every_text_of_the_public_view_is_escaped(status: str, language: str) -> None:
    destination = {"address": "a", "memo": "m", "uri": "u"}
    option = {**BITCOIN, "destination": destination, "payments": [payment(), payment("pay_b", "dropped")]}
    told = spoilt(invoice(status, "partial", "over", "late", "reversed", options=[option, option]))
    told["id"] = told["return_url"] = EVIL
    sheets = Sheets(FrontendSettings("https://pay.example"), Assets())
    async with Quart(__name__).app_context():
        answer = sheets.invoice(shown.page(told, 40, EXPIRES_MS - 1), language)
        html = str(await answer.get_data(as_text=True))
    read = Read(html)
    names = [name for name, _ in read.elements]
    assert names.count("script") == html.count('<script type="module"')
    assert "img" not in names
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]
    assert EVIL in read.text
    assert "49" not in read.text


def test_nothing_reaches_the_page_but_the_public_view() -> None:
    """The page is made of these fields: a new one has to be judged here."""
    assert set(invoice()) == {*payer.INVOICE_FIELDS, "options"}
    assert set(BITCOIN) == {*payer.OPTION_FIELDS, "destination", "payments"}
    assert set(payment()) == set(payer.PAYMENT_FIELDS)


async def test_nothing_of_the_sellers_own_is_on_the_page(daemon: Served) -> None:
    made = await daemon.invoice(
        note=f"secret note {EVIL}",
        metadata={"secret": EVIL},
        buyer={"email": "secret@example.org", "name": f"secret {EVIL}", "locale": "de"},
        return_url="https://shop.example/?a='",
    )
    async with daemon.client("") as client:
        text = (await client.get(f"/i/{made['id']}")).text
    assert "secret" not in text
    assert "shop" not in text
    assert "alert" not in text
