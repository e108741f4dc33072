"""The desk in a real browser: that everybody can use each of its pages, in both themes on a phone, by the
keyboard alone, and without a script; and that what is done there is done.

`make screenshots` keeps a picture of each.
"""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, Request, expect

from tests.deliveries.played import refuses
from tests.desk.shop import paid, pay
from tests.pages.looking import look_through
from tests.pages.test_keyboard import FOCUSED, step_to
from tests.support.browser import Browser
from tests.support.served import Json, Served
from tests.support.waiting import until

PAGES = (
    "invoices", "payments", "payments?unmatched=true", "volume", "exports", "rates", "chains", "deliveries",
    "plugins", "sessions", "invoices?q=nothing+of+this+kind", "invoices?seller=%21", "no/such/page",
)  # fmt: skip

NAMED = re.compile(r"[^a-z]+(?:[a-z0-9]{24})?")
"""What of a path is no name for a picture."""

AWAY = re.compile(r"^No answer since \d\d:\d\d:\d\d UTC; what is shown may be out of date\.$")

LONG = "A note that goes on and on, as notes of orders do, " * 4 + "x" * 120


def at(daemon: Served, path: str = "") -> str:
    """Where a page of the desk is for a browser on this machine."""
    return f"http://127.0.0.1:{daemon.port}/desk/{path}"


async def do_business(daemon: Served) -> tuple[Json, str]:
    """A shop with something of everything; returns an invoice, and a payment of nobody."""
    async with daemon.client() as client:
        asked = {"url": "https://shop.example/", "seller_id": "shop"}
        hook = (await client.post("/v1/webhooks", json=asked)).json()
        daemon.engine.notifier.says[hook["id"]] = refuses
        invoice = await paid(
            daemon, note=LONG, metadata={"order": "2026-0117"}, buyer={"email": "a@b.example"}
        )
        await paid(daemon, note="Two coffees")
        await daemon.invoice(note="Waiting", chains=["bitcoin", "hedera"])
        await pay(daemon, await daemon.invoice(note="In part"), 5_000)
        await pay(daemon, await daemon.invoice(amount="1000000", note="Too much"), 2_000_000_000)
        await daemon.engine.pay(("to nobody", 20_834))

        async def is_parked() -> bool:
            found = (await client.get(f"/v1/deliveries?state=parked&target={hook['id']}")).json()
            return bool(found["data"])

        await until(is_parked)
        [stray] = (await client.get("/v1/payments?unmatched=true")).json()["data"]
    return invoice, stray["id"]


def log_in(daemon: Served, key: str) -> Callable[[Page], None]:
    """By typing the key, as somebody does."""

    def typed(page: Page) -> None:
        page.goto(at(daemon))
        expect(page.locator("#key")).to_be_focused()
        page.keyboard.type(key)
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Overview")

    return typed


def look_at(page: Page, url: str, name: str) -> None:
    """Open a page, and all that can be opened on it, and look through it."""
    page.goto(url)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    look_through(page, name)


async def test_everybody_can_use_every_page(daemon: Served, browser: Browser) -> None:
    invoice, stray = await do_business(daemon)
    async with browser.tab() as tab:
        await tab(lambda page: page.goto(at(daemon, "login")))
        await tab(look_through, "desk-login")
        await tab(lambda page: page.fill("#key", "wrong"))
        await tab(lambda page: page.keyboard.press("Enter"))
        await tab(lambda page: expect(page.locator("#problem")).to_be_visible())
        await tab(look_through, "desk-login-refused")
        await tab(log_in(daemon, daemon.key))
        await tab(look_through, "desk-overview")
        one = f"invoices/{invoice['id']}"
        for path in (*PAGES, one, f"payments/{stray}", f"{one}/mark?status=invalid"):
            await tab(look_at, at(daemon, path), f"desk-{NAMED.sub('-', path)[:24]}")
        await tab(lambda page: page.goto(at(daemon, "deliveries?state=parked")))
        await tab(lambda page: page.click("tbody th a[href*='deliveries/']"))
        await tab(look_through, "desk-delivery")
        for told in ("400", "403", "404"):
            tab.complaints.remove(f"Failed to load resource: the server responded with a status of {told} ()")


async def test_what_is_done_at_the_desk_is_done(daemon: Served, browser: Browser, tmp_path: Path) -> None:
    invoice, stray = await do_business(daemon)
    meant = await daemon.invoice()
    async with browser.tab(accept_downloads=True) as tab:
        await tab(log_in(daemon, daemon.key))
        await tab(lambda page: page.goto(at(daemon, f"payments/{stray}")))
        await tab(lambda page: page.fill("#invoice_id", meant["id"]))
        await tab(lambda page: page.click("text=Assign"))
        await tab(lambda page: expect(page.locator("h1")).to_contain_text("12.50 EUR"))
        await tab(lambda page: page.click("text=Mark invalid"))
        await tab(lambda page: expect(page.locator("h1")).to_have_text("Mark this invoice invalid?"))
        await tab(lambda page: page.click("text=Mark it invalid"))
        await tab(lambda page: expect(page.locator("h1")).to_contain_text("marked by hand"))
        await tab(lambda page: page.goto(at(daemon, "invoices")))
        await tab(lambda page: page.fill("#q", "2026-0117"))
        await tab(lambda page: page.keyboard.press("Enter"))
        await tab(lambda page: expect(page.locator("tbody th a")).to_have_text(invoice["id"]))
        await tab(lambda page: page.goto(at(daemon, "exports")))
        await tab(save, tmp_path / "payments.csv")
        await tab(lambda page: page.goto(at(daemon, "sessions")))
        await tab(lambda page: page.click("text=Log out"))
        await tab(lambda page: expect(page.locator("#key")).to_be_visible())
        await tab(lambda page: page.goto(at(daemon, "invoices")))
        await tab(lambda page: expect(page.locator("#key")).to_be_visible())
    written = (tmp_path / "payments.csv").read_bytes().decode()
    lines = list(csv.DictReader(io.StringIO(written, newline="")))
    assert invoice["id"] in {line["invoice_id"] for line in lines}


