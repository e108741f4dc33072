"""The committer: runs a batch of functions in one transaction, so that they share the cost of one commit.

A function that raises takes back its own writes and nobody else's. Most that raise have not written yet, and
then there is nothing to take back. Where one has, the whole batch is taken back and run again, each function
in a savepoint of its own: so what happens rarely costs twice, and what happens always costs no savepoint.

When the disk fails, SQLite may have taken back savepoints that were released long before. So then the whole
batch fails, and the connection is opened anew: what a failed commit left behind is for SQLite's recovery to
judge, not for us.

This is the same code whether a thread of its own runs it or a test inline.
"""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import perf_counter
from typing import Any

from paydaemon.store.port import StoreMeasures
from paydaemon.store.sqlite.database import Database
from paydaemon.store.sqlite.faults import LostTransaction, as_unavailable, is_busy
from paydaemon.store.sqlite.job import Job
from paydaemon.store.sqlite.statements import Statements
from paydaemon.store.sqlite.transaction import SqliteTransaction

ATTEMPTS = 3
"""How often a batch is begun while another process is in the way; each waits for `BUSY_TIMEOUT_S`."""

Batch = Sequence[Job[Any]]
Step = Callable[[sqlite3.Connection, SqliteTransaction, Job[Any]], bool]
"""Runs one function. Returns whether the others' writes can be told from what it has left behind."""


class Committer:
    """The one connection that writes.

    `last_seq` is that of the newest committed event. `fault` says what the last commit failed by, and is None
    once one has been made since that wrote something: an empty one proves nothing.
    """

    def __init__(self, database: Database, connection: sqlite3.Connection, statements: Statements) -> None:
        self._database = database
        self._statements = statements
        self.measures = StoreMeasures()
        self._connection: sqlite3.Connection | None = connection
        self.last_seq = self._session(connection).last_seq()
        self.fault: str | None = None

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection, opened anew where a fault closed it. Raises `sqlite3.Error` where that fails."""
        if self._connection is None:
            self._connection = self._database.writer()
            # A commit that failed may have reached the disk after all.
            self.last_seq = self._session(self._connection).last_seq()
        return self._connection

    def commit(self, batch: Batch) -> None:
        """Bring every job of a batch to its answer. Never raises."""
        began = perf_counter()
        try:
            self._commit_in_spite_of_others(batch)
        except Exception as error:  # noqa: BLE001 - whoever waits is told, whatever it was
            self._recover_from(error)
            self.fault = str(as_unavailable(error))
            for job in batch:
                job.failed(as_unavailable(error))
            self.measures.failed += 1
        else:
            self.measures.batch.observe(len(batch))
            self.measures.commit_s.observe(perf_counter() - began)

    def close(self) -> None:
        """Bring the log into the database, as far as nobody reads it, and close."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._connection.close()
            self._connection = None

    def _session(self, connection: sqlite3.Connection) -> SqliteTransaction:
        return SqliteTransaction(connection, self._statements)

    def _commit_in_spite_of_others(self, batch: Batch) -> None:
        for _ in range(ATTEMPTS - 1):
            try:
                return self._attempt(batch)
            except sqlite3.Error as error:
                if not is_busy(error):
                    raise
                self._roll_back()
        return self._attempt(batch)

    def _attempt(self, batch: Batch) -> None:
        if not self._carry_out(batch, _step):
            self._carry_out(batch, _step_apart)

    def _carry_out(self, batch: Batch, step: Step) -> bool:
        """Run all and commit; whether that could be done in these steps."""
        connection = self.connection
        written = connection.total_changes
        connection.execute("BEGIN IMMEDIATE")
        tx = self._session(connection)
        if not all(step(connection, tx, job) for job in batch):
            self._roll_back()
            return False
        tx.seal()
        newest = tx.last_seq()
        began = perf_counter()
        connection.execute("COMMIT")
        self.measures.sync_s.observe(perf_counter() - began)
        self.last_seq = newest
        if connection.total_changes > written:
            self.fault = None
        return True

    def _recover_from(self, error: Exception) -> None:
        self._roll_back()
        self._database.noticed(error)
        if self._connection is not None and not self._database.in_memory:
            self._connection.close()
            self._connection = None

    def _roll_back(self) -> None:
        if self._connection is not None and self._connection.in_transaction:
            with suppress(sqlite3.Error):  # closing the connection rolls back too
                self._connection.execute("ROLLBACK")


def _step(connection: sqlite3.Connection, tx: SqliteTransaction, job: Job[Any]) -> bool:
    """Run one function among the others. Raises the fault it met, even one that it kept to itself."""
    written = connection.total_changes
    succeeded = _run(tx, job)
    _require_whole(connection, tx)
    return succeeded or connection.total_changes == written


def _step_apart(connection: sqlite3.Connection, tx: SqliteTransaction, job: Job[Any]) -> bool:
    """Run one function in its savepoint. Raises like `_step`."""
    connection.execute("SAVEPOINT job")
    if _run(tx, job):
        tx.seal()
    elif tx.fault is None and connection.in_transaction:
        connection.execute("ROLLBACK TO job")
        tx.forget()
    _require_whole(connection, tx)
    connection.execute("RELEASE job")
    return True


def _run(tx: SqliteTransaction, job: Job[Any]) -> bool:
    """Bring a function to its answer; whether it returned."""
    try:
        job.succeeded(job.fn(tx))
    except BaseException as error:  # noqa: BLE001 - it is handed to whoever waits
        job.failed(error)
        return False
    return True


def _require_whole(connection: sqlite3.Connection, tx: SqliteTransaction) -> None:
    """Raises the first fault that the transaction has met, and where SQLite took it back."""
    if tx.fault is not None:
        raise tx.fault
    if not connection.in_transaction:
        raise LostTransaction("SQLite took the transaction back")
