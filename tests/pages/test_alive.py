"""The page goes on by itself: with its scripts without being loaded again, and without any script as well."""

from typing import NoReturn

import pytest
from playwright.sync_api import Page, Route, expect

from paydaemon.engine.api import Api
from paydaemon.store.port import StoreUnavailable
from tests.pages.desk import BOTH, DUE, link, pay
from tests.pages.looking import drawn_ms, look_through
from tests.support.browser import Browser
from tests.support.served import Served


def heading(page: Page, text: str) -> None:
    expect(page.locator("h1")).to_have_text(text)


def step(page: Page, text: str) -> None:
    expect(page.locator("[aria-current=step]")).to_have_text(text)


def opened(page: Page, url: str) -> None:
    """Open a page and put something into it that loading it again would take away."""
    page.goto(url)
    page.evaluate("window.stayed = true")


def drawn(page: Page) -> str:
    return str(page.get_attribute(".qr path:last-child", "d"))


async def test_a_page_with_scripts_follows_what_happens(daemon: Served, browser: Browser) -> None:
    invoice = await daemon.invoice(chains=BOTH, return_url="https://shop.example/thanks")
    async with browser.tab() as tab:
        await tab(opened, link(daemon, invoice))
        assert await tab(lambda page: page.locator("meta[http-equiv]").count()) == 0
        before = await tab(drawn)
        await tab(lambda page: page.focus("[data-copy=amount]"))
        await pay(daemon, invoice, DUE - 10_000)
        await tab(heading, "Part of the amount has arrived")
        assert await tab(lambda page: page.inner_text("#amount")) == "0.00010000"
        assert await tab(lambda page: page.inner_text("#way-2 span:last-child")) == "23.99923203"
        assert "amount=0.00010000" in str(await tab(lambda page: page.get_attribute(".pay .button", "href")))
        assert await tab(drawn) != before
        assert await tab(lambda page: page.evaluate("document.activeElement.dataset.copy")) == "amount"
        await pay(daemon, invoice, 10_000)
        await tab(heading, "Payment seen, waiting for confirmations")
        for depth in range(1, 6):
            await daemon.engine.mine(1)
            await tab(step, f"{depth} of 6 confirmations")
        await daemon.engine.mine(1)
        await tab(heading, "Paid")
        back = await tab(lambda page: page.get_attribute(".onward a", "href"))
        assert back == "https://shop.example/thanks"
        assert await tab(lambda page: page.title()) == "Paid: €12.50"
        assert await tab(lambda page: page.evaluate("window.stayed")) is True


async def test_a_page_whose_websocket_is_lost_looks_again_by_itself(daemon: Served, browser: Browser) -> None:
    invoice = await daemon.invoice()
    async with browser.tab() as tab:
        await tab(lambda page: page.route_web_socket("**/events", lambda socket: socket.close()))
        await tab(opened, link(daemon, invoice))
        await pay(daemon, invoice)
        await tab(heading, "Payment seen, waiting for confirmations")
        assert await tab(lambda page: page.evaluate("window.stayed")) is True


async def test_a_page_that_could_not_be_made_comes_by_itself_once_it_can(
    daemon: Served, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(api: Api, id: str) -> NoReturn:
        raise StoreUnavailable("away")

    invoice = await daemon.invoice()
    async with browser.tab() as tab:
        with monkeypatch.context() as away:
            away.setattr(Api, "checkout", fail)
            away.setattr(Api, "payers_view", fail)
            await tab(lambda page: page.goto(link(daemon, invoice)))
            await tab(heading, "Not available at present")
            await tab(look_through, "trouble")
        await tab(heading, "Waiting for your payment")
        assert all("503" in one for one in tab.complaints), tab.complaints
        tab.complaints.clear()


async def test_a_page_without_scripts_loads_itself_again(daemon: Served, browser: Browser) -> None:
    invoice = await daemon.invoice(chains=BOTH)
    async with browser.tab(java_script_enabled=False) as tab:
        await tab(lambda page: page.goto(link(daemon, invoice)))
        assert await tab(lambda page: page.locator(".copy >> visible=true").count()) == 0
        await tab(lambda page: page.click("#way-2"))
        await tab(lambda page: expect(page.locator("h2")).to_have_text("Pay with HBAR on hedera"))
        assert await tab(lambda page: page.locator(".pay .button").count()) == 0
        await tab(lambda page: page.click("text=Deutsch"))
        await tab(lambda page: expect(page.locator("h2")).to_have_text("Mit HBAR auf hedera bezahlen"))
        await pay(daemon, invoice)
        await tab(heading, "Zahlung gesehen, Bestätigungen stehen noch aus")
        assert "lang=de" in await tab(lambda page: page.url)


async def test_the_document_alone_is_a_page(daemon: Served, browser: Browser) -> None:
    """Nothing else has to come before it looks as it should."""
    invoice = await daemon.invoice()
    async with browser.tab() as tab:
        await tab(lambda page: page.route("**/assets/**", lambda route: route.abort()))
        await tab(lambda page: page.goto(link(daemon, invoice)))
        assert await tab(lambda page: page.evaluate("document.querySelector('.qr svg').clientWidth")) > 200
        assert await tab(colour_of_the_button) == "rgb(11, 87, 184)"
        assert len(tab.complaints) >= 1
        assert all("ERR_FAILED" in one for one in tab.complaints)
        tab.complaints.clear()


def colour_of_the_button(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.querySelector('.pay .button')).backgroundColor"))


def looked_at_first(page: Page, url: str) -> str:
    """What a page says as soon as something of it is drawn, with every script held back until then."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/assets/**", hold)
    page.goto(url, wait_until="commit")
    drawn_ms(page)
    said = page.inner_text("main")
    for route in held:
        route.continue_()
    page.wait_for_load_state()
    return said


async def test_the_first_look_takes_nothing_but_the_page_itself(daemon: Served, browser: Browser) -> None:
    invoice = await daemon.invoice(chains=BOTH)
    async with browser.tab() as tab:
        said = await tab(looked_at_first, link(daemon, invoice))
        assert "Waiting for your payment" in said
        assert "0.00020834" in said
