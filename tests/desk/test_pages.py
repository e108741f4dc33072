"""Every page shows what it should, to an operator and to a seller, and nothing that they must not see."""

import json

import pytest

from paydaemon.core.events import EventType
from tests.desk.shop import paid, pay
from tests.desk.visitor import Page, Visitor, visitor
from tests.support.served import Served
from tests.support.waiting import until

FOR_OPERATORS = ["rates", "chains", "deliveries", "plugins"]
FOR_ALL = ["", "invoices", "payments", "volume", "exports", "sessions"]

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}{% raw %}"

KEY = "</code><script>alert(3)</script>"


@pytest.mark.parametrize("path", [*FOR_ALL, *FOR_OPERATORS])
async def test_every_page_is_there_for_an_operator(daemon: Served, path: str) -> None:
    await paid(daemon, note="Two coffees")
    async with visitor(daemon) as operator:
        page = Page(await operator.page(path))
    assert {"h1", "nav", "main"} <= {tag for tag, _ in page.tags}
    [current] = [there for tag, there in page.tags if there.get("aria-current") == "page"]
    assert (current["href"] or "").removeprefix("./") == path


@pytest.mark.parametrize("path", FOR_ALL)
async def test_a_seller_has_pages_of_its_own(daemon: Served, path: str) -> None:
    async with visitor(daemon, daemon.keys["shop"]) as seller:
        page = await seller.page(path)
    assert "seller shop" in page
    assert not [one for one in FOR_OPERATORS if f'href="./{one}"' in page]


@pytest.mark.parametrize("path", [*FOR_OPERATORS, "deliveries/dlv_1"])
async def test_what_is_for_operators_is_refused_to_a_seller(daemon: Served, path: str) -> None:
    async with visitor(daemon, daemon.keys["shop"]) as seller:
        answer = await seller.get(path)
    assert answer.status_code == 403
    assert "an operator&#39;s key" in answer.text


async def test_the_overview_adds_up_each_currency_on_its_own(daemon: Served) -> None:
    await paid(daemon)
    await daemon.invoice(amount="0.5", currency="BTC")
    await daemon.invoice(amount="1000000.01")
    async with visitor(daemon) as operator:
        page = await operator.page("")
    assert "12.50 EUR" in page
    assert "1\u202f000\u202f000.01 EUR" in page
    assert "0.50000000 BTC" in page
    assert "60000.00" in page, "rates in short"


async def test_an_invoice_is_shown_with_all_that_became_of_it(daemon: Served) -> None:
    invoice = await paid(daemon, note="Two coffees", metadata={"order": "7"}, buyer={"email": "a@b.example"})
    async with visitor(daemon) as operator:
        page = Page(await operator.page(f"invoices/{invoice['id']}")).text
    for word in ("Two coffees", '{"order": "7"}', "a@b.example", "12.50", "settled", "fixed", "60000.00"):
        assert word in page
    for type in ("invoice.created", "invoice.payment_seen", "payment.confirmed", "invoice.settled"):
        assert type in page
    assert invoice["options"][0]["destination"]["address"] in page


async def test_a_long_story_is_told_in_pages(daemon: Served) -> None:
    invoice = await daemon.invoice()
    for number in range(70):
        await pay(daemon, invoice, 10 + number)
    async with visitor(daemon) as operator:
        first = Page(await operator.page(f"invoices/{invoice['id']}"))
        [more] = [
            there["href"] for tag, there in first.tags if (there.get("href") or "").startswith("?after=")
        ]
        second = await operator.page(f"invoices/{invoice['id']}{more}")
    assert "invoice.created" in first.text
    assert "From the beginning" in second
    assert "70 in all; the newest 50" in second


async def test_an_unmatched_payment_is_given_to_an_invoice(daemon: Served) -> None:
    invoice = await daemon.invoice()
    await daemon.engine.pay(("to nobody", 20_834))
    async with visitor(daemon) as operator:
        assert "1 payment of nobody" in await operator.page("")
        async with daemon.client() as client:
            [payment] = (await client.get("/v1/payments?unmatched=true")).json()["data"]
        listed = await operator.page("payments?unmatched=true")
        assert payment["id"] in listed
        assert "Assign" in await operator.page(f"payments/{payment['id']}")
        wrong = await operator.post(f"payments/{payment['id']}/assign", {"invoice_id": "inv_none"})
        assert (wrong.status_code, "there is no invoice" in wrong.text) == (400, True)
        done = await operator.post(f"payments/{payment['id']}/assign", {"invoice_id": invoice["id"]})
        assert (done.status_code, done.headers["Location"]) == (303, f"../../invoices/{invoice['id']}")
        assert "0.00020834 BTC" in await operator.page(f"invoices/{invoice['id']}")
        assert "Assign" not in await operator.page(f"payments/{payment['id']}")


