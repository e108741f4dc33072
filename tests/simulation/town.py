"""The town: one daemon's engine with its networks, its chains and their chaos, all under one simulated clock.

`Town` is `tests.engine.world.World` with everything in between: each chain speaks through chaos, then to the
accountant, then to the daemon; and the store is mortal. Whoever dies is started again here.
"""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from operator import methodcaller
from pathlib import Path

import trio

from paydaemon.core.access import Principal, Seller
from paydaemon.core.money import Asset
from paydaemon.core.relay import Relay
from paydaemon.engine.clock import Clock
from paydaemon.engine.deliveries import Deliveries, LiveNotifier
from paydaemon.engine.orders import InvoiceDefaults
from paydaemon.hooks.ports import ChainHost, Depths, Rate
from paydaemon.testing.chaos import Chaos, Interrupted
from paydaemon.testing.clocks import trio_clock
from paydaemon.testing.fakechain import FakeChain
from paydaemon.testing.fakenetwork import FakeNetwork
from tests.engine.world import PRICES, RIVAL, SHOP, World
from tests.simulation.account import Account, Accountant
from tests.simulation.disk import Disk, Killed, MortalStore, disk
from tests.simulation.nodes import Nodes
from tests.simulation.post import Post, limits
from tests.simulation.running import Running, background

DAY_S = 86_400
DEFAULTS = InvoiceDefaults(expires_in_s=900, monitor_for_s=2 * DAY_S)
CHAINS = {"bitcoin": True, "liquid": True, "hedera": False}
"""Whether each has blocks."""
TOKENS = {"liquid": (Asset("liquid", "a-token", "USDX", 2),)}
"""What can be owed there beside the chain's own."""
BAZAAR = Principal("key_bazaar", "bazaar")
SELLERS = (SHOP, RIVAL, BAZAAR)


class Town(World):
    """Everything in it, with the account of what the daemon was told."""

    def __init__(self, disk: Disk, clock: Clock, dice: random.Random, nursery: trio.Nursery) -> None:
        self.dice = dice
        self.disk = disk
        self.running = Running(nursery, self._died)
        self.post = Post(dice, clock, self.mortal.die)
        self.nodes = Nodes(dice, self.mortal.die, self._relay)
        self.prices = {symbol: Decimal(price) for symbol, price in (*PRICES.items(), ("USDX", "0.92"))}
        self.chaos = {id: Chaos(dice) for id in CHAINS}
        self.account = Account({"bitcoin": 6, "liquid": 6, "hedera": 1})
        self.restarts = 0
        self.up_since_ms = 0
        networks = [FakeNetwork(clock, id, blocks=blocks) for id, blocks in CHAINS.items()]
        super().__init__(disk.store, networks, clock, DEFAULTS, self.nodes)

    def _compose(self) -> None:
        super()._compose()
        self.doors = {id: self._door(id) for id in self.chains}
        bounds = limits()
        self.notifier = LiveNotifier(self.post, "post", bounds)
        self.deliveries = Deliveries(self.store, {self.post.id: self.notifier}, self.clock, bounds)

    def _chain_on(self, network: FakeNetwork) -> FakeChain:
        if network.name not in TOKENS:
            return super()._chain_on(network)
        return FakeChain(network, depths=Depths(default=6, least=0, final=100), tokens=TOKENS[network.name])

    def _door(self, id: str) -> ChainHost:
        """What a chain is given as the daemon: chaos first, the accountant last."""
        return self.chaos[id].between(Accountant(self.hosts[id], id, self.account, self.mortal))

    @property
    def mortal(self) -> MortalStore:
        """The store, which can fail and kill."""
        return self.disk.store

    @property
    def calm(self) -> bool:
        """Whether everything goes well from now on."""
        return self.mortal.calm

    @calm.setter
    def calm(self, calm: bool) -> None:
        self.mortal.calm = self.post.calm = calm
        self.nodes.dice = None if calm else self.dice
        for chaos in self.chaos.values():
            chaos.calm = calm

    def publish(self) -> None:
        """Say what things cost now."""
        at_ms = self.clock()
        rates = [Rate(symbol, "EUR", price, at_ms) for symbol, price in self.prices.items()]
        self.rates.publish("fixed", rates)

    async def start(self) -> None:
        """As a daemon does: each chain finds out where it left off, and nothing is known of prices."""
        for id in self.chains:
            await self.start_chain(id)
        await self.running.start(self.relays.run, self.notifier.run, self.deliveries.run)
        self.up_since_ms = self.clock()

    async def start_chain(self, id: str) -> None:
        """As the supervisor does after a chain has raised."""
        self.doors[id] = self._door(id)
        await self.chains[id].start(self.doors[id])
        await self.live_chains[id].refresh()

    async def restart(self) -> None:
        """Another daemon in the place of the one that died, which may die as well."""
        self.restarts += 1
        await self.running.end()
        await self.disk.reopen()
        self._compose()
        await self.start()

    async def look(self, *ids: str) -> None:
        """As `World.look`; a chain that is interrupted is started again."""
        for id in ids or self.chains:
            try:
                await super().look(id)
            except Interrupted:
                await self.start_chain(id)

    async def glimpse(self, id: str, txid: str) -> None:
        """A chain tells of one transaction, unless it is interrupted."""
        try:
            await self.chains[id].tell_only(txid)
        except Interrupted:
            await self.start_chain(id)

    async def survive(self, fn: Callable[[], Awaitable[None]]) -> bool:
        """Do something the daemon may die of; returns whether it did. Then another one runs."""
        if await self._lives_through(fn):
            return False
        while not await self._lives_through(self.restart):
            pass
        return True

    async def _lives_through(self, fn: Callable[[], Awaitable[None]]) -> bool:
        try:
            await fn()
        except* Killed:
            self._died()
        return not self.mortal.is_dead

    async def _relay(self, transaction_id: str) -> Relay | None:
        return await self.store.read(lambda reader: reader.relay("hedera", transaction_id))

    def _died(self) -> None:
        self.mortal.is_dead = True

    async def watch_health(self) -> None:
        """One look of the watch at every chain."""
        with trio.move_on_after(0.5):
            await self.health.run()


@dataclass(frozen=True, slots=True)
class Given:
    """What a simulated life is made of: its seed, how many invoices there are to be, and where the database
    lies (None: in memory). `often` gives deeds, by name, another weight than they have.
    """

    seed: int
    invoices: int
    path: Path | None
    often: Mapping[str, int] = field(default_factory=dict)


@asynccontextmanager
async def town(given: Given) -> AsyncIterator[Town]:
    """A town whose daemon runs. Must be under a mock clock that jumps: days go by in it."""
    dice = random.Random(given.seed)
    async with disk(given.path, dice) as opened, background() as nursery:
        made = Town(opened, trio_clock(), dice, nursery)
        for seller in SELLERS:
            assert seller.seller_id is not None
            row = Seller(seller.seller_id, seller.seller_id, made.clock())
            await made.store.transact(methodcaller("add_seller", row))
        await made.start()
        yield made
