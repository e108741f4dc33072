"""A disk that fails, and a machine that dies, by the dice: before a commit is durable or just after.

Between the engine and its real store. A transaction may also run twice, the first time for nothing, as after
a serialization failure. So whatever the engine should have done in one transaction and did in two is torn
apart sooner or later.
"""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar

import trio

from paydaemon.store.port import Store, StoreUnavailable, Transaction
from paydaemon.store.sqlite import open_store
from tests.engine.stores import Again, StoreInFront

T = TypeVar("T")

KILLED_BEFORE, KILLED_AFTER, REFUSED, FAILED_AFTER, TWICE = 0.002, 0.004, 0.007, 0.010, 0.030
"""Below which number of the dice what happens, from 0 to 1."""


class Killed(BaseException):
    """The daemon is dead. What it had committed stands, and nobody was answered."""


class MortalStore(StoreInFront):
    """The store of one simulated life. Once the daemon `is_dead`, nothing of it writes any more.

    `commits` counts what has reached the disk for the task that made this: the one in which all is done that
    the daemon is asked for.
    """

    def __init__(self, store: Store, dice: random.Random) -> None:
        super().__init__(store)
        self._dice = dice
        self._asking = trio.lowlevel.current_task()
        self.calm = True
        self.commits = 0
        self.is_dead = False

    def serve(self, store: Store) -> None:
        """Another daemon has opened the same file."""
        self._store, self.is_dead = store, False

    def die(self) -> None:
        """Raises `Killed`, here and from now on."""
        self.is_dead = True
        raise Killed

    async def transact(self, fn: Callable[[Transaction], T]) -> T:
        fate = 1.0 if self.calm else self._dice.random()
        if self.is_dead or fate < KILLED_BEFORE:
            self.die()
        if KILLED_AFTER <= fate < REFUSED:
            raise StoreUnavailable("the disk is full")
        if FAILED_AFTER <= fate < TWICE:
            await self._for_nothing(fn)
        result = await self._store.transact(fn)
        self.commits += trio.lowlevel.current_task() is self._asking
        if fate < KILLED_AFTER:
            self.die()
        if fate < FAILED_AFTER:
            raise StoreUnavailable("nobody knows whether it was written")
        return result

    async def _for_nothing(self, fn: Callable[[Transaction], T]) -> None:
        def first(tx: Transaction) -> None:
            fn(tx)
            raise Again

        # What it raises by itself, it raises the second time, too.
        with suppress(Exception):
            await self._store.transact(first)


class Disk:
    """Where the store lies: a file at `path`, opened anew by each daemon, or memory, which outlives them."""

    def __init__(self, path: Path | None, stack: AsyncExitStack, store: Store, dice: random.Random) -> None:
        self.path = path
        self._stack = stack
        self._inner = store
        self.store = MortalStore(store, dice)

    async def reopen(self) -> None:
        """As a daemon does that starts after another has died."""
        if self.path is not None:
            await self.close()
            self._inner = await self._stack.enter_async_context(open_store(self.path, executor="inline"))
        self.store.serve(self._inner)

    async def close(self) -> None:
        """No daemon has it open any more."""
        await self._inner.aclose()


@asynccontextmanager
async def disk(path: Path | None, dice: random.Random) -> AsyncIterator[Disk]:
    """A disk with a new store; None for one in memory."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(path or ":memory:", executor="inline"))
        yield Disk(path, stack, store, dice)
