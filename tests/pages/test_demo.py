"""The demo's page, clicked all the way: an invoice made, paid and settled on each chain, and the desk open.

On the real demo, in a process of its own. `make screenshots` keeps a picture of each state.
"""

import json
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.commands import running
from tests.pages.looking import look_through
from tests.pages.test_keyboard import step_to, walk
from tests.support.browser import Browser

Json = dict[str, Any]


@pytest.fixture
async def demo() -> AsyncIterator[Json]:
    """What a running demo says of itself. In the end its daemon is killed, and it says that, too."""
    async with running("demo", "--json", "--port", "0") as run:
        told = json.loads(await run.says("api"))
        yield told
        assert len(run.out) == 1
        os.kill(told["pids"]["daemon"], signal.SIGKILL)
        assert await run.ends() == 1
        await run.warns("the daemon has ended, with status -9")


def pay(page: Page, what: str) -> None:
    """Press the button, and look on until it is paid."""
    page.click(f"button:text('{what}')")
    expect(page.locator("h1")).to_have_text("Paid")


def is_told(page: Page, text: str) -> None:
    expect(page.locator("main")).to_contain_text(text)


async def test_it_is_clicked_all_the_way(demo: Json, browser: Browser) -> None:
    async with browser.tab(permissions=["clipboard-read", "clipboard-write"]) as tab:
        await tab(lambda page: page.goto(demo["page"]))
        await tab(is_told, "No invoice yet")
        await tab(look_through, "demo-empty")
        assert await tab(walk) == [
            *("New invoice", "Open the desk", "Copy the key", "Create another"),
            *("The API, with every call explained", "The same for programs: openapi.json"),
        ]
        await tab(step_to, "button")
        await tab(lambda page: page.keyboard.press("Enter"))
        await tab(is_told, "waiting")
        await tab(lambda page: page.click("summary"))
        await tab(look_through, "demo")
        await tab(lambda page: page.evaluate("window.stayed = true"))
        await tab(pay_in_another_tab)
        await tab(is_told, "It is being paid just now")
        await tab(look_through, "demo-being-paid")
        await tab(is_told, "It is paid for good")
        assert await tab(lambda page: page.evaluate("window.stayed")) is True

        await tab(lambda page: page.click("button:text('New invoice')"))
        await tab(is_told, "Before that")
        await tab(pay, "HBAR")
        await tab(lambda page: page.click("text='Back to the seller'"))
        await tab(is_told, "It is paid for good")
        await tab(look_through, "demo-paid")

        await tab(lambda page: page.click("[data-copy=key]"))
        assert await tab(lambda page: page.evaluate("navigator.clipboard.readText()")) == demo["key"]
        await tab(lambda page: page.click("button:text('Open the desk')"))
        await tab(lambda page: expect(page.locator("h1")).to_have_text("Overview"))


def pay_in_another_tab(page: Page) -> None:
    """By Bitcoin, twice at once: it is paid once, and this page goes on beside it."""
    with page.context.expect_page() as opening:
        page.click("button:text('BTC')", modifiers=["Control"])
    other = opening.value
    expect(other.locator("h1")).to_contain_text("Pa")
    other.close()
