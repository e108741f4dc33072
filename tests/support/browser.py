"""A real browser, headless: Debian's Chromium, driven by Playwright.

Playwright's library wants a thread of its own, and the tests' loop is trio's; so everything that is done in
the browser is a function, handed over to that thread. One browser serves all tests of a process, each in a
context of its own: cookies, storage, language and size are its alone.
"""

import os
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import pytest
import trio
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.support.waiting import BOUND_S

ROOT = Path(__file__).parents[2]
PHONE = {"width": 360, "height": 740}

P = ParamSpec("P")
T = TypeVar("T")


class Browser:
    """A running Chromium, and the one thread that may speak to it."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._thread = ThreadPoolExecutor(1, "browser")
        self._chromium: Chromium

    def start(self) -> None:
        """Start it."""
        self._thread.submit(self._start).result()

    def stop(self) -> None:
        """End it, and its driver."""
        self._thread.submit(self._stop).result()
        self._thread.shutdown()

    async def do(self, work: Callable[[], T]) -> T:
        """Have something done in the browser's thread, while the tests' own loop goes on."""
        return await trio.to_thread.run_sync(self._thread.submit(work).result)

    @asynccontextmanager
    async def tab(self, **settings: Any) -> AsyncIterator["Tab"]:
        """A page of a fresh context: a phone's size, English and a light theme unless `settings` say else.

        Fails in the end if anything was an error to the browser, such as what a policy did not allow.
        """
        tab = await self.do(lambda: self._open({"viewport": PHONE, "locale": "en-GB", **settings}))
        try:
            yield tab
        finally:
            await self.do(tab.context.close)
        assert not tab.complaints, tab.complaints

    def _start(self) -> None:
        expect.set_options(timeout=1_000 * BOUND_S)
        self._playwright = sync_playwright().start()
        self._chromium = self._playwright.chromium.launch(executable_path=self._program)

    def _stop(self) -> None:
        self._chromium.close()
        self._playwright.stop()

    def _open(self, settings: dict[str, Any]) -> "Tab":
        context = self._chromium.new_context(**settings)
        context.set_default_timeout(1_000 * BOUND_S)
        return Tab(self, context)


class Tab:
    """One page. Calling it does something with the page; `complaints` are the browser's errors so far."""

    def __init__(self, browser: Browser, context: BrowserContext) -> None:
        self._browser = browser
        self.context = context
        self.page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    async def __call__(self, work: Callable[Concatenate[Page, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do something with the page, and return what it returns."""
        return await self._browser.do(lambda: work(self.page, *args, **kwargs))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The one browser of this process."""
    running = Browser(program())
    running.start()
    yield running
    running.stop()


def program() -> str:
    """The browser's program: the one named by the environment, or Debian's."""
    return os.environ.get("PAYDAEMON_CHROMIUM") or _fetched()


def _fetched() -> str:
    done = subprocess.run([ROOT / "tools" / "get-chromium"], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()
