"""Writers: who runs the committer, a thread of its own or, in tests under a mock clock, the caller.

The thread takes whatever has queued up while it was busy, so a batch is as large as the load is high and
nobody waits for a batch to fill. What is queued is carried out in any case, so the wait cannot be cancelled:
an answer given up would be a write that nobody knows of.
"""

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, TypeVar

import trio

from paydaemon.store.port import StoreBusy, Transaction
from paydaemon.store.sqlite.committer import Batch, Committer
from paydaemon.store.sqlite.job import Job

T = TypeVar("T")

Announce = Callable[[int], None]
"""Is told, in the trio thread, the `seq` of the newest committed event, once for each commit."""


class Writer(Protocol):
    """Whoever runs the committer."""

    @property
    def fault(self) -> str | None:
        """What the last commit failed by, None once one has been made since."""
        ...

    async def run(self, fn: Callable[[Transaction], T]) -> T:
        """Run `fn` in a transaction. Raises what it raises, or `StoreUnavailable`."""
        ...

    async def aclose(self) -> None:
        """Finish what is queued, then close the committer. Nothing may be run after this."""
        ...


class InlineWriter:
    """Commits in the calling thread, each function on its own."""

    def __init__(self, committer: Committer, announce: Announce) -> None:
        self._committer = committer
        self._announce = announce

    @property
    def fault(self) -> str | None:
        return self._committer.fault

    async def run(self, fn: Callable[[Transaction], T]) -> T:
        await trio.lowlevel.checkpoint_if_cancelled()
        job = Job(fn)
        self._committer.commit([job])
        self._announce(self._committer.last_seq)
        await trio.lowlevel.cancel_shielded_checkpoint()
        return job.answer()

    async def aclose(self) -> None:
        self._committer.close()
        await trio.lowlevel.cancel_shielded_checkpoint()


class ThreadWriter:
    """Commits in a thread of its own, many functions at a time."""

    def __init__(self, committer: Committer, announce: Announce, queue_limit: int, batch_limit: int) -> None:
        self._committer = committer
        self._announce = announce
        self._queue_limit = queue_limit
        self._batch_limit = batch_limit
        self._measures = committer.measures
        self._jobs: queue.SimpleQueue[Job[Any] | None] = queue.SimpleQueue()
        self._trio = trio.lowlevel.current_trio_token()
        self._thread = threading.Thread(target=self._work, name="paydaemon store", daemon=True)
        self._thread.start()

    @property
    def fault(self) -> str | None:
        return self._committer.fault

    async def run(self, fn: Callable[[Transaction], T]) -> T:
        await trio.lowlevel.checkpoint_if_cancelled()
        waiting = self._measures.writes_waiting
        if waiting >= self._queue_limit:
            raise StoreBusy(f"{waiting} transactions are waiting already")
        job = Job(fn, trio.lowlevel.current_task())
        self._measures.writes_waiting += 1
        self._jobs.put(job)
        await trio.lowlevel.wait_task_rescheduled(_not_cancelled)
        return job.answer()

    async def aclose(self) -> None:
        self._jobs.put(None)
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(self._thread.join)

    def _work(self) -> None:
        """The thread's whole life: one batch after another until it is told that no more will come."""
        more = True
        while more:
            batch, more = self._take()
            if batch:
                self._committer.commit(batch)
                with suppress(trio.RunFinishedError):  # what was queued happens even so
                    self._trio.run_sync_soon(self._deliver, batch, self._committer.last_seq)
        self._committer.close()

    def _take(self) -> tuple[Batch, bool]:
        """Wait for a job, and take what else is there; tells whether more may come."""
        batch: list[Job[Any]] = []
        with suppress(queue.Empty):
            while len(batch) < self._batch_limit:
                job = self._jobs.get(block=not batch)
                if job is None:
                    return batch, False
                batch.append(job)
        return batch, True

    def _deliver(self, batch: Batch, last_seq: int) -> None:
        """Once for each commit, in the trio thread."""
        self._measures.writes_waiting -= len(batch)
        self._announce(last_seq)
        for job in batch:
            if job.waiter is not None:
                trio.lowlevel.reschedule(job.waiter)


def _not_cancelled(_: Callable[[], None]) -> trio.lowlevel.Abort:
    return trio.lowlevel.Abort.FAILED
