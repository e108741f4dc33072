"""The node is stopped, killed, mute, or out of reach while trade goes on: in the end all accounts agree."""

from collections.abc import Awaitable
from pathlib import Path
from random import Random
from typing import Protocol

import pytest
import trio

from paydaemon_bitcoin.regtest import RegtestNode
from paydaemon_bitcoin.sandbox import seller_descriptor
from tests.soak.clients import LEAST_EXPIRY_S
from tests.soak.market import CUT_CLIENTS, Market, open_market, tables
from tests.soak.payers import fund
from tests.soak.relay import Relay
from tests.support.daemon import Daemon, running
from tests.support.waiting import until

STALE_AFTER_S = 4
RPC_TIMEOUT_S = 2
PEACE_S = 1.0
SHORT_S = 2.0
LONG_S = 4.0
LOST_BLOCKS = 2


class Outage(Protocol):
    """One of the methods below."""

    __name__: str

    def __call__(self) -> Awaitable[None]: ...


class Outages:
    """All that can happen between a daemon and its node, each until it is over."""

    def __init__(
        self, market: Market, node: RegtestNode, daemon: Daemon, rpc: Relay, zmq: Relay, chance: Random
    ) -> None:
        self._market = market
        self._node = node
        self._daemon = daemon
        self._rpc = rpc
        self._zmq = zmq
        self._chance = chance
        self._begun_s = trio.current_time()

    async def all(self) -> None:
        """Each once, in any order; the longest comes last and lasts beyond the end of the first invoices."""
        outages = [
            self.node_restarted,
            self.node_killed,
            self.node_forgetful,
            self.node_without_zmq,
            self.zmq_cut,
            self.zmq_stalled,
            self.rpc_stalled,
            self.daemon_killed_without_node,
        ]
        self._chance.shuffle(outages)
        for outage in outages:
            await until(self._daemon.ready)
            await trio.sleep(PEACE_S)
            await self._told(outage)
        self._market.told.sent_ms.clear()  # a node that was away saw payments when it came back
        await self._told(self.node_out_of_reach)

    async def _told(self, outage: Outage) -> None:
        await outage()
        print(f"  {outage.__name__:28}  {self._market}", flush=True)

    # The node

    async def node_restarted(self) -> None:
        await self._node.stop()
        await trio.sleep(SHORT_S)
        await self._node.start()

    async def node_killed(self) -> None:
        """It loses its mempool, and the blocks since it last wrote down what it knows."""
        await self._node.rpc.call("gettxoutsetinfo")
        await self._node.mine(LOST_BLOCKS)
        await self._node.kill()
        await self._node.start()

    async def node_forgetful(self) -> None:
        """It comes back without its mempool, and its wallet sends nothing again until the next restart."""
        self._node.options |= {"persistmempool": 0, "walletbroadcast": 0}
        await self.node_restarted()
        await trio.sleep(SHORT_S)
        self._node.options = {}
        await self.node_restarted()

    async def node_without_zmq(self) -> None:
        self._node.zmq = False
        await self.node_restarted()
        await trio.sleep(SHORT_S)
        self._node.zmq = True
        await self.node_restarted()

    # The way to the node

    async def zmq_cut(self) -> None:
        self._zmq.cut()
        await trio.sleep(SHORT_S)
        self._zmq.heal()

    async def zmq_stalled(self) -> None:
        self._zmq.stall()
        await trio.sleep(SHORT_S)
        self._zmq.heal()

    async def rpc_stalled(self) -> None:
        """Calls are answered after the daemon has given them up."""
        self._rpc.stall()
        await trio.sleep(RPC_TIMEOUT_S + SHORT_S)
        self._rpc.heal()

    async def daemon_killed_without_node(self) -> None:
        """It starts while the node is away."""
        await self._node.stop()
        await self._daemon.kill()
        await self._market.look_at_what_is_left()
        await self._daemon.start(ready=False)
        await trio.sleep(1)
        await self._node.start()

    async def node_out_of_reach(self) -> None:
        """For so long that the chain is stale, nothing can be sold, and invoices end. Buyers go on paying."""
        first_end_s = self._begun_s + LEAST_EXPIRY_S
        self._rpc.cut()
        self._zmq.cut()
        await until(self._stale)
        await trio.sleep_until(max(first_end_s, trio.current_time()) + LONG_S)
        self._rpc.heal()
        self._zmq.heal()
        await until(self._daemon.ready)

    async def _stale(self) -> bool:
        return any(event["type"] == "chain.stale" for event in self._market.told.events[-20:])


@pytest.mark.soak
@CUT_CLIENTS
async def test_the_node_comes_and_goes_while_trade_goes_on(tmp_path: Path, seed: int) -> None:
    descriptor = seller_descriptor()
    async with RegtestNode(tmp_path / "node") as node, trio.open_nursery() as nursery:
        await node.prepare()
        await fund(node)
        rpc, zmq = Relay(node.rpc_port), Relay(node.zmq_port)
        await nursery.start(rpc.run)
        await nursery.start(zmq.run)
        endpoint = f"tcp://127.0.0.1:{zmq.port}"
        settings = tables(
            tmp_path,
            node,
            descriptor,
            rpc_url=f"http://127.0.0.1:{rpc.port}",
            rpc_timeout_s=RPC_TIMEOUT_S,
            zmq_rawtx=endpoint,
            zmq_sequence=endpoint,
        )
        async with running(tmp_path, {**settings, "health": {"stale_after_s": STALE_AFTER_S}}) as daemon:
            market = await open_market(tmp_path, node, daemon, descriptor, seed)
            outages = Outages(market, node, daemon, rpc, zmq, Random(f"{seed}/outages"))
            await market.run(outages.all)
            found = await market.audit()
        nursery.cancel_scope.cancel()
    market.tell()
    assert not found, "\n".join(found)
    assert {"chain.stale", "chain.recovered"} <= {event["type"] for event in market.told.events}
