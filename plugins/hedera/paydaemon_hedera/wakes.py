"""Wakes: trio's tasks wait for gRPC's futures, without a thread for each.

gRPC finishes its calls in a thread of its own. Handing each over alone would wake trio's loop once for each;
so what has finished is put on a list, and the loop is woken once for all that is on it by then.
"""

from collections import deque
from contextlib import suppress
from typing import Any

import grpc
import outcome
import trio


class Waiter:
    """One task that waits; nobody, once it has given up."""

    __slots__ = ("task",)

    def __init__(self, task: trio.lowlevel.Task) -> None:
        self.task: trio.lowlevel.Task | None = task


class Wakes:
    """Those who wait in one run of trio. To be made inside it."""

    def __init__(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        self._woken: deque[Waiter] = deque()

    async def done(self, future: "grpc.Future[Any]") -> None:
        """Wait until the call has ended, in whatever way. Where this is cancelled, so is the call."""
        waiter = Waiter(trio.lowlevel.current_task())

        def give_up(_: object) -> trio.lowlevel.Abort:
            waiter.task = None
            future.cancel()
            return trio.lowlevel.Abort.SUCCEEDED

        future.add_done_callback(lambda _: self._finished(waiter))
        await trio.lowlevel.wait_task_rescheduled(give_up)

    def _finished(self, waiter: Waiter) -> None:
        """Called in gRPC's thread, or at once where there was nothing to wait for."""
        self._woken.append(waiter)
        with suppress(trio.RunFinishedError):
            self._token.run_sync_soon(self._wake, idempotent=True)

    def _wake(self) -> None:
        while self._woken:
            waiter = self._woken.popleft()
            if waiter.task is not None:
                trio.lowlevel.reschedule(waiter.task, outcome.Value(None))
                waiter.task = None
