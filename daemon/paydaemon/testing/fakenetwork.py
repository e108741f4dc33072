"""A network in memory: coins, a mempool and blocks, and everything that can happen to a transaction.

It is honest by construction. What is true of a transaction is not set but follows from where it and its
rivals are: each transaction spends one coin, whoever else spends the same coin is its rival, and of rivals at
most one is in the mempool or in a block. So a replacement, a conflict and a reorganisation are moves of
transactions, and the sums to compare a ledger with are taken from where they ended up.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import trio

from paydaemon.core.money import Asset
from paydaemon.core.payment import ObservedState


@dataclass(frozen=True, slots=True)
class Credit:
    """One output of a transaction: so many minor units of an asset to a destination, by its key."""

    key: str
    amount_minor: int
    asset: Asset | None = None
    """None: the network's own one."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What is true of a transaction now. `rival` is the one that took its place."""

    state: ObservedState
    height: int | None = None
    rival: str | None = None


@dataclass(slots=True)
class Transaction:
    """A transaction that the network has seen. `changed` is the network's view when its fate last changed."""

    id: str
    coin: int
    credits: Sequence[Credit]
    seen_at_ms: int
    fate: Fate
    changed: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """A block; its hash is never used again, whatever takes its place."""

    hash: str
    transactions: Sequence[str]


