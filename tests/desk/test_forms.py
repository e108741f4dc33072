"""A form that is filled in wrongly is shown again with what was typed and which field is wrong; and what
cannot be taken back is asked for twice.
"""

from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.desk.test_pages import ids_on
from tests.desk.visitor import Page, visitor
from tests.support.served import Served


@pytest.mark.parametrize(
    ("path", "field", "said"),
    [
        ("invoices?q=tea&seller=%3Cb%3E", "seller", "Seller: is not an identifier"),
        ("invoices?q=tea&from=yesterday", "from", "From: must be a day such as 2026-01-31"),
        ("volume?seller=%3Cb%3E", "seller", "Seller: is not an identifier"),
        ("exports/payments.csv?after=x&seller=shop", "after", "Go on after the event: "),
        ("exports/payments.csv?to=then", "to", "To: must be a day"),
    ],
)
async def test_a_wrong_field_is_named_and_what_was_typed_is_kept(
    daemon: Served, path: str, field: str, said: str
) -> None:
    async with visitor(daemon) as operator:
        answer = await operator.get(path)
    page = Page(answer.text)
    assert (answer.status_code, said in page.text) == (400, True)
    fields = {there["name"]: there for tag, there in page.tags if tag == "input" and "name" in there}
    assert (fields[field]["aria-invalid"], "problem" in str(fields[field]["aria-describedby"])) == (
        "true", True
    )  # fmt: skip
    for name, text in parse_qsl(urlsplit(path).query):
        assert fields[name]["value"] == text
    assert [name for name, there in fields.items() if "aria-invalid" in there] == [field]


async def test_a_wrong_invoice_can_be_mended_where_it_was_typed(daemon: Served) -> None:
    await daemon.engine.pay(("to nobody", 20_834))
    async with daemon.client() as client:
        [payment] = (await client.get("/v1/payments?unmatched=true")).json()["data"]
    async with visitor(daemon) as operator:
        answer = await operator.post(f"payments/{payment['id']}/assign", {"invoice_id": "inv_none"})
    page = Page(answer.text)
    [field] = [there for tag, there in page.tags if there.get("id") == "invoice_id"]
    assert (answer.status_code, field["value"], field["aria-invalid"]) == (400, "inv_none", "true")
    assert "The invoice's id: " in page.text


async def test_parameters_of_others_are_passed_over_but_not_by_a_download(daemon: Served) -> None:
    invoice = await daemon.invoice(note="tea")
    async with visitor(daemon) as operator:
        assert await ids_on(operator, "invoices?utm_source=mail&q=tea") == [invoice["id"]]
        paths = ("", "payments", "volume", "exports", "rates", "chains", "deliveries", "plugins", "sessions")
        for path in (*paths, f"invoices/{invoice['id']}"):
            await operator.page(f"{path}?utm_source=mail&fbclid=1&fbclid=2")
        wrong = await operator.get("exports/payments.csv?seler=shop")
        odd = await operator.post("sessions/end-others", {"colour": "red"})
    assert (wrong.status_code, "seler: is not a parameter" in wrong.text) == (400, True)
    assert (odd.status_code, "colour: is not a field" in odd.text) == (400, True)


@pytest.mark.parametrize("status", ["settled", "invalid"])
async def test_before_a_mark_a_page_says_what_it_will_do(daemon: Served, status: str) -> None:
    invoice = await daemon.invoice(note="Two coffees")
    path = f"invoices/{invoice['id']}"
    async with visitor(daemon) as operator:
        whole = Page(await operator.page(path))
        assert [there["method"] for _, there in whole.tags if "/mark" in (there.get("action") or "")] == [
            "get", "get"
        ]  # fmt: skip
        asked = Page(await operator.page(f"{path}/mark?status={status}"))
        assert "waiting" in Page(await operator.page(path)).text, "nothing is done yet"
        wrong = await operator.get(f"{path}/mark?status=new")
    for words in (f"Mark this invoice {status}?", "never taken back", "12.50 EUR", "Two coffees", "waiting"):
        assert words in asked.text
    [form] = [there for _, there in asked.tags if "/mark" in (there.get("action") or "")]
    assert form["method"] == "post"
    assert {"token": operator.token, "status": status} == {
        str(there["name"]): there["value"]
        for tag, there in asked.tags
        if tag == "input" and there["name"] in ("status", "token") and there["value"] != ""
    }
    assert (wrong.status_code, "Status: must be one of" in wrong.text) == (400, True)


async def test_of_anothers_invoice_nothing_is_asked(daemon: Served) -> None:
    invoice = await daemon.invoice()
    async with visitor(daemon, daemon.keys["rival"]) as rival:
        answer = await rival.get(f"invoices/{invoice['id']}/mark?status=settled")
    assert answer.status_code == 404
