"""Connections, and the settings that each of them gets.

Write-ahead logging lets readers go on while the writer commits, and ``synchronous = FULL`` makes each commit
survive a loss of power (https://www.sqlite.org/pragma.html#pragma_synchronous): NORMAL would not.
"""

import os
import sqlite3
from pathlib import Path

from paydaemon.store.port import StoreMismatch

MEMORY = ":memory:"
"""The path of a database that is gone when it is closed."""

APPLICATION_ID = int.from_bytes(b"payd", "big")
"""What SQLite's header calls our files: https://www.sqlite.org/pragma.html#pragma_application_id"""

BUSY_TIMEOUT_S = 5.0
WAL_LEFT_BYTES = 64 * 1024 * 1024
STATEMENTS_KEPT = 256

_EVERY = """
PRAGMA temp_store = MEMORY;
PRAGMA trusted_schema = OFF;
"""

_WRITER = f"""
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA journal_size_limit = {WAL_LEFT_BYTES};
"""


def create(path: str) -> None:
    """Make an empty file where there is none, for its owner alone; SQLite gives the log's files its mode."""
    if path != MEMORY:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def connect(path: str) -> sqlite3.Connection:
    """A connection that may write, as SQLite leaves it: nothing has touched the file yet. Makes no file."""
    return _connect(path if path == MEMORY else Path(path).as_uri() + "?mode=rw")


def make_writer(connection: sqlite3.Connection) -> None:
    """Give a connection the writer's settings. Raises `StoreMismatch` where the log cannot be write-ahead."""
    [mode] = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode not in ("wal", "memory"):
        raise StoreMismatch(f"this file system allows no write-ahead log: the journal mode is {mode!r}")
    connection.executescript(_EVERY + _WRITER)


def connect_reader(path: str) -> sqlite3.Connection:
    """A connection that cannot write. The writer's must be open: the two share the log's index."""
    connection = _connect(Path(path).as_uri() + "?mode=ro")
    connection.executescript(_EVERY + "PRAGMA query_only = ON;")
    return connection


def connect_finished(path: str) -> sqlite3.Connection:
    """A connection to a file that nobody changes any more. SQLite takes no lock and makes no file for it."""
    return _connect(Path(path).as_uri() + "?mode=ro&immutable=1")


def _connect(database: str) -> sqlite3.Connection:
    """Each connection is used by one thread at a time, though not always by the one that made it."""
    connection = sqlite3.connect(
        database,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=STATEMENTS_KEPT,
        uri=True,
    )
    connection.row_factory = sqlite3.Row
    return connection
