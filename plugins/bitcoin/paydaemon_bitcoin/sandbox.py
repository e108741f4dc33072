"""The sandbox: a regtest network of one node, a miner with money, and a seller's keys nobody needs again."""

import secrets
import shlex
from collections.abc import Collection, Sequence
from pathlib import Path

import trio
from embit.bip32 import HDKey
from embit.networks import NETWORKS

from paydaemon.hooks.ports import PayTo
from paydaemon.hooks.sandbox import SandboxFacts
from paydaemon_bitcoin.descriptors import Network, parse
from paydaemon_bitcoin.regtest import MINER, NodeFailed, RegtestNode, btc

PRICES = {"BTC/EUR": "60000.00", "BTC/USD": "65000.00", "BTC/CHF": "58000.00"}
"""Prices to quote at; nobody trades on a regtest network."""

_NOT_DUST_MINOR = 1_000
"""Enough for any node to pass on."""
_COINS = 10
"""How many coins the miner begins with: of two payments neither spends what is left of the other, which a
reorganisation may take away.
"""
_ACCOUNT = "84h/1h/0h"  # BIP-84, the coin of every test network


class BitcoinSandbox:
    """A local Bitcoin network (`paydaemon.hooks.sandbox.Sandbox`, with all its further ports)."""

    def __init__(self) -> None:
        self._node: RegtestNode | None = None
        self._back: trio.Event | None = None
        self._ports = (0, 0)

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
            await node.mine(_COINS - 1)
            self._node = node
            try:
                task_status.started(self._facts(node))
                await self._until_it_fails(node)
            finally:
                self._node = None

    async def pay(self, to: PayTo) -> str:
        """Pay that much to a destination; returns the transaction's id."""
        return await self.node.pay(to.address, to.amount_minor)

    async def pay_all(self, to: Sequence[PayTo]) -> str:
        """Pay all of them in one transaction; returns its id."""
        # The wallet's own `sendmany` refuses to pay an address twice.
        payments = [(one.address, one.amount_minor) for one in to]
        return await self.node.send(await self.node.spend(await self.node.coin(), payments))

    async def replace(self, transaction_id: str) -> None:
        """Pay the miner with what it spends, for a higher fee (BIP125)."""
        await self._spend_again(transaction_id)

    async def reorganise(self, depth: int, *, lost: Collection[str] = ()) -> None:
        """Another branch, without what was in those blocks, and with double spends of what is `lost`."""
        height = await self.node.rpc.call("getblockcount")
        await self.node.rpc.call(
            "invalidateblock", await self.node.rpc.call("getblockhash", height - depth + 1)
        )
        rivals = [await self._spend_again(txid) for txid in lost]
        await self.node.mine_only(*rivals)
        for _ in range(depth):
            await self.node.mine_only()

    async def go_away(self) -> None:
        """Restart the node on other ports: whoever knows the old ones finds nobody there."""
        self._back = trio.Event()
        self._ports = self.node.rpc_port, self.node.zmq_port
        await self.node.move()

    async def come_back(self) -> None:
        """Restart it on the old ones."""
        await self.node.move(*self._ports)
        if self._back is not None:
            self._back.set()
        self._back = None

    async def finalise(self, confirmations: int) -> None:
        """Mine that many blocks."""
        await self.node.mine(confirmations)

    def how_to_pay(self, to: PayTo) -> Sequence[str]:
        """The shell commands by which a person pays that much and finalises it."""
        send = self.node.cli(f"-rpcwallet={MINER}", "sendtoaddress", to.address, btc(to.amount_minor))
        mine = self.node.cli(f"-rpcwallet={MINER}", "-generate", "6")
        return [shlex.join(send), shlex.join(mine)]

    async def _until_it_fails(self, node: RegtestNode) -> None:
        """Wait until the node ends though nobody stopped it, and raise `NodeFailed` then."""
        while True:
            try:
                await node.wait()
            except NodeFailed:
                if self._back is None:
                    raise
                await self._back.wait()

    async def _spend_again(self, transaction_id: str) -> str:
        """Replace what waits in the mempool by a transaction to the miner; returns its id."""
        back = await self.node.miner.call("getnewaddress", "", "bech32")
        rest = {"outputs": [{back: btc(_NOT_DUST_MINOR)}]}  # and change, as the wallet likes
        bumped = await self.node.miner.call("bumpfee", transaction_id, rest)
        return str(bumped["txid"])

    def _facts(self, node: RegtestNode) -> SandboxFacts:
        return SandboxFacts(
            prices=PRICES,
            settings={
                "plugin": "bitcoin",
                **node.settings,
                "descriptor": seller_descriptor(),
                "poll_interval_s": 1.0,
            },
            public={"rpc": node.public_url, "wallet": MINER},
            pids={"bitcoind": node.pid},
            about="a bitcoind of its own in regtest mode, which mines when it is told to",
        )


def seller_descriptor(kind: str = "wpkh") -> str:
    """A fresh watch-only descriptor for a test network. Its private keys are forgotten on return."""
    root = HDKey.from_seed(secrets.token_bytes(32), version=NETWORKS["regtest"]["xprv"])
    account = root.derive(f"m/{_ACCOUNT}").to_public(NETWORKS["regtest"]["xpub"])
    text = f"{kind}([{root.my_fingerprint.hex()}/{_ACCOUNT}]{account.to_base58()}/0/*)"
    return parse(text, Network.REGTEST).canonical
