"""``/i/{id}``: what a payer is shown, and what not."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, cast

import httpx
import pytest

from paydaemon.core.errors import unavailable
from paydaemon.engine.api import Api
from paydaemon.store.port import StoreUnavailable
from tests.pages.desk import DUE, pay
from tests.support.served import QUICK, Json, Served, error_of, served

HTML = "text/html; charset=utf-8"


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
    await daemon.engine.pay(*((issued.key, 10 + number) for number in range(20)))
    shown = await page(daemon, invoice)
    assert shown.count('class="payment pending"') == 20
    assert "in all" not in shown
    await daemon.engine.pay((issued.key, 77))
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


@pytest.mark.parametrize("path", ["/i/", "/i/inv_none/", "/i/a/b", "/i//a", "/i/%2F", "/i/<b>"])
async def test_whatever_was_mistyped_there_is_a_page(daemon: Served, path: str) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{daemon.port}") as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, HTML)
    assert "No such invoice" in answer.text
    assert "<b>" not in answer.text


async def test_who_asks_too_often_gets_a_page_that_tries_again(tmp_path: Path) -> None:
    async with served(tmp_path, replace(QUICK, requests_per_s=0.1, requests_burst=1)) as daemon:
        first, second = await get(daemon, "/i/inv_none"), await get(daemon, "/i/inv_none")
        script = await get(daemon, "/paydaemon.js")
    assert (first.status_code, second.status_code, script.status_code) == (404, 429, 429)
    assert second.headers["Content-Type"] == HTML
    assert "Too many requests" in second.text
    [pause_s] = re.findall(r'http-equiv="refresh" content="(\d+)"', second.text)
    assert int(pause_s) >= int(second.headers["Retry-After"]) > 5
    assert error_of(script)["code"] == "too_many_requests"


@pytest.mark.parametrize(
    ("error", "status", "said", "goes_on"),
    [
        (StoreUnavailable("full"), 503, "Not available at present", True),
        (unavailable("timeout", "late"), 503, "Not available at present", True),
        (RuntimeError("a mistake of ours"), 500, "Something went wrong", False),
    ],
)
async def test_a_page_that_cannot_be_made_is_not_one_that_is_not_there(
    daemon: Served, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, said: str, goes_on: bool
) -> None:
    async def fail(api: Api, id: str) -> NoReturn:
        raise error

    monkeypatch.setattr(Api, "checkout", fail)
    answer = await get(daemon, "/i/inv_a?lang=en")
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, HTML)
    assert said in answer.text
    assert "mistake of ours" not in answer.text
    assert ('content="5"' in answer.text, "Retry-After" in answer.headers) == (goes_on, goes_on)


async def test_the_page_says_who_took_it_for_paid_and_how_much_is_too_much(daemon: Served) -> None:
    marked, over = await daemon.invoice(return_url="https://shop.example/"), await daemon.invoice()
    async with daemon.client() as client:
        await client.post(f"/v1/invoices/{marked['id']}/mark", json={"status": "settled"})
    shown = await page(daemon, marked)
    assert "The seller has marked this invoice as paid." in shown
    assert "Confirmed" not in shown
    assert "The payment is complete" not in shown
    assert 'href="https://shop.example/" rel="noopener" target="_top"' in shown
    await pay(daemon, over, DUE + 1_000)
    assert "0.00001000 BTC too much has arrived" in await page(daemon, over)


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
