"""How a page is looked through: by axe-core for what keeps people from using it, and by eye."""

import os
from functools import cache
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page

from tests.support.waiting import BOUND_S

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDE = {"width": 1024, "height": 800}
PHONE = {"width": 360, "height": 740}

DRAWN = """bound_ms => new Promise((drawn, failed) => {
    setTimeout(() => failed(new Error("nothing was drawn")), bound_ms);
    new PerformanceObserver((list) => {
        const first = list.getEntriesByName("first-contentful-paint")[0];
        if (first) drawn(first.startTime);
    }).observe({type: "paint", buffered: true});
})"""

SCREENSHOTS = os.environ.get("PAYDAEMON_SCREENSHOTS")
"""Where `make screenshots` wants them; otherwise none are made."""


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8")


def look_through(page: Page, name: str) -> None:
    """Fail where anybody could not use the page, in either theme; and where it is wider than a phone."""
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        assert faults(page) == [], (name, theme)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], name
        if SCREENSHOTS:
            _take(page, f"{name}-{theme}")
    page.emulate_media(color_scheme="light")


def drawn_ms(page: Page) -> float:
    """Wait until something of the page is drawn; returns how long that took since it was asked for."""
    return float(page.evaluate(DRAWN, 1_000 * BOUND_S))


def faults(page: Page) -> list[str]:
    """What axe-core finds in the page, but not in pages inside of it, in one line each."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(_axe())
    found: dict[str, Any] = page.evaluate("rules => axe.run({runOnly: rules, iframes: false})", RULES)
    return [
        f"{rule['id']}: {node['html']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def _take(page: Page, name: str) -> None:
    folder = Path(str(SCREENSHOTS))
    folder.mkdir(parents=True, exist_ok=True)
    for size, viewport in (("phone", PHONE), ("wide", WIDE)):
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        page.screenshot(path=folder / f"{name}-{size}.png", full_page=True)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
