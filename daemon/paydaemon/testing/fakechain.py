"""A chain in memory: `paydaemon.hooks.ports.Chain` whole, on a `FakeNetwork` that tests pay on.

It does what a good plugin does and no more: it tells what changed since where it left off, keeps that place
as its cursor, and says up to when it has seen everything. A second one on the same network is the same chain
after a restart. What it is told to do badly stands in `faults`.

    network = FakeNetwork(clock)
    chain = FakeChain(network)
    await nursery.start(chain.run, host)
    network.pay(Credit(option.destination.key, 20_834))
    await chain.tell()                  # returns once the daemon has recorded it
"""

from collections.abc import Iterator
from dataclasses import dataclass

import trio

from paydaemon.core.invoice import Destination
from paydaemon.core.money import Asset
from paydaemon.core.payment import ChainTime, Observation
from paydaemon.hooks.ports import ChainHost, Depths, DestinationRequest, Health, HealthState
from paydaemon.testing.fakenetwork import FakeNetwork, Transaction

POLL_S = 10.0


@dataclass(slots=True)
class Faults:
    """What a chain does badly: each exception is raised by what it is named for, while it stands here.

    Whoever asks for a destination waits until the event is set. `health` can also be what it says of itself.
    """

    destination_waits_for: trio.Event | None = None
    destination: Exception | None = None
    look: Exception | None = None
    health: Exception | Health | None = None


class FakeChain:
    """One configured chain, with the network's name as its id.

    The native asset has the code `symbol`; `tokens` can be owed beside it.
    """

    def __init__(
        self,
        network: FakeNetwork,
        symbol: str = "BTC",
        *,
        decimals: int = 8,
        depths: Depths | None = None,
        tokens: tuple[Asset, ...] = (),
    ) -> None:
        self.network = network
        self.id = network.name
        self.assets = (Asset(self.id, symbol, symbol, decimals), *tokens)
        self.depths = depths or Depths(default=6, least=1, final=100)
        self.faults = Faults()
        self.poll_s = POLL_S
        self._host: ChainHost | None = None
        self._told = 0
        self._complete = False
        self._telling = trio.Lock()

    async def destination(self, index: int, request: DestinationRequest) -> Destination:
        """Derived from the index alone."""
        if self.faults.destination_waits_for is not None:
            await self.faults.destination_waits_for.wait()
        if self.faults.destination is not None:
            raise self.faults.destination
        return self.destination_at(index)

    def destination_at(self, index: int) -> Destination:
        """The destination of an index, whether it was asked for or not."""
        address = f"{self.id}1q{index:08d}"
        return Destination(f"{self.id}-key-{index}", index, address, None, f"{self.id}:{address}")

    async def run(
        self, host: ChainHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Tell whatever happens, at once and every `POLL_S`."""
        await self.start(host)
        task_status.started()
        while True:
            moved = self.network.moved
            if not self.network.away:
                await self.tell()
            with trio.move_on_after(self.poll_s):
                await moved.wait()

    async def start(self, host: ChainHost) -> None:
        """Find out where the last one left off. Tests that have no `run` begin with this, then `tell`."""
        self._host, self._complete = host, False
        await host.identify(f"fake:{self.id}")
        cursor = (await host.saved()).cursor
        self._told = 0 if cursor is None else int(cursor)

    async def tell(self) -> None:
        """Tell everything that changed, and that this is all. Returns once it is recorded."""
        async with self._telling:
            host = self._look()
            view, changed = self.network.view, self.network.changed_since(self._told)
            as_of = ChainTime(self.network.clock(), self.network.height)
            await host.observe([seen for one in changed for seen in self.observed(one)], as_of, str(view))
            self._told, self._complete = view, True

    async def tell_only(self, txid: str) -> None:
        """Tell what is true of one transaction, and nothing of what else there may be."""
        host = self._look()
        await host.observe(list(self.observed(self.network.transactions[txid])), None, None)

    def health(self) -> Health:
        """Healthy from the first complete look, for as long as the network can be seen, or as it was told."""
        if isinstance(self.faults.health, Exception):
            raise self.faults.health
        if self.faults.health is not None:
            return self.faults.health
        if self.network.away:
            return Health(HealthState.STALE, "the network is away")
        if not self._complete:
            return Health(HealthState.STARTING, "not seen complete yet")
        return Health(HealthState.HEALTHY)

    def observed(self, transaction: Transaction) -> Iterator[Observation]:
        """What is true of each of a transaction's credits."""
        fate = transaction.fate
        for number, credit in enumerate(transaction.credits):
            yield Observation(
                ref=f"{transaction.id}:{number}",
                transaction_id=transaction.id,
                asset=credit.asset or self.assets[0],
                amount_minor=credit.amount_minor,
                destination_key=credit.key,
                state=fate.state,
                seen_at_ms=transaction.seen_at_ms,
                position=transaction.changed,
                height=fate.height,
                block=None if fate.height is None else self.network.block_hash(fate.height),
                final=not self.network.has_blocks,
                replaced_by=fate.rival,
            )

    def _look(self) -> ChainHost:
        """What the daemon gave, if the network can be seen now."""
        if self.faults.look is not None:
            raise self.faults.look
        if self._host is None or self.network.away:
            raise ConnectionError(f"{self.id} cannot be seen")
        return self._host
