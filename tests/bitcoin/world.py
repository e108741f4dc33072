"""What node tests are made of: a real node, a chain that watches it, and a host in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import trio

from paydaemon.core.invoice import Destination
from paydaemon.core.payment import PaymentState
from paydaemon.hooks.ports import DestinationRequest, HealthState
from paydaemon_bitcoin.chain import BitcoinChain
from paydaemon_bitcoin.config import BitcoinConfig
from paydaemon_bitcoin.regtest import RegtestNode
from paydaemon_bitcoin.sandbox import seller_descriptor
from tests.support.host import FakeHost
from tests.support.waiting import BOUND_S, until

BTC = 100_000_000
NEVER_S = 100 * BOUND_S
"""A poll interval that no test waits for, longer than an operator may ask for: what is seen came by ZMQ."""


@dataclass
class World:
    """One seller's chain on one node. The chain can be stopped and started; node and host stay."""

    node: RegtestNode
    host: FakeHost
    config: BitcoinConfig
    chain: BitcoinChain

    @asynccontextmanager
    async def watching(self, *, ready: bool = True) -> AsyncIterator[BitcoinChain]:
        """The chain while it runs, as a daemon would run it: each time a new one, as after a restart."""
        self.chain = BitcoinChain("bitcoin", self.config)
        async with trio.open_nursery() as nursery:
            with trio.fail_after(BOUND_S):  # it starts whatever the node does, and then waits for it
                await nursery.start(self.chain.run, self.host)
            if ready:
                await until(self.healthy)
            yield self.chain
            nursery.cancel_scope.cancel()

    def healthy(self) -> bool:
        return self.chain.health().state is HealthState.HEALTHY

    async def issue(self, amount_minor: int = 20_834) -> Destination:
        """A fresh destination, as an invoice would get it."""
        index = self.host.next_index
        self.host.next_index += 1
        destination = await self.chain.destination(index, self.request(amount_minor))
        self.host.issued.append(destination)
        return destination

    def request(self, amount_minor: int = 20_834) -> DestinationRequest:
        return DestinationRequest("shop", "inv_1", self.chain.assets[0], amount_minor, expires_at_ms=0)

    async def seen(self, address: str, count: int = 1) -> None:
        """Wait until so many payments to an address are known."""
        await until(lambda: len(self.host.to(address)) == count)

    async def state(self, address: str, state: PaymentState) -> None:
        """Wait until the one payment to an address is in a state. In vain, it is said what was told of it."""
        try:
            await until(lambda: bool(self.host.to(address)) and self.host.only(address).state is state)
        except trio.TooSlowError as late:
            late.add_note(f"{address} is not {state}: {self.host.to(address)}, seen up to {self.host.as_of}")
            late.add_note(f"told of it: {list(self.host.said(address))}; {self.chain.health()}")
            raise

    async def height(self) -> None:
        """Wait until the chain was seen complete at the node's height."""
        height = (await self.node.rpc.call("getblockchaininfo"))["blocks"]
        await until(lambda: self.host.height == height)

    async def pass_over(self) -> None:
        """Wait until the chain was looked at from now on, whole."""
        before = len(self.host.told)
        await until(lambda: any(told.as_of is not None for told in self.host.told[before + 1 :]))


def world(node: RegtestNode, *, kind: str = "wpkh", **settings: object) -> World:
    """A world whose chain has not been started. Polls never, unless `settings` say otherwise."""
    config = BitcoinConfig.model_validate(
        {**node.settings, "descriptor": seller_descriptor(kind), **settings}
    )
    if "poll_interval_s" not in settings:
        config = config.model_copy(update={"poll_interval_s": NEVER_S})
    return World(node, FakeHost(), config, BitcoinChain("bitcoin", config))
