"""What a payer's page costs: its bytes, what a browser waits for until it shows, and 500 who watch.

Run alone: ``python bench/pages.py [--watchers N] [--turns N]``. The page is that of an invoice with two ways
to pay. A browser (Debian's Chromium) opens it afresh in turns, once with everything and once with every
script held back until it has been drawn: what is drawn then took the document alone. Who watches has a
websocket of one invoice each, at a daemon in a process of its own on the Hedera sandbox.
"""

import argparse
import re
import sys
import tempfile
from pathlib import Path
from statistics import median

import trio
from playwright.sync_api import Page, Request, Route

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the harness that runs a daemon is the tests' own

from paydaemon_hedera.sandbox.running import Options, Running  # noqa: E402
from tests.pages.looking import drawn_ms  # noqa: E402
from tests.soak.vitals import Vitals  # noqa: E402
from tests.soak.watchers import invoices, settle, tables, watching  # noqa: E402
from tests.support.browser import Browser, program  # noqa: E402
from tests.support.daemon import running  # noqa: E402
from tests.support.served import Served, served  # noqa: E402

MIB_IN_MB = 1.048576
BYTES = "bytes of the page: the document, {} scripts, all of it"


def show(what: str, value: str) -> None:
    """One row."""
    print(f"{what:<64} {value:>32}", flush=True)


async def weigh(daemon: Served, path: str) -> None:
    """Everything that a browser loads which has nothing of it yet, uncompressed."""
    async with daemon.client("") as client:
        page = await client.get(path)
        names = re.findall(r'(?:src|href)="\.\.(/assets/[^"]+)"', page.text)
        scripts = [len((await client.get(name)).content) for name in names]
    document, all_scripts = len(page.content), sum(scripts)
    show(BYTES.format(len(scripts)), f"{document:,} + {all_scripts:,} = {document + all_scripts:,}")


def first_look(page: Page, url: str, *, scripts: bool) -> tuple[float, int]:
    """Milliseconds until something is drawn, and how many requests had been answered by then."""
    answered: list[Request] = []
    held: list[Route] = []

    def note(request: Request) -> None:
        answered.append(request)

    def hold(route: Route) -> None:
        held.append(route)

    page.on("requestfinished", note)
    if not scripts:
        page.route("**/assets/**", hold)
    page.goto(url, wait_until="commit")
    took_ms, count = drawn_ms(page), len(answered)
    for route in held:
        route.continue_()
    page.wait_for_load_state()
    return took_ms, count


async def draw(browser: Browser, url: str, turns: int) -> None:
    """Both ways in turn."""
    took_ms: dict[bool, list[float]] = {True: [], False: []}
    most = 0
    for scripts in (True, False) * turns:
        async with browser.tab() as tab:
            each_ms, answered = await tab(first_look, url, scripts=scripts)
        took_ms[scripts].append(each_ms)
        most = max(most, 0 if scripts else answered)
    alone, whole = median(took_ms[False]), median(took_ms[True])
    show("requests answered until the first look, scripts held back", str(most))
    shown = f"{alone:.0f}, {whole:.0f} ms; {alone / whole:.2f}"
    show("first look, median: scripts held back, not held; ratio", shown)


async def watch(folder: Path, watchers: int) -> None:
    """Memory with so many payers, before and after each was told something."""
    with Running(Options()) as sandbox:
        async with running(folder, tables(sandbox, watchers)) as daemon:
            ids = await invoices(daemon, watchers)
            idle = Vitals.of(daemon.pid)
            async with watching(daemon, ids) as streams:
                full = Vitals.of(daemon.pid)
                await settle(daemon, ids, streams)
                told = Vitals.of(daemon.pid)
    show(
        f"memory before {watchers} watchers, with them, all told",
        f"{idle.rss_mib}, {full.rss_mib}, {told.rss_mib} MiB",
    )
    above_mb = MIB_IN_MB * (max(full.rss_mib, told.rss_mib) - idle.rss_mib)
    show("  above that before", f"{above_mb:.0f} MB")


async def main(watchers: int, turns: int) -> None:
    """All three."""
    browser = Browser(program())
    with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as folder:
        async with served(Path(ours), log_requests=False) as daemon:
            path = f"/i/{(await daemon.invoice(chains=['bitcoin', 'hedera']))['id']}"
            await weigh(daemon, path)
            browser.start()
            try:
                await draw(browser, f"http://127.0.0.1:{daemon.port}{path}", turns)
            finally:
                browser.stop()
        await watch(Path(folder), watchers)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--watchers", type=int, default=500)
    parser.add_argument("--turns", type=int, default=9)
    chosen = parser.parse_args()
    trio.run(main, chosen.watchers, chosen.turns)
