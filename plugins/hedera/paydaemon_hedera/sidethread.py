"""A thread in which asyncio runs, for the one library that wants it: gRPC.

Its futures, which any loop could wait for, take 230 µs of the processor's time for each call; by asyncio,
with both ways between the threads, it is 88, measured with 100 calls under way. What trio's tasks ask for is
put on a list and taken over many at a time, and so is what has come back. Who is awake, or has been woken, is
not woken again; and a loop that sleeps is woken at the end of trio's turn, when all who have something to ask
have asked.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

import outcome
import trio

T = TypeVar("T")

Make = Callable[[], Awaitable[T]]


class Closed(Exception):
    """The thread has been closed: what was asked for has not begun."""


class _Call(Generic[T]):
    """One awaitable on its way. `waiter` is trio's task, or None once it has given up or been told."""

    __slots__ = ("made", "make", "running", "waiter")

    def __init__(self, make: Make[T], waiter: trio.lowlevel.Task | None) -> None:
        self.make = make
        self.waiter = waiter
        self.running: asyncio.Task[None] | None = None
        self.made: outcome.Outcome[T] | None = None


class SideThread:
    """To be made inside trio, and closed there. One that is closed carries nothing more."""

    def __init__(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        self._loop = asyncio.new_event_loop()
        self._asked: deque[_Call[Any]] = deque()
        self._is_awake = False
        self._is_closed = False
        self._has_asked = False
        self._waker = trio.lowlevel.ParkingLot()
        self._waking = trio.CancelScope()
        trio.lowlevel.spawn_system_task(self._wake)
        self._done: deque[_Call[Any]] = deque()
        self._is_announced = False
        self._parting: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="hedera-grpc", daemon=True)
        self._thread.start()

    async def call(self, make: Make[T]) -> T:
        """What the coroutine returns or raises. Where this is cancelled, so is the coroutine.

        Raises `Closed` where it is too late for it, and `asyncio.CancelledError` where `close` has ended it.
        """
        if self._is_closed:
            raise Closed
        call = _Call(make, trio.lowlevel.current_task())

        def give_up(_: object) -> trio.lowlevel.Abort:
            call.waiter = None
            with suppress(RuntimeError):  # the loop has ended, and the coroutine with it
                self._loop.call_soon_threadsafe(_cancel, call)
            return trio.lowlevel.Abort.SUCCEEDED

        self._asked.append(call)
        if not self._is_awake:
            self._is_awake = self._has_asked = True
            self._waker.unpark()
        result: T = await trio.lowlevel.wait_task_rescheduled(give_up)
        return result

    def part(self, make: Make[None]) -> None:
        """Have something done that nobody waits for but `close`."""
        if self._is_closed:
            return
        self._loop.call_soon_threadsafe(self._begin_to_part, make)

    async def close(self) -> None:
        """End the thread, and whatever it still carries."""
        if self._is_closed:
            return
        self._is_closed = True
        self._waking.cancel()
        self._loop.call_soon_threadsafe(self._loop.stop)
        await trio.to_thread.run_sync(self._thread.join)

    async def _wake(self) -> None:
        """Runs after those who were to run in the same turn as whoever asked first."""
        with self._waking:
            while not self._is_closed:
                if not self._has_asked:
                    await self._waker.park()
                    continue
                self._has_asked = False
                self._loop.call_soon_threadsafe(self._take)

    # In the thread

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(self._end())
        finally:
            self._hand_back()
            self._loop.close()

    async def _end(self) -> None:
        self._take()  # what was asked for last, and nobody was woken for
        await asyncio.sleep(0)  # a task that has not begun cannot tell its caller that it was ended
        await asyncio.gather(*self._parting, return_exceptions=True)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _take(self) -> None:
        # Said before the list is emptied: what comes while it is will wake the loop once more.
        self._is_awake = False
        while self._asked:
            call = self._asked.popleft()
            if call.waiter is not None:
                call.running = self._loop.create_task(self._carry(call))

    def _begin_to_part(self, make: Make[None]) -> None:
        task = self._loop.create_task(_await(make))
        self._parting.add(task)
        task.add_done_callback(self._parting.discard)

    async def _carry(self, call: _Call[T]) -> None:
        call.made = await outcome.acapture(call.make)
        self._done.append(call)
        if not self._is_announced:
            self._is_announced = True
            self._loop.call_soon(self._hand_back)

    def _hand_back(self) -> None:
        with suppress(trio.RunFinishedError):
            self._token.run_sync_soon(self._resume)

    # In trio's thread again

    def _resume(self) -> None:
        # Said before the list is emptied, as in `_take`.
        self._is_announced = False
        while self._done:
            call = self._done.popleft()
            if call.waiter is not None:
                assert call.made is not None
                trio.lowlevel.reschedule(call.waiter, call.made)
                call.waiter = None


async def _await(make: Make[None]) -> None:
    await make()


def _cancel(call: _Call[Any]) -> None:
    if call.running is not None:
        call.running.cancel()
