"""Migrations: numbered files of SQL that bring any older database to this code's schema, one after another.

Each is applied in a transaction of its own together with its number (SQLite's ``user_version``), so a crash
leaves the database at one version or the next. A file is never edited once it was released.
"""

import re
import sqlite3
from collections.abc import Sequence
from importlib.resources import files

from paydaemon.store.port import StoreMismatch
from paydaemon.store.sqlite.connection import APPLICATION_ID

_FILE = re.compile(r"([0-9]{4})_\w+\.sql")


def load_migrations() -> Sequence[str]:
    """The migrations' texts; the first makes version 1. Raises `ValueError` for a gap in their numbers."""
    folder = files("paydaemon.store.sqlite") / "migrations"
    found = sorted((entry for entry in folder.iterdir() if _FILE.fullmatch(entry.name)), key=lambda e: e.name)
    if [int(entry.name[:4]) for entry in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"migrations are not numbered 1, 2, …: {[entry.name for entry in found]}")
    return [entry.read_text(encoding="utf-8") for entry in found]


def check_ours(connection: sqlite3.Connection, newest: int) -> None:
    """Raises `StoreMismatch` for somebody else's database, and for one from a newer release."""
    application_id, tables = _number(connection, "application_id"), _tables(connection)
    if application_id != APPLICATION_ID and (application_id != 0 or tables):
        raise StoreMismatch("this is another program's database")
    version = _number(connection, "user_version")
    if version > newest:
        raise StoreMismatch(
            f"a newer release wrote this database (version {version}; this one knows up to {newest}): "
            "run that release, or restore a backup from before it"
        )


def migrate(connection: sqlite3.Connection, migrations: Sequence[str]) -> None:
    """Bring the database to the newest version, while foreign keys are not enforced: tables may be rebuilt.

    Raises `sqlite3.Error` where a migration fails and `StoreMismatch` where it leaves rows that belong to
    nothing; the database then stays at the version before it.
    """
    for version in range(_number(connection, "user_version") + 1, len(migrations) + 1):
        try:
            _apply(connection, version, migrations[version - 1])
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _apply(connection: sqlite3.Connection, version: int, script: str) -> None:
    connection.executescript("BEGIN IMMEDIATE;\n" + script)
    if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise StoreMismatch(f"migration {version} would leave rows that belong to nothing")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.execute("COMMIT")


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    [value] = connection.execute(f"PRAGMA {pragma}").fetchone()
    return int(value)


def _tables(connection: sqlite3.Connection) -> int:
    [count] = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return int(count)
