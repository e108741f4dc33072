"""What SQLite's errors mean for a batch of transactions.

Most errors concern one statement: a constraint refused a row, a value does not fit. They are the business of
whoever asked. A *fault* concerns everybody: SQLite may have taken the whole transaction back already,
released savepoints included (https://www.sqlite.org/lang_transaction.html, "Response To Errors Within A
Transaction"), so the batch fails as a whole, or runs again where only somebody else was in the way.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from paydaemon.store.port import StoreMismatch, StoreUnavailable

_BUSY = {
    sqlite3.SQLITE_BUSY: "another process holds the database locked",
    sqlite3.SQLITE_LOCKED: "another connection holds a table locked",
    sqlite3.SQLITE_PROTOCOL: "another process holds the write-ahead log locked",
}

_DISK = {
    sqlite3.SQLITE_PERM: "the file system refuses access",
    sqlite3.SQLITE_NOMEM: "memory ran out",
    sqlite3.SQLITE_READONLY: "the database cannot be written",
    sqlite3.SQLITE_IOERR: "the disk failed to read or write",
    sqlite3.SQLITE_CORRUPT: "the database is damaged",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_CANTOPEN: "the database cannot be opened",
    sqlite3.SQLITE_NOLFS: "the file system cannot hold a file this large",
    sqlite3.SQLITE_NOTADB: "the file is not a database",
}

MOST_FAULTS = 5
"""How many faults of a damaged database are looked for."""

_SUSPICIOUS = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class LostTransaction(Exception):
    """SQLite took the transaction back without saying so to the one who should have heard."""


def primary_code(error: BaseException) -> int:
    """The primary result code of what SQLite reported, also where that was told on already; 0 for all else.

    The low byte of an extended code is its primary one: https://www.sqlite.org/rescode.html
    """
    origin = error.__cause__ if isinstance(error, StoreUnavailable) else error
    code: int = getattr(origin, "sqlite_errorcode", 0)
    return code & 0xFF


def is_busy(error: BaseException) -> bool:
    """Whether somebody else was in the way, so that trying again may help."""
    return primary_code(error) in _BUSY


def is_fault(error: BaseException) -> bool:
    """Whether no part of the batch that met this error may be committed."""
    return isinstance(error, MemoryError) or primary_code(error) in _BUSY | _DISK


def is_suspicious(error: BaseException) -> bool:
    """Whether what is on the disk may no longer be what was written there."""
    return primary_code(error) in _SUSPICIOUS


def as_unavailable(error: BaseException) -> StoreUnavailable:
    """What whoever waits is told of a fault: an exception of their own, for each raises it anew."""
    if isinstance(error, StoreUnavailable):
        told, cause = StoreUnavailable(*error.args), error.__cause__
    else:
        told, cause = StoreUnavailable(_describe(error)), error
    told.__cause__ = cause
    return told


def _describe(error: BaseException) -> str:
    meaning = (_BUSY | _DISK).get(primary_code(error), "the store failed")
    return f"{meaning}: {error} ({getattr(error, 'sqlite_errorname', type(error).__name__)})"


def damage(connection: sqlite3.Connection, check: str) -> list[str]:
    """What ``quick_check`` or ``integrity_check`` finds wrong with a database, a line for each fault."""
    rows = [row[0] for row in connection.execute(f"PRAGMA {check}({MOST_FAULTS})")]
    lines = [line for row in rows for line in row.splitlines() if not line.startswith("***")]
    return [] if rows == ["ok"] else lines or ["nothing is said of how"]


def refuse_damage(connection: sqlite3.Connection, check: str) -> None:
    """Raises `StoreMismatch` where a check finds faults: one line, with the first of them."""
    found = damage(connection, check)
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise StoreMismatch(f"this database is damaged, restore a backup: {found[0]}{more}")


@contextmanager
def told_as_unavailable() -> Iterator[None]:
    """Turn a fault that comes out of the block into `StoreUnavailable`; let all else pass."""
    try:
        yield
    except (sqlite3.Error, MemoryError) as error:
        if not is_fault(error):
            raise
        raise as_unavailable(error)  # noqa: B904 - it names its cause
