"""A payer's whole way in a real browser: the page is open while the payment goes through a real chain."""

from playwright.sync_api import Page, expect

from paydaemon_bitcoin.regtest import RegtestNode
from tests.support.browser import Browser
from tests.support.daemon import Daemon, address_of, due_of
from tests.support.node import pay_many


def says(page: Page, selector: str, text: str) -> None:
    expect(page.locator(selector)).to_have_text(text)


async def test_from_the_open_page_to_paid_without_loading_it_again(
    node: RegtestNode, daemon: Daemon, browser: Browser
) -> None:
    invoice = await daemon.invoice(buyer={"locale": "de"}, return_url="https://shop.example/danke")
    async with browser.tab() as tab:
        await tab(lambda page: page.goto(invoice["checkout_url"]))
        await tab(lambda page: page.evaluate("window.stayed = true"))
        await tab(says, "h1", "Wir warten auf Ihre Zahlung")
        shown = await tab(lambda page: page.get_attribute(".pay .button", "href"))
        assert shown == invoice["options"][0]["destination"]["uri"]
        address = await tab(lambda page: page.inner_text("#address"))
        assert address == address_of(invoice)

        await pay_many(node, (address, due_of(invoice) // 2))
        await tab(says, "h1", "Ein Teil des Betrags ist eingegangen")
        await tab(says, "#amount", "0.00010417")
        await pay_many(node, (address, due_of(invoice) // 2))
        await tab(says, "h1", "Zahlung gesehen, Bestätigungen stehen noch aus")
        for depth in range(1, 6):
            await node.mine(1)
            await tab(says, "[aria-current=step]", f"{depth} von 6 Bestätigungen")
        await node.mine(1)
        await tab(says, "h1", "Bezahlt")
        await tab(says, ".onward a", "Zurück zum Verkäufer")
        assert await tab(lambda page: page.evaluate("window.stayed")) is True


async def test_from_the_open_page_to_paid_without_a_script(
    node: RegtestNode, daemon: Daemon, browser: Browser
) -> None:
    invoice = await daemon.invoice(confirmations=1)
    async with browser.tab(java_script_enabled=False) as tab:
        await tab(lambda page: page.goto(invoice["checkout_url"]))
        address = await tab(lambda page: page.inner_text("#address"))
        await pay_many(node, (address, due_of(invoice)))
        await node.mine(1)
        await tab(says, "h1", "Paid")
