"""The checkout page in every state: what it says, that everybody can use it, and what it takes to load.

`make screenshots` keeps a picture of each.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Page

from paydaemon.engine.clock import system_clock
from paydaemon.frontends.routes import checkout
from tests.pages.desk import DUE, HOUR_MS, expire, link, mark, pay
from tests.pages.looking import look_through
from tests.support.browser import Browser
from tests.support.served import Json, Served

BOTH = ["bitcoin", "hedera"]
RETURN_URL = "https://shop.example/thanks"

Scene = Callable[[Served], Awaitable[tuple[Json, str]]]


async def waiting(daemon: Served) -> tuple[Json, str]:
    return await daemon.invoice(chains=BOTH), "Waiting for your payment"


async def partial(daemon: Served) -> tuple[Json, str]:
    invoice = await daemon.invoice(chains=BOTH)
    await pay(daemon, invoice, DUE // 3)
    return invoice, "Part of the amount has arrived"


async def seen(daemon: Served) -> tuple[Json, str]:
    invoice = await daemon.invoice(return_url=RETURN_URL)
    await pay(daemon, invoice)
    await daemon.engine.bitcoin.mine(3)
    return invoice, "Payment seen, waiting for confirmations"


async def over(daemon: Served) -> tuple[Json, str]:
    invoice = await daemon.invoice(return_url=RETURN_URL)
    await pay(daemon, invoice, 2 * DUE)
    await daemon.engine.bitcoin.mine(6)
    return invoice, "Paid"


async def replaced(daemon: Served) -> tuple[Json, str]:
    invoice = await daemon.invoice()
    paid = await pay(daemon, invoice)
    await daemon.engine.bitcoin.spoil(paid, cast(Any, "replaced"), "another")
    return invoice, "Waiting for your payment"


async def late(daemon: Served) -> tuple[Json, str]:
    invoice = await daemon.invoice(return_url=RETURN_URL)
    await expire(daemon)
    await pay(daemon, invoice, DUE // 2)
    return invoice, "Expired"


async def invalid(daemon: Served) -> tuple[Json, str]:
    invoice = await daemon.invoice()
    await mark(daemon, invoice, "invalid")
    return invoice, "Invalid"


async def closed(daemon: Served) -> tuple[Json, str]:
    invoice = await daemon.invoice()
    del cast(dict[str, Any], daemon.engine.live_chains)["bitcoin"]
    return invoice, "Not to be paid at present"


SCENES: tuple[Scene, ...] = (waiting, partial, seen, over, replaced, invalid, late, closed)


async def test_everybody_can_use_it_in_every_state(daemon: Served, browser: Browser) -> None:
    async with browser.tab() as tab:
        for scene in SCENES:
            invoice, heading = await scene(daemon)
            shown = await tab(lambda page, at=link(daemon, invoice), name=scene.__name__: show(page, at, name))
            assert shown == heading


def show(page: Page, at: str, name: str) -> str:
    """Open a page, look through it, and return its heading."""
    page.goto(at)
    look_through(page, name)
    return page.inner_text("h1")
