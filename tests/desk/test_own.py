"""A seller sees its own and nothing else: whatever page it asks for, in whatever way.

Two sellers do business on one daemon. Everything that is the one's (ids, notes, addresses, transactions,
names) is gathered, and looked for in every page, form and export that the other can get.
"""

import random
import re
from collections.abc import Iterator

import pytest

from tests.desk.shop import pay
from tests.desk.visitor import OURS, Page, Visitor, visitor
from tests.support.served import Json, Served

WORD = re.compile(r"[\w.:-]+")
SECRET_WORDS = ("Zanzibar", "Quetzal", "Xylophone")


async def do_business(daemon: Served, seed: int) -> tuple[set[str], list[Json]]:
    """Invoices of both, some paid; returns what is the rival's, and the rival's invoices."""
    dice = random.Random(seed)
    theirs: list[Json] = []
    for number in range(8):
        for id in ("shop", "rival"):
            word = dice.choice(SECRET_WORDS) if id == "rival" else "coffee"
            invoice = await daemon.invoice(
                daemon.keys[id],
                note=f"{word} {number}",
                metadata={"order": f"{word}-{number}"},
                buyer={"email": f"{word.lower()}@example.org"},
            )
            if dice.random() < 0.6:
                await pay(daemon, invoice, dice.choice((10_000, 20_834, 50_000)))
            if id == "rival":
                theirs.append(invoice)
    async with daemon.client(daemon.keys["rival"]) as client:
        whole = [(await client.get(f"/v1/invoices/{one['id']}")).json() for one in theirs]
        events = (await client.get("/v1/events?limit=200")).json()["data"]
        hook = (await client.post("/v1/webhooks", json={"url": "https://rival.example/hook"})).json()
    return {
        *SECRET_WORDS,
        *map(str.lower, SECRET_WORDS),
        "rival",
        hook["id"],
        *_ids(whole),
        *(event["id"] for event in events),
    }, theirs


def _ids(invoices: list[Json]) -> Iterator[str]:
    for invoice in invoices:
        yield invoice["id"]
        for option in invoice["options"]:
            yield option["destination"]["address"]
            for payment in option["payments"]:
                yield from (payment["id"], payment["transaction_id"])


async def everything(browser: Visitor, start: str, most: int = 300) -> dict[str, str]:
    """Every page that links lead to, from one."""
    found: dict[str, str] = {}
    waiting = [start]
    while waiting and len(found) < most:
        path = waiting.pop()
        if path in found:
            continue
        answer = await browser.get(path)
        found[path] = answer.text
        if answer.headers["Content-Type"].startswith("text/html"):
            waiting += _links(path, answer.text)
    return found


def _links(path: str, html: str) -> Iterator[str]:
    for tag, there in Page(html).tags:
        href = there.get("href")
        if tag == "a" and href and not href.startswith("#"):
            bare = path.partition("?")[0]
            yield f"{bare}{href}" if href.startswith("?") else re.sub(r"^(\.\.?/)+", "", href)


@pytest.mark.parametrize("turn", range(2))
async def test_nothing_of_anothers_is_on_any_page(daemon: Served, turn: int) -> None:
    seed = random.randrange(10**6) + turn
    print(f"seed {seed}")
    theirs, invoices = await do_business(daemon, seed)
    async with visitor(daemon, daemon.keys["shop"]) as shop:
        pages = await everything(shop, "")
        assert len(pages) > 15
        for path in (
            "exports/payments.csv",
            "exports/payments.jsonl",
            "volume?days=365",
            "invoices?status=settled",
        ):
            pages[path] = (await shop.get(path)).text
        for path, text in pages.items():
            assert not theirs & set(WORD.findall(text)), path
    async with visitor(daemon, daemon.keys["rival"]) as rival:
        own = await everything(rival, "")
        seen = "".join([*own.values(), (await rival.get("exports/payments.csv")).text])
        assert {one["id"] for one in invoices} <= {one for one in theirs if one in seen}, (
            "the sweep finds them"
        )


async def test_nothing_of_anothers_is_found_asked_for_or_changed(daemon: Served) -> None:
    theirs, invoices = await do_business(daemon, 7)
    async with daemon.client(daemon.keys["rival"]) as client:
        whole = [(await client.get(f"/v1/invoices/{one['id']}")).json() for one in invoices]
    payments = [one for invoice in whole for option in invoice["options"] for one in option["payments"]]
    async with visitor(daemon, daemon.keys["shop"]) as shop:
        for text in sorted(theirs - {"rival"}):
            page = Page((await shop.get(f"invoices?q={text}")).text)
            assert "There is none." in page.text, text
        for path in (f"invoices/{invoices[0]['id']}", f"payments/{payments[0]['id']}"):
            assert (await shop.get(path)).status_code == 404
        for path in ("invoices?seller=rival", "volume?seller=rival", "exports/payments.csv?seller=rival"):
            assert (await shop.get(path)).status_code == 403
        assert (await shop.get(f"invoices?cursor={invoices[0]['id']}")).status_code == 400
        assert (await shop.get("payments?unmatched=true")).status_code == 403
        await shop.page("")
        marked = await shop.post(f"invoices/{invoices[0]['id']}/mark", {"status": "settled"})
        given = await shop.post(f"payments/{payments[0]['id']}/assign", {"invoice_id": invoices[0]["id"]})
        assert (marked.status_code, given.status_code) == (404, 403)


async def test_a_sellers_search_is_not_told_of_payments_of_nobody(daemon: Served) -> None:
    txid = await daemon.engine.pay(("to nobody", 20_834))
    async with visitor(daemon, daemon.keys["shop"]) as shop, visitor(daemon) as operator:
        assert "belongs to no invoice" in await operator.page(f"invoices?q={txid}")
        assert "There is none." in await shop.page(f"invoices?q={txid}")


async def test_a_sellers_forms_are_its_own_sessions(daemon: Served) -> None:
    async with visitor(daemon, daemon.keys["shop"]) as shop, visitor(daemon) as operator:
        answer = await shop.client.post(
            "/desk/logout", data={"token": operator.token}, headers=shop._all(OURS)
        )
    assert answer.status_code == 403