def save(page: Page, file: Path) -> None:
    """Take what the button gives."""
    with page.expect_download() as download:
        page.click("text=CSV")
    assert download.value.suggested_filename == "payments.csv"
    download.value.save_as(file)


async def test_nothing_needs_a_script(daemon: Served, browser: Browser) -> None:
    invoice = await daemon.invoice()
    async with browser.tab(java_script_enabled=False) as tab:
        await tab(lambda page: page.goto(at(daemon, f"invoices/{invoice['id']}")))
        await tab(lambda page: page.fill("#key", daemon.key))
        await tab(lambda page: page.click("button"))
        await tab(lambda page: expect(page).to_have_url(at(daemon, f"invoices/{invoice['id']}")))
        await tab(lambda page: page.click("text=Mark settled"))
        await tab(lambda page: page.click("text=Mark it settled"))
        await tab(lambda page: expect(page.locator("h1")).to_contain_text("settled"))


async def test_a_page_that_is_looked_at_follows_what_happens(daemon: Served, browser: Browser) -> None:
    """It says so where nobody answers, and is left once its session is over; and no look keeps one going."""
    invoice = await daemon.invoice()
    looks: list[str | None] = []
    async with browser.tab() as tab:
        await tab(log_in(daemon, daemon.key))
        await tab(lambda page: page.clock.install())
        await tab(lambda page: page.on("request", lambda request: note(looks, request)))
        await tab(lambda page: page.goto(at(daemon, f"invoices/{invoice['id']}")))
        await tab(lambda page: expect(page.locator("h1")).to_contain_text("waiting"))
        await pay(daemon, invoice)
        await tab(later)
        await tab(lambda page: expect(page.locator("h1")).to_contain_text("settled"))
        await tab(lambda page: page.context.set_offline(True))
        await tab(later)
        await tab(lambda page: expect(page.get_by_role("status")).to_have_text(AWAY))
        await tab(lambda page: page.context.set_offline(False))
        await tab(later)
        await tab(lambda page: expect(page.locator("#away")).to_be_empty())
        await tab(leave_by_another_tab, at(daemon, "exports"))
        await tab(later)
        await tab(lambda page: expect(page.locator("#key")).to_be_visible())
        tab.complaints.remove("Failed to load resource: net::ERR_INTERNET_DISCONNECTED")
    assert len(looks) >= 3
    assert set(looks) == {"1"}


def later(page: Page) -> None:
    """When a page has looked once more."""
    page.clock.run_for(11_000)


def note(looks: list[str | None], request: Request) -> None:
    """Note what a page's script says of itself."""
    if request.resource_type == "fetch" and request.redirected_from is None:
        looks.append(request.headers.get("x-desk-live"))


def leave_by_another_tab(page: Page, url: str) -> None:
    """Log out in a page that is not brought up to date, and see what was open there too go."""
    with page.context.new_page() as other, page.context.new_page() as third:
        third.clock.install()
        third.goto(url)
        other.goto(url)
        other.click("text=Log out")
        third.clock.run_for(16_000)
        expect(third.locator("#key")).to_be_visible()


async def test_a_sellers_desk_has_what_is_the_sellers(daemon: Served, browser: Browser) -> None:
    await do_business(daemon)
    async with browser.tab() as tab:
        await tab(log_in(daemon, daemon.keys["shop"]))
        await tab(look_through, "desk-seller")
        names = await tab(lambda page: page.locator("nav a").all_inner_texts())
    assert names == ["Overview", "Invoices", "Payments", "Volume", "Exports", "Sessions"]


async def test_an_invoice_is_marked_by_the_keyboard_alone(daemon: Served, browser: Browser) -> None:
    invoice = await daemon.invoice()
    async with browser.tab() as tab:
        await tab(log_in(daemon, daemon.key))
        await tab(step_to, ".skip")
        await tab(lambda page: page.keyboard.press("Enter"))
        assert await tab(lambda page: page.evaluate("document.activeElement.id")) == "main"
        await tab(step_to, f"[href*='{invoice['id']}']")
        assert (await tab(lambda page: page.evaluate(FOCUSED)))[1], "nobody sees where the focus is"
        await tab(lambda page: page.keyboard.press("Enter"))
        await tab(lambda page: expect(page.locator("h1")).to_contain_text("waiting"))
        await tab(step_to, "form[action$=mark] button")
        await tab(lambda page: page.keyboard.press("Enter"))
        await tab(lambda page: expect(page.locator("h1")).to_contain_text("Mark this invoice"))
        await tab(step_to, "form[action$=mark] button")
        await tab(lambda page: page.keyboard.press("Enter"))
        await tab(lambda page: expect(page.locator("h1")).to_contain_text("marked by hand"))
