"""The sandbox as ``paydaemon demo`` and tests use it: `paydaemon.hooks.sandbox.Sandbox`."""

import base64
import json
import shlex
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import trio

from paydaemon.hooks.ports import PayTo
from paydaemon.hooks.sandbox import SandboxFacts, SandboxWallet
from paydaemon_hedera.sandbox import adapter
from paydaemon_hedera.sandbox.genesis import USDC
from paydaemon_hedera.sandbox.ledger import HBAR
from paydaemon_hedera.sandbox.names import entity, number
from paydaemon_hedera.sandbox.running import Options, Running

PRICES = {"HBAR/EUR": "0.11", "HBAR/USD": "0.12", "HBAR/CHF": "0.10", "USDC/EUR": "0.90", "USDC/USD": "1.00"}
"""Prices to quote at; nobody trades here."""

ODD_MEMOS = (None, "nobody's", " ", "\u202e\u200b", "'; --", "\N{PILE OF POO}" * 25)
"""The last has 100 bytes, which is a memo's most."""
PAYER = 1002
CONSENSUS_DELAY_S = 0.2


class HederaSandbox:
    """A local Hedera network, in threads of this process."""

    def __init__(self, options: Options | None = None) -> None:
        self._options = options or Options(consensus_delay_s=CONSENSUS_DELAY_S)
        self._running: Running | None = None

    @property
    def running(self) -> Running:
        """The network, while the sandbox runs."""
        if self._running is None:
            raise RuntimeError("the sandbox does not run")
        return self._running

    async def run(
        self, folder: Path, *, task_status: trio.TaskStatus[SandboxFacts] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Run until cancelled; nothing is written to `folder`. Raises `OSError` where a port is taken."""
        running = Running(self._options)
        try:
            await trio.to_thread.run_sync(running.start)
            self._running = running
            task_status.started(self._facts(running))
            await trio.sleep_forever()
        finally:
            self._running = None
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(running.stop)

    async def pay(self, to: PayTo) -> str:
        """Pay that much to a destination; returns the transaction's id. Raises `Refused`."""
        token = HBAR if to.asset_code == "HBAR" else USDC
        pay = partial(self.running.pay, PAYER, number(to.address), to.amount_minor, token, to.memo or "")
        name = await trio.to_thread.run_sync(pay)
        return str(name)

    def astray(self, to: PayTo) -> Sequence[PayTo]:
        """To the same account: without a memo, with nobody's, and with the oddest ones that nodes take."""
        return [replace(to, memo=memo) for memo in ODD_MEMOS]

    async def sign(self, to: PayTo) -> str:
        """The same, signed and not handed in: what a wallet gives, in base64."""
        token = HBAR if to.asset_code == "HBAR" else USDC
        signed = self.running.signed(PAYER, number(to.address), to.amount_minor, token, to.memo or "")
        return base64.b64encode(signed).decode("ascii")

    async def finalise(self, confirmations: int) -> None:
        """Nothing is to be done: consensus comes by itself, once, and is final."""

    async def go_away(self) -> None:
        """The mirror node answers nobody: what is paid is paid, and cannot be seen."""
        self.running.is_mirror_down = True

    async def come_back(self) -> None:
        """It answers again."""
        self.running.is_mirror_down = False

    def how_to_pay(self, to: PayTo) -> Sequence[str]:
        """The shell command by which a person pays that much."""
        order = {"payee": to.address, "amount_minor": str(to.amount_minor), "memo": to.memo or ""}
        if to.asset_code != "HBAR":
            order["token"] = entity(USDC)
        url = f"{self.running.mirror_url}/sandbox/pay"
        header = "Content-Type: application/json"
        return [shlex.join(["curl", "-s", url, "-H", header, "-d", json.dumps(order)])]

    def _facts(self, running: Running) -> SandboxFacts:
        public = running.facts
        settings = {
            "plugin": "hedera",
            "network": "local",
            "account": public["payee"],
            "mirror_url": public["mirror"],
            "nodes": {account: address for address, account in public["nodes"].items()},
            "tokens": [{"id": entity(USDC), "symbol": "USDC", "decimals": 6}],
            "poll_interval_s": 0.5,
        }
        wallet = SandboxWallet(adapter.script(running.mirror_url, PAYER), running.mirror_url)
        about = "a sandbox of nodes and a mirror node, which check what a real network checks"
        return SandboxFacts(settings=settings, prices=PRICES, public=public, wallet=wallet, about=about)
