"""Readers: each read is one snapshot, on a connection that cannot write and does not wait for the writer."""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, TypeVar

import trio

from paydaemon.store.port import Reader, StoreMeasures, StoreUnavailable
from paydaemon.store.sqlite.committer import Committer
from paydaemon.store.sqlite.database import Database
from paydaemon.store.sqlite.faults import told_as_unavailable
from paydaemon.store.sqlite.statements import Statements
from paydaemon.store.sqlite.transaction import SqliteReader

T = TypeVar("T")


class Readers(Protocol):
    """Whoever runs what is read."""

    async def run(self, fn: Callable[[Reader], T]) -> T:
        """Run `fn` on a snapshot. Raises what it raises, or `StoreUnavailable`."""
        ...

    async def aclose(self) -> None:
        """Wait for what is being read, then close."""
        ...


class InlineReaders:
    """Reads in the calling thread, on the connection that writes: nothing else runs meanwhile."""

    def __init__(self, committer: Committer, statements: Statements) -> None:
        self._committer = committer
        self._statements = statements

    async def run(self, fn: Callable[[Reader], T]) -> T:
        await trio.lowlevel.checkpoint()
        with told_as_unavailable():
            connection = self._committer.connection
        return _snapshot(connection, SqliteReader(connection, self._statements), fn)

    async def aclose(self) -> None:
        await trio.lowlevel.cancel_shielded_checkpoint()


class ThreadReaders:
    """Reads in worker threads, at most `connections` at a time."""

    def __init__(
        self,
        database: Database,
        statements: Statements,
        measures: StoreMeasures,
        connections: int,
        queue_limit: int,
    ) -> None:
        self._database = database
        self._statements = statements
        self._idle: list[sqlite3.Connection] = []
        self._limiter = trio.CapacityLimiter(connections)
        self._queue_limit = queue_limit
        self._measures = measures

    async def run(self, fn: Callable[[Reader], T]) -> T:
        waiting = self._measures.reads_waiting
        if waiting >= self._queue_limit:
            raise StoreUnavailable(f"{waiting} reads are waiting already")
        self._measures.reads_waiting += 1
        try:
            return await trio.to_thread.run_sync(self._read, fn, limiter=self._limiter)
        finally:
            self._measures.reads_waiting -= 1

    async def aclose(self) -> None:
        """Taking every place among the readers waits for whoever has one."""
        with trio.CancelScope(shield=True):
            for _ in range(int(self._limiter.total_tokens)):
                await self._limiter.acquire_on_behalf_of(object())
        while self._idle:
            self._idle.pop().close()

    def _read(self, fn: Callable[[Reader], T]) -> T:
        """In a worker thread."""
        with told_as_unavailable():
            connection = self._idle.pop() if self._idle else self._database.reader()
        reader = SqliteReader(connection, self._statements)
        try:
            return _snapshot(connection, reader, fn)
        finally:
            self._put_back(connection, reader)

    def _put_back(self, connection: sqlite3.Connection, reader: SqliteReader) -> None:
        """A connection that met a fault is not used again."""
        if reader.fault is not None:
            self._database.noticed(reader.fault)
        if reader.fault is None and not connection.in_transaction:
            self._idle.append(connection)
        else:
            connection.close()


def _snapshot(connection: sqlite3.Connection, reader: SqliteReader, fn: Callable[[Reader], T]) -> T:
    reader.control("BEGIN DEFERRED")
    try:
        return fn(reader)
    finally:
        if connection.in_transaction:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
