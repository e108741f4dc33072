"""Finding out where one transaction stands, by asking the node about it alone."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from paydaemon.core.payment import ObservedState
from paydaemon_bitcoin.book import Book, Page
from paydaemon_bitcoin.node import Node, WalletTransaction
from paydaemon_bitcoin.observations import Credit, Fate, Recorded, in_block, in_mempool, lost
from paydaemon_bitcoin.scripts import Scripts
from paydaemon_bitcoin.transactions import Transaction

_MOST_RIVALS = 20
"""How many rivals in the wallet are asked about: one is enough, and a bumped payment may have many."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out of one transaction. `credits` are those that may be news, `spends` its outpoints."""

    txid: str
    credits: Sequence[Credit]
    fate: Fate
    spends: frozenset[bytes] | None = None

    @property
    def counts(self) -> bool:
        """Whether it is a gain, or goes on being one; else it is a loss."""
        return self.fate.state is ObservedState.SEEN


class Inquiry:
    """The questions about one transaction, in the order in which their answers cannot mislead.

    The mempool is asked before the wallet: one that is mined in between is then found in its block, since the
    wallet answers only when it has taken in the newest block. Of the mempool it hears a tenth of a second
    late, so it is waited for before it is asked who took a place there.
    """

    def __init__(self, node: Node, book: Book, scripts: Scripts) -> None:
        self._node = node
        self._book = book
        self._scripts = scripts

    async def new(self, transaction: Transaction) -> Finding | None:
        """One that ZMQ brought; None where the mempool has it not. The wallet may not know it yet."""
        since_s = await self._node.in_mempool_since(transaction.txid)
        if since_s is None:
            return None
        paid = [*self._scripts.credits(transaction)]
        return Finding(transaction.txid, paid, in_mempool(since_s, None), transaction.spends)

    async def known(self, txid: str, paid: Sequence[Credit] = (), rival: str | None = None) -> Finding | None:
        """One that the book or the wallet has. `rival` is one in the mempool that spends the same, if known.

        None where nothing can be said that is not known.
        """
        page = self._book.page(txid)
        since_s = await self._node.in_mempool_since(txid)
        if since_s is not None and page is not None and page.spends is not None:
            return Finding(txid, paid, in_mempool(since_s, None))
        if since_s is None:
            await self._node.catch_up()
        said = await self._node.transaction(txid)
        fate = await self._fate(page, since_s, said, rival)
        if fate is None:
            return None
        return Finding(txid, paid, fate, said.transaction.spends if said else None)

    async def successor(self, txid: str) -> Finding | None:
        """One that took another's place, as far as the wallet tells; None where it pays no destination."""
        said = await self._node.transaction(txid)
        paid = [*self._scripts.credits(said.transaction)] if said else []
        return await self.known(txid, paid) if paid else None

    async def _fate(
        self, page: Page | None, since_s: int | None, said: WalletTransaction | None, rival: str | None
    ) -> Fate | None:
        recorded = said.recorded if said else None
        if recorded is not None and recorded.confirmations > 0:
            return in_block(recorded)
        if since_s is not None:
            return in_mempool(since_s, recorded)
        if recorded is not None:
            return lost(recorded, await self._rival(recorded) or rival, recorded.received_s * 1000)
        return await self._unknown_to_wallet(page, rival)

    async def _unknown_to_wallet(self, page: Page | None, rival: str | None) -> Fate | None:
        """One that ZMQ brought and that is gone again; or the wallet is not the one that knew it."""
        if page is None:
            return None
        if page.fate.block is not None and await self._node.in_chain(page.fate.block):
            return None
        return lost(None, rival, page.fate.seen_at_ms)

    async def _rival(self, recorded: Recorded) -> str | None:
        """What took its place: in a block where that made it conflicted, else in the mempool."""
        if recorded.confirmations < 0:
            return await self._first(recorded.wallet_rivals, self._is_in_block)
        if recorded.mempool_rivals:
            return recorded.mempool_rivals[0]
        return await self._first(recorded.wallet_rivals, self._is_in_mempool)

    async def _first(self, rivals: Sequence[str], holds: Callable[[str], Awaitable[bool]]) -> str | None:
        for rival in rivals[:_MOST_RIVALS]:
            if await holds(rival):
                return rival
        return None

    async def _is_in_block(self, txid: str) -> bool:
        said = await self._node.transaction(txid)
        return said is not None and said.recorded.confirmations > 0

    async def _is_in_mempool(self, txid: str) -> bool:
        return await self._node.in_mempool_since(txid) is not None
