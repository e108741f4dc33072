"""The sandbox: a regtest network of one node, a miner with money, and a seller's keys nobody needs again."""

import secrets
import shlex
from collections.abc import Sequence
from pathlib import Path

import trio
from embit.bip32 import HDKey
from embit.networks import NETWORKS

from paydaemon.hooks.ports import PayTo
from paydaemon.hooks.sandbox import SandboxFacts
from paydaemon_bitcoin.descriptors import Network, parse
from paydaemon_bitcoin.regtest import MINER, RegtestNode, btc

PRICES = {"BTC/EUR": "60000.00", "BTC/USD": "65000.00", "BTC/CHF": "58000.00"}
"""Prices to quote at; nobody trades on a regtest network."""

_ACCOUNT = "84h/1h/0h"  # BIP-84, the coin of every test network


class BitcoinSandbox:
    """A local Bitcoin network (`paydaemon.hooks.ports.Sandbox`)."""

    def __init__(self) -> None:
        self._node: RegtestNode | None = None

    @property
    def node(self) -> RegtestNode:
        """The node, while the sandbox runs."""
        if self._node is None:
            raise RuntimeError("the sandbox does not run")
        return self._node

    async def run(
        self, folder: Path, *, task_status: trio.TaskStatus[SandboxFacts] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Run the network inside `folder` until cancelled. Raises `NodeFailed` where the node ends first."""
        async with RegtestNode(folder) as node:
            await node.prepare()
            self._node = node
            try:
                task_status.started(self._facts(node))
                await node.wait()
            finally:
                self._node = None

    async def pay(self, to: PayTo) -> str:
        """Pay that much to a destination; returns the transaction's id."""
        return await self.node.pay(to.address, to.amount_minor)

    async def finalise(self, confirmations: int) -> None:
        """Mine that many blocks."""
        await self.node.mine(confirmations)

    def how_to_pay(self, to: PayTo) -> Sequence[str]:
        """The shell commands by which a person pays that much and finalises it."""
        send = self.node.cli(f"-rpcwallet={MINER}", "sendtoaddress", to.address, btc(to.amount_minor))
        mine = self.node.cli(f"-rpcwallet={MINER}", "-generate", "6")
        return [shlex.join(send), shlex.join(mine)]

    def _facts(self, node: RegtestNode) -> SandboxFacts:
        return SandboxFacts(
            prices=PRICES,
            settings={"plugin": "bitcoin", **node.settings, "descriptor": seller_descriptor()},
            public={"rpc": node.public_url, "wallet": MINER},
            pids={"bitcoind": node.pid},
        )


def seller_descriptor(kind: str = "wpkh") -> str:
    """A fresh watch-only descriptor for a test network. Its private keys are forgotten on return."""
    root = HDKey.from_seed(secrets.token_bytes(32), version=NETWORKS["regtest"]["xprv"])
    account = root.derive(f"m/{_ACCOUNT}").to_public(NETWORKS["regtest"]["xpub"])
    text = f"{kind}([{root.my_fingerprint.hex()}/{_ACCOUNT}]{account.to_base58()}/0/*)"
    return parse(text, Network.REGTEST).canonical
