"""Indexes: numbers to derive destinations from, each given out once, ever.

They are reserved durably in blocks before any is used, so that a burst of invoices costs few commits. What is
left of a block when the daemon stops is never used: a gap is cheap, an address given twice is not. Blocks are
kept shorter than the 20 addresses that wallets commonly look ahead (BIP-44, address gap limit).
"""

import trio

from paydaemon.store.port import Store

BLOCK = 16


class Indexes:
    """The indexes of one chain."""

    def __init__(self, store: Store, chain: str) -> None:
        self._store = store
        self._chain = chain
        self._next = 0
        self._end = 0
        self._lock = trio.Lock()

    async def take(self) -> int:
        """An index that was never taken before, by any process or restart."""
        async with self._lock:
            if self._next == self._end:
                self._next = await self._store.transact(lambda tx: tx.reserve_indexes(self._chain, BLOCK))
                self._end = self._next + BLOCK
            index = self._next
            self._next += 1
            return index
