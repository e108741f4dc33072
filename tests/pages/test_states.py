"""The checkout page in every state: what it says, and that everybody can use it, in both themes on a phone.

`make screenshots` keeps a picture of each.
"""

from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from playwright.sync_api import Page, Route, expect

from paydaemon.engine.clock import system_clock
from paydaemon.frontends.routes import checkout
from tests.pages.desk import BOTH, DUE, HOUR_MS, expire, link, mark, pay
from tests.pages.looking import look_through
from tests.support.browser import Browser
from tests.support.served import Served
from tests.support.waiting import BOUND_S

RETURN_URL = "https://shop.example/thanks"

Scene = Callable[[Served], Awaitable[tuple[str, str]]]


async def waiting(daemon: Served) -> tuple[str, str]:
    return link(daemon, await daemon.invoice(chains=BOTH)), "Waiting for your payment"


async def german_with_a_memo(daemon: Served) -> tuple[str, str]:
    invoice = await daemon.invoice(chains=BOTH, buyer={"locale": "de-AT"})
    return link(daemon, invoice, "?way=2"), "Wir warten auf Ihre Zahlung"


async def partial(daemon: Served) -> tuple[str, str]:
    invoice = await daemon.invoice(chains=BOTH)
    await pay(daemon, invoice, DUE // 3)
    return link(daemon, invoice), "Part of the amount has arrived"


async def seen(daemon: Served) -> tuple[str, str]:
    invoice = await daemon.invoice(return_url=RETURN_URL)
    await pay(daemon, invoice)
    await daemon.engine.mine(3)
    return link(daemon, invoice), "Payment seen, waiting for confirmations"


async def over(daemon: Served) -> tuple[str, str]:
    invoice = await daemon.invoice(return_url=RETURN_URL)
    await pay(daemon, invoice, 2 * DUE)
    await daemon.engine.mine(6)
    return link(daemon, invoice), "Paid"


async def reversed_and_replaced(daemon: Served) -> tuple[str, str]:
    invoice = await daemon.invoice()
    paid = await pay(daemon, invoice)
    await daemon.engine.mine(6)
    await daemon.engine.undo(6)
    daemon.engine.bitcoin.network.replace(paid)
    await daemon.engine.bitcoin.tell()
    return link(daemon, invoice), "Waiting for your payment"


async def marked(daemon: Served) -> tuple[str, str]:
    invoice = await daemon.invoice(return_url=RETURN_URL)
    await mark(daemon, invoice, "settled")
    return link(daemon, invoice), "Paid"


async def invalid(daemon: Served) -> tuple[str, str]:
    invoice = await daemon.invoice()
    await mark(daemon, invoice, "invalid")
    return link(daemon, invoice), "Invalid"


async def late(daemon: Served) -> tuple[str, str]:
    invoice = await daemon.invoice(return_url=RETURN_URL)
    await expire(daemon)
    await pay(daemon, invoice, DUE // 2)
    return link(daemon, invoice), "Expired"


async def closed(daemon: Served) -> tuple[str, str]:
    invoice = await daemon.invoice()
    del cast(dict[str, Any], daemon.engine.live_chains)["bitcoin"]
    return link(daemon, invoice), "Not to be paid at present"


async def missing(daemon: Served) -> tuple[str, str]:
    return link(daemon, {"id": "inv_none"}), "No such invoice"


SCENES: tuple[Scene, ...] = (
    waiting, german_with_a_memo, partial, seen, over, marked, reversed_and_replaced, invalid, late, closed,
    missing,
)  # fmt: skip
"""In this order: after `late` every invoice is, and after `closed` none can be made."""


async def test_everybody_can_use_it_in_every_state(daemon: Served, browser: Browser) -> None:
    async with browser.tab() as tab:
        for scene in SCENES:
            url, heading = await scene(daemon)
            assert await tab(show, url, scene.__name__) == heading
        tab.complaints.remove("Failed to load resource: the server responded with a status of 404 ()")


async def test_the_time_runs_out_while_the_payer_looks_on(
    daemon: Served, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And with the daemon away just then: what there was to pay by is gone all the same."""
    invoice = await daemon.invoice()
    async with browser.tab() as tab:
        looks: list[str] = []

        def away(route: Route) -> None:
            looks.append(route.request.url)
            route.abort()

        await tab(lambda page: page.clock.install())
        await tab(lambda page: page.goto(link(daemon, invoice)))
        before = await tab(lambda page: page.inner_text("[role=timer]"))
        await tab(lambda page: page.clock.run_for(60_000))
        after = await tab(lambda page: page.inner_text("[role=timer]"))
        assert (before[:3], after[:3]) in (("14:", "13:"), ("15:", "14:"))
        await tab(lambda page: page.route("**/i/*", away))
        await tab(lambda page: page.clock.fast_forward(15 * 60_000))
        await tab(lambda page: expect(page.locator("h1")).to_have_text("The time is up"))
        await tab(lambda page: expect(page.locator("#lost")).to_have_text("Connection lost; trying again."))
        assert await tab(lambda page: page.locator("#address, .copy, .pay >> visible=true").count()) == 0
        await tab(look_through, "time_up_lost")
        for _ in range(20):
            await tab(lambda page: page.clock.run_for(1_000))
        assert 2 <= len(looks) <= 8
        monkeypatch.setattr(checkout, "system_clock", lambda: system_clock() + HOUR_MS)
        await tab(lambda page: page.unroute("**/i/*"))
        await tab(goes_on_until_nothing_is_lost)
        assert await tab(lambda page: page.locator(".pay").count()) == 0
        await tab(look_through, "time_up")
        assert all("ERR_FAILED" in one for one in tab.complaints), tab.complaints
        tab.complaints.clear()


def goes_on_until_nothing_is_lost(page: Page) -> None:
    """Let the page's time go by: how long it waits before it tries again has grown meanwhile."""
    for _ in range(10 * BOUND_S):
        page.clock.run_for(1_000)
        if page.inner_text("#lost") == "":
            return
        page.wait_for_timeout(100)
    raise AssertionError("it never tried again")


def show(page: Page, at: str, name: str) -> str:
    """Open a page, look through it, and return its heading."""
    page.goto(at)
    look_through(page, name)
    return page.inner_text("h1")
