"""``/i/{id}``: what a payer is shown, and what not."""

from typing import Any, cast

import httpx
import pytest

from tests.support.served import Json, Served


async def page(daemon: Served, invoice: Json, query: str = "", **headers: str) -> str:
    async with daemon.client("", **headers) as client:
        return (await client.get(f"/i/{invoice['id']}{query}")).text


def forget_bitcoin(daemon: Served) -> None:
    """As a daemon that was started without that chain."""
    del cast(dict[str, Any], daemon.engine.live_chains)["bitcoin"]


async def test_no_address_is_shown_on_a_chain_that_nobody_watches(daemon: Served) -> None:
    both = await daemon.invoice(chains=["bitcoin", "hedera"])
    bitcoin, hedera = (option["destination"]["address"] for option in both["options"])
    for query, address in (("", bitcoin), ("?way=1", bitcoin), ("?way=2", hedera)):
        assert address in await page(daemon, both, query)
    forget_bitcoin(daemon)
    shown = [await page(daemon, both, query) for query in ("", "?way=1", "?way=2")]
    assert not any(bitcoin in text for text in shown)
    assert ["BTC on bitcoin cannot be taken at present" in text for text in shown] == [False, True, False]
    assert [hedera in text for text in shown] == [True, False, True]
    assert all("Waiting for your payment" in text for text in shown)


async def test_an_invoice_that_cannot_be_paid_at_all_says_so(daemon: Served) -> None:
    invoice = await daemon.invoice()
    forget_bitcoin(daemon)
    shown = await page(daemon, invoice)
    assert "Not to be paid at present" in shown
    assert "Waiting for your payment" not in shown
    assert invoice["options"][0]["destination"]["address"] not in shown


async def test_the_newest_payments_are_shown_and_all_are_counted(daemon: Served) -> None:
    invoice = await daemon.invoice()
    [issued] = await daemon.engine.store.read(lambda reader: reader.destinations("bitcoin", -1, 10))
    await daemon.engine.bitcoin.pay(*((issued.key, 10 + number) for number in range(20)))
    shown = await page(daemon, invoice)
    assert shown.count('class="payment pending"') == 20
    assert "in all" not in shown
    await daemon.engine.bitcoin.pay((issued.key, 77))
    shown = await page(daemon, invoice)
    assert shown.count('class="payment pending"') == 20
    assert "21 payments in all; the newest 20:" in shown
    assert "0.00000077 BTC" in shown
    assert "0.00000010 BTC" not in shown
    async with daemon.client() as client:
        [listed] = (await client.get("/v1/invoices")).json()["data"]
        whole = (await client.get(f"/v1/invoices/{invoice['id']}")).json()
    assert len(whole["options"][0]["payments"]) == 21
    assert listed["options"][0].pop("payments") == whole["options"][0].pop("payments")[-20:]
    assert listed == whole


@pytest.mark.parametrize(
    ("query", "buyers", "browsers", "language"),
    [
        ("?lang=fr", "de-AT", "es", "fr"),
        ("", "de-AT", "es", "de"),
        ("", None, "nl, es;q=0.9, fr;q=0.8", "es"),
        ("", "nl", "de;q=0, fr;q=0.1", "fr"),
        ("?lang=xx&lang=de", None, "", "en"),
    ],
)
async def test_the_payers_word_comes_first_then_the_sellers_then_the_browsers(
    daemon: Served, query: str, buyers: str | None, browsers: str, language: str
) -> None:
    invoice = await daemon.invoice(buyer={"locale": buyers} if buyers else {})
    async with daemon.client("", **{"Accept-Language": browsers}) as client:
        answer = await client.get(f"/i/{invoice['id']}{query}")
    assert (answer.headers["Content-Language"], answer.headers["Vary"]) == (language, "Accept-Language")
    assert f'<html lang="{language}">' in answer.text
    assert f'lang="{language}" hreflang="{language}" data-swap aria-current="true"' in answer.text


async def test_the_page_of_no_invoice_has_languages_too(daemon: Served) -> None:
    async with daemon.client("", **{"Accept-Language": "fr"}) as client:
        answer = await client.get("/i/inv_none")
    assert (answer.status_code, answer.headers["Content-Language"]) == (404, "fr")
    assert "Cette facture n’existe pas" in answer.text


async def test_what_is_to_be_entered_in_a_wallet_has_a_point_in_every_language(daemon: Served) -> None:
    """Some wallets leave a comma out: 0,00020834 would become 20834."""
    shown = await page(daemon, await daemon.invoice(chains=["bitcoin", "hedera"]), "?lang=de")
    assert '<code id="amount">0.00020834</code>' in shown
    assert "<span>0,00020834</span>" in shown
    assert "12,50\xa0€" in shown


@pytest.mark.parametrize(
    "query", ["?way=", "?way=-1", "?way=99", "?way=1e3", "?way=２", "?lang=<b>", "?a=1&a=2"]
)
async def test_whatever_a_link_says_there_is_a_page(daemon: Served, query: str) -> None:
    invoice = await daemon.invoice()
    async with daemon.client("") as client:
        answer = await client.get(f"/i/{invoice['id']}{query}")
    assert answer.status_code == 200
    assert "Waiting for your payment" in answer.text
    assert "<b>" not in answer.text


async def get(daemon: Served, path: str) -> httpx.Response:
    async with daemon.client("") as client:
        return await client.get(path)
