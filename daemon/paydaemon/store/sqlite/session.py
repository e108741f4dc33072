"""Statements on one connection, with SQLite's errors told apart.

Whoever runs them gets rows, or one of the port's exceptions. A fault is also remembered here: a function that
swallows the exception must not get its batch committed.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NoReturn

from paydaemon.store.port import Duplicate
from paydaemon.store.sqlite.faults import as_unavailable, is_fault
from paydaemon.store.sqlite.statements import Statements

SqlValue = str | int | bytes | None

NO_VALUES: Mapping[str, SqlValue] = {}

_DUPLICATES = {
    "sellers.id": "seller",
    "keys.id": "key",
    "keys.digest": "key",
    "invoices.id": "invoice",
    "options.invoice_id, options.chain, options.asset_code": "option",
    "options.chain, options.destination_key": "destination",
    "options.chain, options.destination_index": "destination",
    "idempotency_keys.seller_id, idempotency_keys.key": "idempotency_key",
    "payments.id": "payment",
    "payments.chain, payments.ref": "payment",
    "relays.id": "relay",
    "relays.chain, relays.transaction_id": "relay",
    "targets.id": "target",
    "desk_sessions.id": "desk_session",
    "desk_sessions.digest": "desk_session",
    "deliveries.id": "delivery",
    "deliveries.seq, deliveries.target": "delivery",
}
"""What each UNIQUE constraint is about, by the columns that SQLite names in its message."""


class Session:
    """One connection and the statements to run on it. `fault` is the first one met, if any."""

    def __init__(self, connection: sqlite3.Connection, statements: Statements) -> None:
        self._connection = connection
        self._statements = statements
        self.fault: Exception | None = None

    def control(self, sql: str) -> None:
        """Begin, end or mark a transaction."""
        self._run(sql)

    def _rows(self, name: str, /, **values: SqlValue) -> list[sqlite3.Row]:
        """All rows that a statement yields."""
        return self._run(self._statements[name], values)[0]

    def _row(self, name: str, /, **values: SqlValue) -> sqlite3.Row | None:
        """The one row that a statement yields, if it yields any."""
        rows = self._rows(name, **values)
        return rows[0] if rows else None

    def _count(self, name: str, /, **values: SqlValue) -> int:
        """The one number that a statement yields."""
        [[number]] = self._rows(name, **values)
        return int(number)

    def _change(self, name: str, /, **values: SqlValue) -> int:
        """Run a statement that writes; returns how many rows it wrote."""
        return self._run(self._statements[name], values)[1]

    @contextmanager
    def _together(self) -> Iterator[None]:
        """Take back all that the block wrote if it raises, so that whoever catches that can go on."""
        self.control("SAVEPOINT together")
        try:
            yield
        except BaseException:
            if self.fault is None:
                self.control("ROLLBACK TO together")
                self.control("RELEASE together")
            raise
        self.control("RELEASE together")

    def _run(self, sql: str, values: Mapping[str, SqlValue] = NO_VALUES) -> tuple[list[sqlite3.Row], int]:
        try:
            cursor = self._connection.execute(sql, values)
            return cursor.fetchall(), cursor.rowcount
        except (sqlite3.Error, MemoryError) as error:
            self._tell(error)

    def _tell(self, error: Exception) -> NoReturn:
        if is_fault(error):
            self.fault = self.fault or error
            raise as_unavailable(error)
        code = getattr(error, "sqlite_errorcode", 0)
        if code in (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY):
            columns = str(error).removeprefix("UNIQUE constraint failed: ")
            raise Duplicate(_DUPLICATES.get(columns, columns)) from error
        if code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
            raise LookupError("what this row belongs to is not recorded") from error
        raise error


def at_most(limit: int) -> int:
    """A `limit` as SQLite should see it, which takes a negative one for "all"."""
    return max(0, limit)
