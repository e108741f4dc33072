"""Stores that wait, fail or repeat themselves, around a real one."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import trio

from paydaemon.store.port import Reader, Store, StoreMeasures, StoreUnavailable, Transaction

T = TypeVar("T")


class Again(Exception):
    """Takes back the first run of a function."""


class StoreInFront:
    """A store in front of another, which does as that one does."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def transact(self, fn: Callable[[Transaction], T]) -> T:
        return await self._store.transact(fn)

    async def read(self, fn: Callable[[Reader], T]) -> T:
        return await self._store.read(fn)

    @property
    def measures(self) -> StoreMeasures:
        return self._store.measures

    @property
    def last_seq(self) -> int:
        return self._store.last_seq

    @property
    def fault(self) -> str | None:
        return self._store.fault

    async def wait_beyond(self, seq: int) -> None:
        await self._store.wait_beyond(seq)

    async def aclose(self) -> None:
        await self._store.aclose()


class RepeatingStore(StoreInFront):
    """Runs every transaction twice, the first time for nothing: as after a serialization failure."""

    async def transact(self, fn: Callable[[Transaction], T]) -> T:
        def first(tx: Transaction) -> None:
            fn(tx)
            raise Again

        with suppress(Exception):
            await self._store.transact(first)
        return await self._store.transact(fn)


class UnsteadyStore(StoreInFront):
    """While `reads_wait`, what was read is kept back until `release`. `fails` is how many of the next
    transactions fail: after they have reached the disk, which is what a failed commit may have done. `reads`
    counts what was read.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(store)
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