class FakeNetwork:
    """A network with a clock of its own: `clock` gives milliseconds since the Unix epoch.

    `name` makes its identity and the ids of its transactions. Without `blocks` a transaction is final as soon
    as it is seen, and `pay` is all that can happen. While it is `away` it lives on, and nobody can see it.
    `moved` is set once anything happens, and is then another event.
    """

    def __init__(self, clock: Callable[[], int], name: str = "fake", *, blocks: bool = True) -> None:
        self.clock = clock
        self.name = name
        self.has_blocks = blocks
        self.away = False
        self.transactions: dict[str, Transaction] = {}
        self._mempool: dict[str, None] = {}
        self._chain = [Block(f"{name}-block-0", ())]
        self._heights: dict[str, int] = {}
        self._rivals: defaultdict[int, list[str]] = defaultdict(list)
        self._changes: list[str] = []
        self._blocks_made = 0
        self.moved = trio.Event()

    # --- What is seen of it

    @property
    def height(self) -> int | None:
        """The newest block's number."""
        return len(self._chain) - 1 if self.has_blocks else None

    @property
    def view(self) -> int:
        """How often anything has changed: it only ever grows."""
        return len(self._changes)

    @property
    def mempool(self) -> Sequence[str]:
        """The transactions that wait for a block, oldest first."""
        return list(self._mempool)

    def block_hash(self, height: int) -> str:
        """The hash of the block of that number."""
        return self._chain[height].hash

    def changed_since(self, view: int) -> Sequence[Transaction]:
        """The transactions whose fate changed since then, each as it is now."""
        return [self.transactions[txid] for txid in dict.fromkeys(self._changes[view:])]

    def valid_minor(self, key: str, asset: Asset | None = None) -> int:
        """The sum of everything in the mempool and in blocks that pays a destination."""
        return sum(
            credit.amount_minor
            for txid in self._valid()
            for credit in self.transactions[txid].credits
            if (credit.key, credit.asset) == (key, asset)
        )

    # --- What happens on it

    def pay(self, *outputs: Credit, id: str | None = None) -> str:
        """A new transaction enters the mempool; returns its id, which is one of ours or `id`."""
        txid = self._make(len(self.transactions), outputs, id)
        self._enter_mempool(txid)
        return txid

    def replace(self, txid: str, *outputs: Credit) -> str:
        """Another transaction spends the same coin and takes its place in the mempool; returns its id."""
        self._check(txid in self._mempool, f"{txid} is not in the mempool")
        rival = self._make(self.transactions[txid].coin, outputs)
        self._enter_mempool(rival)
        return rival

    def drop(self, txid: str) -> None:
        """The mempool forgets a transaction; `rebroadcast` brings it back."""
        self._check(txid in self._mempool, f"{txid} is not in the mempool")
        del self._mempool[txid]
        self._settle(self.transactions[txid].coin)

    def rebroadcast(self, txid: str) -> bool:
        """Send a transaction to the mempool again; returns whether it was taken."""
        if not self.can_enter(txid):
            return False
        self._enter_mempool(txid)
        return True

    def grow(self, blocks: int = 1, *, only: Iterable[str] | None = None) -> None:
        """Mine so many blocks; the first holds the whole mempool, or `only` those of it."""
        mined = self.mempool if only is None else list(only)
        self._check(set(mined) <= set(self._mempool), f"not all of {mined} are in the mempool")
        self._mine(mined)
        for _ in range(blocks - 1):
            self._mine(())

    def conflict(self, txid: str, *outputs: Credit) -> str:
        """Mine a block that holds another spend of the same coin, never seen before; returns its id."""
        self._check(
            not self._is_spent(self.transactions[txid].coin), f"what {txid} spends is spent in a block"
        )
        rival = self._make(self.transactions[txid].coin, outputs)
        self._mine((rival,))
        return rival

    def undo(self, depth: int) -> None:
        """Take the newest blocks away, as a node does on its way to another branch."""
        self._check(0 < depth < len(self._chain), f"there are no {depth} blocks to undo")
        undone, self._chain = self._chain[-depth:], self._chain[:-depth]
        for block in undone:
            for txid in block.transactions:
                del self._heights[txid]
                self._enter_mempool(txid)
        self.tell()

    def reorganise(self, depth: int, *, lost: Iterable[str] = (), remine: bool = True) -> None:
        """Another branch, one block longer, takes the place of the newest blocks.

        Its first block holds double spends of the `lost` ones, and the rest of the mempool where `remine`.
        """
        self.undo(depth)
        coins = {self.transactions[txid].coin for txid in lost}
        self._check(not any(map(self._is_spent, coins)), "what is lost is spent in a deeper block")
        rest = [txid for txid in self._mempool if remine and self.transactions[txid].coin not in coins]
        self._mine([*(self._make(coin, ()) for coin in coins), *rest])
        for _ in range(depth):
            self._mine(())

    def can_enter(self, txid: str) -> bool:
        """Whether the mempool would take a transaction: neither it nor a rival is there or in a block."""
        coin = self.transactions[txid].coin
        return not self._is_spent(coin) and self._mempool.keys().isdisjoint(self._rivals[coin])

    # --- How it works

    def _check(self, possible: bool, otherwise: str) -> None:
        if not (self.has_blocks and possible):
            raise ValueError(otherwise if self.has_blocks else f"{self.name} has no blocks")

    def _is_spent(self, coin: int) -> bool:
        return not self._heights.keys().isdisjoint(self._rivals[coin])

    def _valid(self) -> Iterator[str]:
        yield from self._mempool
        yield from self._heights

    def _make(self, coin: int, outputs: Sequence[Credit], id: str | None = None) -> str:
        txid = id or f"{self.name}-tx-{len(self.transactions)}"
        fate = Fate(ObservedState.DROPPED)
        self.transactions[txid] = Transaction(txid, coin, outputs, self.clock(), fate)
        self._rivals[coin].append(txid)
        return txid

    def _enter_mempool(self, txid: str) -> None:
        coin = self.transactions[txid].coin
        for rival in self._rivals[coin]:
            self._mempool.pop(rival, None)
        self._mempool[txid] = None
        self._settle(coin)

    def _mine(self, txids: Sequence[str]) -> None:
        self._blocks_made += 1
        self._chain.append(Block(f"{self.name}-block-{self._blocks_made}", txids))
        for txid in txids:
            coin = self.transactions[txid].coin
            for rival in self._rivals[coin]:
                self._mempool.pop(rival, None)
            self._heights[txid] = len(self._chain) - 1
            self._settle(coin)
        self.tell()

    def _settle(self, coin: int) -> None:
        """Note whose fate changed among those who spend a coin."""
        for txid in self._rivals[coin]:
            transaction = self.transactions[txid]
            fate = self._fate(transaction)
            if fate != transaction.fate or not transaction.changed:
                self._changes.append(txid)
                transaction.fate, transaction.changed = fate, self.view
        self.tell()

    def _fate(self, transaction: Transaction) -> Fate:
        if transaction.id in self._heights:
            return Fate(ObservedState.SEEN, self._heights[transaction.id])
        if transaction.id in self._mempool:
            return Fate(ObservedState.SEEN)
        for rival in self._rivals[transaction.coin]:
            if rival in self._heights:
                return Fate(ObservedState.CONFLICTED, rival=rival)
            if rival in self._mempool:
                return Fate(ObservedState.REPLACED, rival=rival)
        return Fate(ObservedState.DROPPED)

    def tell(self) -> None:
        """Wake whoever waits for something to happen."""
        self.moved.set()
        self.moved = trio.Event()
