"""A daemon that is paid on the Hedera sandbox, with wallets on its checkout page, and what payers do."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trio
from playwright.sync_api import Page, expect

from paydaemon_hedera.sandbox import adapter
from paydaemon_hedera.sandbox.running import Options, Running
from tests.support.daemon import Daemon, Json
from tests.support.hederanet import NODES, settings

ALICE = "0.0.1002"
ODD = Path(__file__).parent / "oddwallet.js"
"""A wallet that does what a test tells it."""


@dataclass(frozen=True, slots=True)
class Purse:
    """Both, and what tests do with them."""

    sandbox: Running
    daemon: Daemon

    async def invoice(self, **fields: Any) -> Json:
        """An invoice over 12.50 EUR, with the option in HBAR put in front."""
        body = {"amount": "12.50", "currency": "EUR", "seller_id": "shop", **fields}
        made = await self.daemon.call("POST", "/v1/invoices", body)
        made["hbar"] = next(one for one in made["options"] if one["symbol"] == "HBAR")
        return made

    def link(self, invoice: Json, query: str = "") -> str:
        """The page, with HBAR as the way to pay."""
        number = 1 + [one["symbol"] for one in invoice["options"]].index("HBAR")
        return f"{self.daemon.api}/i/{invoice['id']}?way={number}{query}"

    def taken(self, invoice: Json) -> int:
        """How many transactions to an invoice nodes have taken."""
        memo = invoice["hbar"]["destination"]["memo"].encode()
        with self.sandbox.network.lock:
            given = [one.raw for one in self.sandbox.network.submissions if one.name is not None]
        return sum(memo in raw for raw in given)


@contextmanager
def purse(folder: Path, scripts: Sequence[Path] = (), **relay: Any) -> Iterator[Purse]:
    """Bring both up: with the sandbox's own wallet, and these."""
    with Running(Options(nodes=NODES, consensus_delay_s=0.1)) as sandbox:
        own = folder / "sandbox-wallet.js"
        own.write_text(adapter.script(sandbox.mirror_url, 1002), encoding="utf-8")
        wallets = [str(path) for path in (own, *scripts)]
        checkout = {"wallets": wallets, "wallet_origins": [sandbox.mirror_url]}
        daemon = Daemon(folder, {**settings(sandbox), "relay": relay, "checkout": checkout})
        try:
            trio.run(daemon.start)
            yield Purse(sandbox, daemon)
            trio.run(daemon.stop)
            assert daemon.errors() == []
        finally:
            trio.run(daemon.kill)


def press(page: Page, wallet: str = "Sandbox wallet") -> None:
    """Ask for the payment to be made with that wallet."""
    page.click(f"button[data-wallet='{wallet}']")


def said(page: Page, text: str) -> None:
    """Wait until that is what the payer is told of the wallet."""
    expect(page.locator("#wallet-said")).to_contain_text(text)


def heading(page: Page, text: str) -> None:
    """Wait until that is the page's heading."""
    expect(page.locator("h1")).to_have_text(text)


def opened(page: Page, url: str, *, confirming: bool = True) -> None:
    """Open a page, whose payer says yes or no to whatever a wallet asks."""
    page.on("dialog", lambda dialog: dialog.accept() if confirming else dialog.dismiss())
    page.goto(url)
    page.wait_for_selector("#wallet:not([hidden])")
