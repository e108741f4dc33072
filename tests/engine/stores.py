"""Stores that wait or fail where a test says so, around a real one."""

from collections.abc import Callable
from typing import TypeVar

import trio

from paydaemon.store.port import Reader, Store, StoreUnavailable, Transaction

T = TypeVar("T")


class UnsteadyStore:
    """A store in front of another.

    While `reads_wait`, what was read is kept back until `release`. `fails` is how many of the next
    transactions fail: after they have reached the disk, which is what a failed commit may have done. `reads`
    counts what was read.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.reads_wait = False
        self.reading = trio.Event()
        self.release = trio.Event()
        self.fails = 0
        self.reads = 0

    async def transact(self, fn: Callable[[Transaction], T]) -> T:
        result = await self._store.transact(fn)
        if self.fails:
            self.fails -= 1
            raise StoreUnavailable("the disk failed to read or write")
        return result

    async def read(self, fn: Callable[[Reader], T]) -> T:
        self.reads += 1
        result = await self._store.read(fn)
        if self.reads_wait:
            self.reading.set()
            await self.release.wait()
        return result

    @property
    def last_seq(self) -> int:
        return self._store.last_seq

    async def wait_beyond(self, seq: int) -> None:
        await self._store.wait_beyond(seq)

    async def aclose(self) -> None:
        await self._store.aclose()