@pytest.mark.parametrize("who", ["operator", "shop"])
async def test_an_invoice_is_marked(daemon: Served, who: str) -> None:
    invoice = await daemon.invoice()
    key = daemon.key if who == "operator" else daemon.keys[who]
    async with visitor(daemon, key) as browser:
        await browser.page(f"invoices/{invoice['id']}")
        done = await browser.post(f"invoices/{invoice['id']}/mark", {"status": "settled"})
        assert (done.status_code, done.headers["Location"]) == (303, f"../../invoices/{invoice['id']}")
        page = await browser.page(f"invoices/{invoice['id']}")
        nonsense = await browser.post(f"invoices/{invoice['id']}/mark", {"status": "new"})
    assert "marked by hand" in page
    assert "Mark invalid" in page
    assert "Mark settled" not in page
    assert nonsense.status_code == 400


async def test_a_parked_delivery_is_seen_and_tried_again(daemon: Served) -> None:
    notifier = daemon.engine.notifier
    async with daemon.client() as client:
        hook = (await client.post("/v1/webhooks", json={"url": "https://shop.example/hook"})).json()
    invoice = await daemon.invoice()

    async def waits() -> bool:
        async with daemon.client() as client:
            found = (await client.get(f"/v1/deliveries?target={hook['id']}")).json()["data"]
        return bool(found)

    await until(waits)
    assert notifier is not None
    async with visitor(daemon) as operator:
        listed = await operator.page(f"deliveries?target={hook['id']}")
        shown = await operator.page(f"invoices/{invoice['id']}")
    assert hook["id"] in listed
    assert EventType.INVOICE_CREATED in listed
    assert f"{EventType.INVOICE_CREATED} to {hook['id']}" in Page(shown).text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=coffees", ["coffee"]),
        ("q=COFF", ["coffee"]),
        ("q=2026-0117", ["tea"]),
        ("q=ada%40example.org", ["tea"]),
        ("q=coffees+tea", []),
        ("status=settled", ["coffee"]),
        ("status=new", ["water", "tea"]),
        ("status=new&seller=rival", ["water"]),
        ("flag=over", ["coffee"]),
        ("flag=late", []),
        ("q=coffees&status=new", []),
        ("from=2000-01-01&to=2100-01-01", ["water", "tea", "coffee"]),
        ("from=2100-01-01", []),
        ("to=2000-01-01", []),
        ("q=%22%20NOT%20%28", []),
        ("q=&status=&flag=&seller=&from=&to=", ["water", "tea", "coffee"]),
    ],
)
async def test_invoices_are_searched_and_filtered(daemon: Served, query: str, found: list[str]) -> None:
    coffee = await daemon.invoice(note="Two coffees")
    tea = await daemon.invoice(metadata={"order": "2026-0117"}, buyer={"email": "ada@example.org"})
    water = await daemon.invoice(daemon.keys["rival"])
    await pay(daemon, coffee, 50_000)
    names = {coffee["id"]: "coffee", tea["id"]: "tea", water["id"]: "water"}
    async with visitor(daemon) as operator:
        listed = await ids_on(operator, f"invoices?{query}")
    assert [names[id] for id in listed] == found


async def ids_on(browser: Visitor, path: str) -> list[str]:
    """The invoices that a page lists, in order."""
    page = Page(await browser.page(path))
    links = [there["href"] or "" for tag, there in page.tags if tag == "a" and "href" in there]
    return [link.rpartition("/")[2] for link in links if "invoices/inv_" in link]


