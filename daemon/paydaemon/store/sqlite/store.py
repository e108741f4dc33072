"""The store itself: a writer, readers, and the tide of the journal that others wait for."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal, TypeVar

import trio

from paydaemon.store.port import Reader, StoreMeasures, StoreUnavailable, Transaction
from paydaemon.store.sqlite.committer import Committer
from paydaemon.store.sqlite.connection import MEMORY
from paydaemon.store.sqlite.database import Database, open_database
from paydaemon.store.sqlite.migrate import load_migrations
from paydaemon.store.sqlite.readers import InlineReaders, Readers, ThreadReaders
from paydaemon.store.sqlite.statements import Statements, load_statements
from paydaemon.store.sqlite.writers import InlineWriter, ThreadWriter, Writer

T = TypeVar("T")

Executor = Literal["threads", "inline"]
"""Who does the work: threads beside trio's, or the caller itself."""


class Tide:
    """How far the journal has come, and who waits for it to come further."""

    def __init__(self, last_seq: int) -> None:
        self.last_seq = last_seq
        self._closed = False
        self._waiters = trio.lowlevel.ParkingLot()

    def rise(self, last_seq: int) -> None:
        """A commit has brought the journal to `last_seq`; wake whoever waits if that is new."""
        if last_seq > self.last_seq:
            self.last_seq = last_seq
            self._waiters.unpark_all()

    def close(self) -> None:
        """Nothing more will come."""
        self._closed = True
        self._waiters.unpark_all()

    async def wait_beyond(self, seq: int) -> None:
        """Raises `StoreUnavailable` where the store closes first."""
        await trio.lowlevel.checkpoint()
        while self.last_seq <= seq:
            if self._closed:
                raise StoreUnavailable("the store is closed")
            await self._waiters.park()


class SqliteStore:
    """`paydaemon.store.port.Store` in one SQLite file. Made by `open_store`."""

    def __init__(
        self, database: Database, measures: StoreMeasures, tide: Tide, writer: Writer, readers: Readers
    ) -> None:
        self.measures = measures
        self._database = database
        self._tide = tide
        self._writer = writer
        self._readers = readers
        self._closed = False

    async def transact(self, fn: Callable[[Transaction], T]) -> T:
        self._check_open()
        return await self._writer.run(fn)

    async def read(self, fn: Callable[[Reader], T]) -> T:
        self._check_open()
        return await self._readers.run(fn)

    @property
    def last_seq(self) -> int:
        """The newest committed event's `seq`; 0 while the journal is empty."""
        return self._tide.last_seq

    @property
    def fault(self) -> str | None:
        return self._writer.fault

    async def wait_beyond(self, seq: int) -> None:
        await self._tide.wait_beyond(seq)

    async def aclose(self) -> None:
        """Finish what is queued, then close. Not cut short by cancellation; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        with trio.CancelScope(shield=True):
            await self._readers.aclose()
            await self._writer.aclose()
        self._tide.close()
        self._database.release()

    def _check_open(self) -> None:
        if self._closed:
            raise StoreUnavailable("the store is closed")


@asynccontextmanager
async def open_store(
    path: str | Path,
    *,
    executor: Executor = "threads",
    queue_limit: int = 10_000,
    batch_limit: int = 256,
    read_connections: int = 4,
) -> AsyncIterator[SqliteStore]:
    """Open a database, made new where there is none, for as long as the block runs.

    Before it is used it is claimed (``<path>.lock``), recognised, checked and migrated. Raises
    `StoreMismatch` for a database that is damaged, not ours, from a newer release or in use by another
    daemon, and `StoreUnavailable` where the disk does not let us have it; both name the file.

    `queue_limit` is how many transactions, and how many reads, may wait; beyond it they are refused with
    `StoreUnavailable`. At most `batch_limit` transactions share a commit. With the executor "inline"
    everything happens in the calling thread, for tests under a mock clock; only then may the path be
    ``":memory:"``.
    """
    store = await _open(str(path), executor, queue_limit, batch_limit, read_connections)
    try:
        yield store
    finally:
        await store.aclose()


async def _open(
    path: str, executor: Executor, queue_limit: int, batch_limit: int, read_connections: int
) -> SqliteStore:
    match executor:
        case "inline":
            database, committer, statements = _prepare(path)
            tide = Tide(committer.last_seq)
            return SqliteStore(
                database,
                committer.measures,
                tide,
                InlineWriter(committer, tide.rise),
                InlineReaders(committer, statements),
            )
        case "threads":
            if path == MEMORY:
                raise ValueError('a database in memory has one connection: open it with executor="inline"')
            database, committer, statements = await trio.to_thread.run_sync(_prepare, path)
            tide = Tide(committer.last_seq)
            return SqliteStore(
                database,
                committer.measures,
                tide,
                ThreadWriter(committer, tide.rise, queue_limit, batch_limit),
                ThreadReaders(database, statements, committer.measures, read_connections, queue_limit),
            )


def _prepare(path: str) -> tuple[Database, Committer, Statements]:
    """All that is done before anybody is served; it may take as long as the check of the whole file takes."""
    statements = load_statements()
    resolved = path if path == MEMORY else str(Path(path).resolve())
    database, connection = open_database(resolved, load_migrations())
    try:
        return database, Committer(database, connection, statements), statements
    except BaseException:
        connection.close()
        database.release()
        raise
