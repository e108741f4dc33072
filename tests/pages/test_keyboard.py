"""The page by the keyboard alone: everything is reached in order, seen where it is, and does what it says."""

from playwright.sync_api import Page, expect

from tests.pages.desk import BOTH, link
from tests.support.browser import Browser
from tests.support.served import Served

FOCUSED = """() => {
    const {outlineStyle, outlineWidth} = getComputedStyle(document.activeElement);
    const name = document.activeElement.ariaLabel ?? document.activeElement.innerText;
    return [name.replaceAll("\\n", " "), outlineStyle !== "none" && parseFloat(outlineWidth) >= 2];
}"""


def walk(page: Page) -> list[str]:
    """The names of everything that Tab leads to, each seen to have the focus."""
    names: list[str] = []
    while True:
        page.keyboard.press("Tab")
        name, visible = page.evaluate(FOCUSED)
        if page.evaluate("document.activeElement === document.body"):
            return names
        assert visible, f"nobody sees that {name} has the focus"
        names.append(name)


def step_to(page: Page, selector: str) -> None:
    """Press Tab until something has the focus."""
    while not page.evaluate("selector => document.activeElement.matches(selector)", selector):
        page.keyboard.press("Tab")


async def test_everything_is_reached_in_order_and_works(daemon: Served, browser: Browser) -> None:
    invoice = await daemon.invoice(chains=BOTH)
    async with browser.tab(permissions=["clipboard-read", "clipboard-write"]) as tab:
        await tab(lambda page: page.goto(link(daemon, invoice)))
        assert await tab(walk) == [
            *("BTC on bitcoin 0.00020834", "HBAR on hedera 50.00000000"),
            *("Copy the amount", "Open in a wallet", "Copy the address"),
            *("English", "Deutsch", "Español", "Français"),
        ]
        await tab(step_to, "[data-copy=amount]")
        await tab(lambda page: page.keyboard.press("Space"))
        await tab(lambda page: expect(page.locator("#said")).to_have_text("Copied"))
        await tab(lambda page: expect(page.locator("[data-copy=amount]")).to_have_text("Copied"))
        assert await tab(lambda page: page.evaluate("navigator.clipboard.readText()")) == "0.00020834"
        await tab(step_to, "#way-2")
        await tab(lambda page: page.keyboard.press("Enter"))
        await tab(lambda page: expect(page.locator("h2")).to_have_text("Pay with HBAR on hedera"))
        assert await tab(lambda page: page.evaluate("document.activeElement.id")) == "way-2"
        await tab(step_to, "[hreflang=fr]")
        await tab(lambda page: page.keyboard.press("Enter"))
        await tab(lambda page: expect(page.locator("h1")).to_have_text("En attente de votre paiement"))
        assert await tab(lambda page: page.evaluate("document.activeElement.lang")) == "fr"
        assert await tab(lambda page: page.evaluate("document.documentElement.lang")) == "fr"
        await tab(
            lambda page: page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
        )
        await tab(lambda page: page.click("[data-copy=amount]"))
        await tab(lambda page: expect(page.locator("#said")).to_have_text("Sélectionné : appuyez sur Ctrl+C"))
        assert await tab(lambda page: page.evaluate("String(getSelection())")) == "50.00000000"
        await tab(lambda page: page.reload())
        await tab(lambda page: expect(page.locator("h2")).to_have_text("Payer en HBAR sur hedera"))