async def test_what_somebody_has_in_hand_leads_to_the_invoice(daemon: Served) -> None:
    invoice = await paid(daemon)
    option = invoice["options"][0]
    async with daemon.client() as client:
        whole = (await client.get(f"/v1/invoices/{invoice['id']}")).json()
    [payment] = whole["options"][0]["payments"]
    async with visitor(daemon) as operator:
        for text in (
            invoice["id"], option["destination"]["address"], payment["id"], payment["ref"],
            payment["transaction_id"],
        ):  # fmt: skip
            assert await ids_on(operator, f"invoices?q={text}") == [invoice["id"]], text
    async with visitor(daemon, daemon.keys["rival"]) as rival:
        for text in (invoice["id"], option["destination"]["address"], payment["ref"]):
            assert await ids_on(rival, f"invoices?q={text}") == []


async def test_a_list_goes_on(daemon: Served) -> None:
    made = [(await daemon.invoice(note=f"order {number}"))["id"] for number in range(53)]
    async with visitor(daemon) as operator:
        for query in ("", "status=new", "q=order", "seller=shop"):
            first = Page(await operator.page(f"invoices?{query}"))
            [more] = [there["href"] for tag, there in first.tags if there.get("rel") == "next"]
            second = await ids_on(operator, f"invoices{more}")
            assert second == made[2::-1], query


async def test_volume_is_drawn_and_told_in_numbers(daemon: Served) -> None:
    await paid(daemon)
    await daemon.invoice()
    async with visitor(daemon) as operator:
        page = Page(await operator.page("volume?days=7"))
        empty = await operator.page("volume?seller=rival")
    drawings = [there for tag, there in page.tags if tag == "svg"]
    assert [there["aria-label"] for there in drawings] == [
        "2 invoices created in 7 days, 1 of them settled", "12.50 EUR settled in 7 days"
    ]  # fmt: skip
    assert "2 created, 1 settled: 50 %" in page.text
    assert len([tag for tag, _ in page.tags if tag == "rect"]) == 3
    assert "0 created, 0 settled: \u2013" in empty


async def test_nothing_that_a_seller_wrote_is_more_than_text(daemon: Served) -> None:
    invoice = await daemon.invoice(
        note=HOSTILE,
        metadata={KEY: [HOSTILE]},
        buyer={"name": HOSTILE, "email": "a@b.example"},
        return_url="https://shop.example/?q=%22%3E",
    )
    await pay(daemon, invoice)
    async with visitor(daemon, **{"User-Agent": HOSTILE}) as operator:
        for path in ("", "invoices", f"invoices/{invoice['id']}", "sessions"):
            html = await operator.page(path)
            page = Page(html)
            assert not [tag for tag, there in page.tags if tag in ("img", "iframe") or "onerror" in there]
            assert [there.get("src") for tag, there in page.tags if tag == "script"] == [
                f"{'../' if '/' in path else './'}desk.js"
            ]
            assert "49" not in html or HOSTILE in page.text
        assert HOSTILE in Page(await operator.page(f"invoices/{invoice['id']}")).text
        assert json.dumps({KEY: [HOSTILE]}) in Page(await operator.page(f"invoices/{invoice['id']}")).text
        answer = await operator.client.get("/desk/invoices", params={"q": HOSTILE}, headers=operator._all({}))
    assert answer.status_code == 200
    [field] = [there for tag, there in Page(answer.text).tags if there.get("id") == "q"]
    assert field["value"] == HOSTILE


@pytest.mark.parametrize("path", ["", "login", "desk.css", "desk.js", "invoices/inv_none", "no/such/page"])
async def test_a_page_may_do_little(daemon: Served, path: str) -> None:
    async with visitor(daemon) as operator:
        answer = await operator.get(path)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    if answer.headers["Content-Type"].startswith("text/html"):
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        page = Page(answer.text)
        assert not [there for _, there in page.tags if "style" in there]
        assert not [
            tag for tag, there in page.tags if tag == "style" or any(key.startswith("on") for key in there)
        ]


async def test_the_desk_has_a_page_for_what_is_not_there(daemon: Served) -> None:
    async with visitor(daemon) as operator:
        for path in ("invoices/inv_none", "payments/pay_none", "no/such/page", "deliveries/dlv_none"):
            answer = await operator.get(path)
            assert (answer.status_code, "That is not there" in answer.text) == (404, True), path
        cursor = await operator.get("invoices?cursor=inv_none")
        day = await operator.get("invoices?from=yesterday")
    assert [one.status_code for one in (cursor, day)] == [400, 400]
