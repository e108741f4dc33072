"""The sandbox: a regtest network with a payer who has money, and a seller's view-only wallet."""

import json
import shlex
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import trio

from paydaemon.hooks.ports import PayTo
from paydaemon.hooks.sandbox import SandboxFacts
from paydaemon_monero.programs import Program
from paydaemon_monero.regtest import Regtest
from paydaemon_monero.rpc import JSON_RPC

PRICES = {"XMR/EUR": "150.00", "XMR/USD": "165.00", "XMR/CHF": "145.00"}
"""Prices to quote at; nobody trades on a regtest network."""


class MoneroSandbox:
    """A local Monero network (`paydaemon.hooks.sandbox.Sandbox`, and all further ports but `Replaces`).

    Nothing replaces a transaction on Monero: one that is in the pool stays, or is forgotten.
    """

    def __init__(self) -> None:
        self._net: Regtest | None = None

    @property
    def net(self) -> Regtest:
        """The network, while the sandbox runs."""
        if self._net is None:
            raise RuntimeError("the sandbox does not run")
        return self._net

    async def run(
        self, folder: Path, *, task_status: trio.TaskStatus[SandboxFacts] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Run it inside `folder` until cancelled. Raises `ProgramFailed` where some of it ends first."""
        async with Regtest(folder) as net:
            self._net = net
            try:
                task_status.started(self._facts(net))
                await net.wait()
            finally:
                self._net = None

    async def pay(self, to: PayTo) -> str:
        """Pay that much to a destination; returns the transaction's id."""
        return await self.pay_all([to])

    async def pay_all(self, to: Sequence[PayTo]) -> str:
        """Pay all of them in one transaction; returns its id."""
        return await self.net.pay(*((one.address, one.amount_minor) for one in to))

    async def finalise(self, confirmations: int) -> None:
        """Mine that many blocks."""
        await self.net.mine(confirmations)

    async def reorganise(self, depth: int, *, lost: Collection[str] = ()) -> None:
        """Another branch of empty blocks; what the others held waits in the pool, but for what is `lost`."""
        await self.net.reorganise(depth, lost)

    async def go_away(self) -> None:
        """Stop the seller's wallet, by which alone the daemon sees anything. The node goes on."""
        await self.net.seller.stop()

    async def come_back(self) -> None:
        """Start it again, on the same file and port."""
        await self.net.seller.start()

    def how_to_pay(self, to: PayTo) -> Sequence[str]:
        """The shell commands by which a person pays that much and finalises it."""
        destination = {"address": to.address, "amount": to.amount_minor}
        mine = {"amount_of_blocks": 10, "wallet_address": self.net.payer_address}
        return [
            _curl(self.net.payer, "transfer", {"destinations": [destination]}),
            _curl(self.net.node, "generateblocks", mine),
        ]

    def _facts(self, net: Regtest) -> SandboxFacts:
        return SandboxFacts(
            prices=PRICES,
            settings={"plugin": "monero", **net.settings},
            public={"monerod": net.node.url, "payer": net.payer.url, "wallet": net.seller.url},
            pids={"monerod": net.node.pid, "monero-payer": net.payer.pid, "monero-wallet": net.seller.pid},
            about="a monerod of its own in regtest mode, which mines when it is told to",
        )


def _curl(program: Program, method: str, params: Mapping[str, object]) -> str:
    body = json.dumps({"jsonrpc": "2.0", "id": "0", "method": method, "params": params})
    return shlex.join(
        ["curl", "-s", f"{program.url}{JSON_RPC}", "-H", "Content-Type: application/json", "-d", body]
    )
