"""The checkout page inside of a seller's own: as docs/examples/checkout.html does it, and nowhere else."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.sync_api import FrameLocator, Page, Route, expect

from tests.pages.desk import mark, pay
from tests.pages.looking import faults
from tests.pages.shop import Shop, shop_open
from tests.support.browser import Browser
from tests.support.served import Json, Served, served

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "checkout.html"


@asynccontextmanager
async def shop_with(
    folder: Path, *others: str, named: bool = True
) -> AsyncIterator[tuple[Shop, Served, Json]]:
    """A seller's site with the example, whose page may be framed by the site if it is `named`."""
    async with shop_open() as shop:
        allowed = (*others, shop.origin) if named else others
        async with served(folder, frame_ancestors=allowed) as daemon:
            invoice = await daemon.invoice()
            text = EXAMPLE.read_text(encoding="utf-8").replace("https://pay.example", at(daemon))
            shop.page = re.sub("inv_[a-z0-9]+", invoice["id"], text)
            yield shop, daemon, invoice


def at(daemon: Served) -> str:
    return f"http://127.0.0.1:{daemon.port}"


def inside(page: Page) -> FrameLocator:
    return page.frame_locator("dialog iframe")


def opened(page: Page, origin: str) -> None:
    page.goto(origin)
    page.get_by_role("button", name="Pay 12.50 EUR").press("Enter")
    expect(inside(page).locator("main")).to_be_visible()


def refused(page: Page, origin: str) -> None:
    page.clock.install()
    page.goto(origin)
    page.add_script_tag(url=page.get_attribute("script[src]", "src"))
    page.evaluate("window.failures = []; addEventListener('paydaemon:failed', e => failures.push(e.detail))")
    with page.expect_console_message(lambda said: "frame-ancestors" in said.text):
        page.click("[data-paydaemon-invoice]")


def told(page: Page, text: str) -> None:
    expect(page.locator("#told")).to_have_text(text)


async def test_a_payer_pays_without_leaving_the_shop(tmp_path: Path, browser: Browser) -> None:
    async with (
        shop_with(tmp_path, "https://other.example") as (shop, daemon, invoice),
        browser.tab(viewport={"width": 1024, "height": 700}) as tab,
    ):
        await tab(lambda page: page.clock.install())
        await tab(opened, shop.origin)
        await tab(lambda page: page.clock.run_for(10_000))
        await tab(lambda page: expect(page.get_by_role("alert")).to_have_count(0))
        assert await tab(lambda page: page.get_attribute("dialog", "aria-label")) == "Pay 12.50 EUR"
        assert await tab(faults) == []
        await tab(lambda page: inside(page).locator("[data-copy=address]").press("Escape"))
        await tab(told, f"{invoice['id']} is still to be paid.")
        assert await tab(lambda page: page.locator("dialog").count()) == 0
        assert await tab(lambda page: page.evaluate("document.activeElement.innerText")) == "Pay 12.50 EUR"

        await tab(opened, shop.origin)
        await pay(daemon, invoice)
        await daemon.engine.mine(6)
        await tab(told, f"Thank you. {invoice['id']} is paid.")
        await tab(lambda page: expect(inside(page).locator("h1")).to_have_text("Paid"))
        await tab(lambda page: page.get_by_role("button", name="Close").click())
        await tab(lambda page: expect(page.locator("dialog")).to_have_count(0))
        await tab(told, f"Thank you. {invoice['id']} is paid.")


async def test_a_page_that_is_not_named_cannot_show_it(tmp_path: Path, browser: Browser) -> None:
    async with (
        shop_with(tmp_path, "https://other.example", named=False) as (shop, daemon, invoice),
        browser.tab() as tab,
    ):
        await tab(refused, shop.origin)
        assert await tab(lambda page: page.locator("dialog").count()) == 1
        await tab(lambda page: page.clock.run_for(10_000))
        shown_elsewhere = tab.page.get_by_role("alert").get_by_role("link", name="Open it in a new tab")
        assert await tab(lambda _: shown_elsewhere.get_attribute("href")) == f"{at(daemon)}/i/{invoice['id']}"
        assert await tab(lambda page: page.evaluate("failures")) == [{"invoice": invoice["id"]}]
        assert await tab(lambda page: inside(page).locator("h1").count()) == 0
        await tab(lambda page: page.get_by_role("button", name="Close").click())
        tab.complaints.clear()


async def test_neither_side_listens_to_strangers(tmp_path: Path, browser: Browser) -> None:
    """That it is paid is believed from the checkout page alone, and said to the shop that asked, alone."""
    async with shop_with(tmp_path, "*") as (shop, daemon, invoice), browser.tab() as tab:
        lie = {"paydaemon": "paid", "invoice": invoice["id"]}
        say = "lie => parent.postMessage(lie, '*')"
        await tab(opened, shop.origin)
        await tab(lambda page: page.frames[1].goto(f"{shop.origin}/another"))
        await tab(lambda page: page.frames[1].evaluate(say, lie))
        await tab(lambda page: page.evaluate(say, lie))
        await tab(lambda page: page.evaluate("new Promise(done => setTimeout(done, 50))"))
        await tab(told, "")

        await tab(opened, f"{shop.origin}/again")
        await tab(lambda page: page.frames[1].evaluate(say, {**lie, "invoice": "inv_other"}))
        await tab(lambda page: page.frames[1].evaluate("window.postMessage({paydaemon: 'hello'}, '*')"))
        await mark(daemon, invoice, "settled")
        await tab(told, f"Thank you. {invoice['id']} is paid.")
        assert all("target origin" in one for one in tab.complaints), tab.complaints
        tab.complaints.clear()


async def test_the_page_tells_nobody_but_those_that_are_named(tmp_path: Path, browser: Browser) -> None:
    """Not even where a browser lets others frame it: here only what the page itself knows is altered."""
    async with shop_with(tmp_path) as (shop, daemon, invoice), browser.tab() as tab:

        def alter(route: Route) -> None:
            answer = route.fetch()
            route.fulfill(response=answer, body=answer.text().replace(shop.origin, "https://other.example"))

        await mark(daemon, invoice, "settled")
        await tab(lambda page: page.route("**/i/*", alter))
        await tab(opened, shop.origin)
        await tab(lambda page: expect(inside(page).locator("h1")).to_have_text("Paid"))
        await tab(lambda page: page.evaluate("new Promise(done => setTimeout(done, 50))"))
        await tab(told, "")
