"""A chain in memory, honest as a node: a mempool, blocks that can be taken back, and one balance to trust.

It implements `paydaemon.hooks.ports.Chain` whole. Tests pay, mine and reorganise; each call returns once the
daemon has recorded what it changed. Two outputs of one transaction, replacements and conflicts are all there,
because every state that an observation can have is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import trio

from paydaemon.core.invoice import Destination
from paydaemon.core.money import Asset
from paydaemon.core.payment import ChainTime, Observation, ObservedState
from paydaemon.hooks.ports import ChainHost, Depths, DestinationRequest, Health, HealthState


@dataclass(slots=True)
class Credit:
    """One output to one of our destinations. `height` is its block's, None in the mempool."""

    ref: str
    destination_key: str
    amount_minor: int
    seen_at_ms: int
    state: ObservedState = ObservedState.SEEN
    height: int | None = None
    replaced_by: str | None = None

    @property
    def transaction_id(self) -> str:
        """What comes before the output's number."""
        return self.ref.partition(":")[0]


@dataclass(slots=True)
class FakeChain:
    """One network. `clock` is the daemon's, in milliseconds."""

    clock: Callable[[], int]
    id: str = "bitcoin"
    symbol: str = "BTC"
    decimals: int = 8
    depths: Depths = field(default_factory=lambda: Depths(default=6, least=1, final=100))
    height: int = 100
    state: HealthState = HealthState.STARTING
    reason: str = "not started"
    _credits: dict[str, Credit] = field(default_factory=dict)
    _blocks: int = 0
    _position: int = 0
    _host: ChainHost | None = None
    _answering: trio.Event = field(default_factory=trio.Event)

    @property
    def assets(self) -> tuple[Asset, ...]:
        """One native asset."""
        return (Asset(self.id, self.symbol, self.symbol, self.decimals),)

    async def destination(self, index: int, request: DestinationRequest) -> Destination:
        """Derived from the index alone. Waits for as long as the chain was told not to answer."""
        await self._answering.wait()
        address = f"{self.id}1q{index:08d}"
        return Destination(f"{self.id}-key-{index}", index, address, None, f"{self.id}:{address}")

    async def run(
        self, host: ChainHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Tell everything once, then whenever something changes."""
        await host.identify(f"fake:{self.id}")
        self._host = host
        self._position = max((seen.position for seen in await host.unfinal()), default=0)
        self.answer()
        await self.tell()
        self.state, self.reason = HealthState.HEALTHY, ""
        task_status.started()
        try:
            await trio.sleep_forever()
        finally:
            self._host = None

    def health(self) -> Health:
        """What the test last said."""
        return Health(self.state, self.reason)

    def answer(self, answering: bool = True) -> None:
        """Give destinations, or let whoever asks for one wait."""
        if answering:
            self._answering.set()
        else:
            self._answering = trio.Event()

    async def pay(self, *outputs: tuple[str, int]) -> str:
        """One transaction into the mempool, with outputs of (destination key, amount); returns its id."""
        self._blocks += 1
        transaction_id = f"{self.id}-tx-{self._blocks}"
        for number, (key, amount_minor) in enumerate(outputs):
            ref = f"{transaction_id}:{number}"
            self._credits[ref] = Credit(ref, key, amount_minor, self.clock())
        await self.tell(transaction_id)
        return transaction_id

    async def mine(self, blocks: int = 1) -> None:
        """Blocks on top, the first of which holds the whole mempool."""
        for _ in range(blocks):
            self.height += 1
            for credit in self._credits.values():
                if credit.state is ObservedState.SEEN and credit.height is None:
                    credit.height = self.height
            await self.tell()

    async def reorganise(self, depth: int) -> None:
        """Take `depth` blocks back; what they held is in the mempool again."""
        self.height -= depth
        for credit in self._credits.values():
            if credit.height is not None and credit.height > self.height:
                credit.height = None
        await self.tell()

    async def spoil(self, transaction_id: str, state: ObservedState, by: str | None = None) -> None:
        """A transaction in the mempool is replaced, conflicted or dropped."""
        for credit in self._of(transaction_id):
            credit.state, credit.replaced_by = state, by
        await self.tell(transaction_id)

    async def tell(self, transaction_id: str | None = None) -> None:
        """Tell the daemon of one transaction, or of everything and how far the chain has come."""
        assert self._host is not None, "the chain does not run"
        self._position += 1
        told = list(self._credits.values()) if transaction_id is None else self._of(transaction_id)
        as_of = ChainTime(self.clock(), self.height) if transaction_id is None else None
        await self._host.observe([self._observed(credit) for credit in told], as_of, str(self.height))

    def _of(self, transaction_id: str) -> Sequence[Credit]:
        return [credit for credit in self._credits.values() if credit.transaction_id == transaction_id]

    def _observed(self, credit: Credit) -> Observation:
        seen = Observation(
            ref=credit.ref,
            transaction_id=credit.transaction_id,
            asset=self.assets[0],
            amount_minor=credit.amount_minor,
            destination_key=credit.destination_key,
            state=credit.state,
            seen_at_ms=credit.seen_at_ms,
            position=self._position,
            replaced_by=credit.replaced_by,
        )
        if credit.height is None:
            return seen
        return replace(seen, height=credit.height, block=f"{self.id}-block-{credit.height}")
