"""What network tests are made of: a real network, a chain that watches it, and a host in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import trio

from paydaemon.core.invoice import Destination
from paydaemon.core.payment import Observation, ObservedState, PaymentState
from paydaemon.hooks.ports import DestinationRequest, HealthState
from paydaemon_monero.chain import MoneroChain
from paydaemon_monero.config import MoneroConfig
from paydaemon_monero.regtest import Regtest
from tests.support.host import FakeHost
from tests.support.waiting import BOUND_S, until

XMR = 10**12
QUICK_S = 0.1

_indexes = count()
"""Each test's subaddresses are its own, although the wallet is the same."""


@dataclass
class World:
    """One seller's chain on one network. The chain can be stopped and started; network and host stay."""

    net: Regtest
    host: FakeHost
    config: MoneroConfig
    chain: MoneroChain

    @asynccontextmanager
    async def watching(self, *, ready: bool = True) -> AsyncIterator[MoneroChain]:
        """The chain while it runs, as a daemon would run it: each time a new one, as after a restart."""
        self.chain = MoneroChain("monero", self.config)
        async with trio.open_nursery() as nursery:
            with trio.fail_after(BOUND_S):  # it starts whatever node and wallet do, and then waits for them
                await nursery.start(self.chain.run, self.host)
            if ready:
                await until(self.healthy)
            yield self.chain
            nursery.cancel_scope.cancel()

    def healthy(self) -> bool:
        return self.chain.health().state is HealthState.HEALTHY

    async def stale(self, reason: str) -> None:
        """Wait until the chain is stale for that reason, or one that contains it."""
        await until(lambda: reason in self.chain.health().reason)
        assert self.chain.health().state is HealthState.STALE

    async def issue(self, amount_minor: int = XMR) -> Destination:
        """A fresh destination, as an invoice would get it."""
        index = next(_indexes)
        self.host.next_index = index + 1
        destination = await self.chain.destination(index, self.request(amount_minor))
        self.host.issued.append(destination)
        return destination

    def request(self, amount_minor: int = XMR) -> DestinationRequest:
        return DestinationRequest("shop", "inv_1", self.chain.assets[0], amount_minor, expires_at_ms=0)

    async def seen(self, address: str, count: int = 1) -> None:
        """Wait until so many payments to an address are known."""
        await until(lambda: len(self.host.to(address)) == count)

    async def state(self, address: str, state: PaymentState) -> None:
        """Wait until the one payment to an address is in a state."""
        await until(lambda: bool(self.host.to(address)) and self.host.only(address).state is state)

    async def height(self) -> None:
        """Wait until the chain was seen complete at the node's height."""
        height = await self.net.height()
        await until(lambda: self.host.height == height)

    async def looked(self) -> None:
        """Wait until the chain was looked at from now on, whole."""
        before = len(self.host.told)
        await until(lambda: any(told.as_of is not None for told in self.host.told[before + 1 :]))

    def last(self, address: str) -> Observation:
        """What was said last of payments to an address."""
        return list(self.host.said(address))[-1]

    def states_said(self, address: str) -> list[tuple[ObservedState, bool]]:
        """Each state that was told, and whether it was in a block."""
        return [(said.state, said.height is not None) for said in self.host.said(address)]


def world(net: Regtest, **settings: Any) -> World:
    """A world whose chain has not been started. It looks often, unless `settings` say otherwise."""
    config = MoneroConfig.model_validate({**net.settings, "poll_interval_s": QUICK_S, **settings})
    return World(net, FakeHost(), config, MoneroChain("monero", config))
