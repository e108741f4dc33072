"""The database file: claimed, recognised, migrated and checked before anything is read from it."""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress

from paydaemon.store.port import StoreInUse, StoreMismatch, StoreUnavailable
from paydaemon.store.sqlite.connection import MEMORY, connect, connect_reader, create, make_writer
from paydaemon.store.sqlite.faults import as_unavailable, is_suspicious, primary_code, refuse_damage
from paydaemon.store.sqlite.migrate import check_ours, migrate
from paydaemon.store.sqlite.ownership import SOUND, SUSPECT, Ownership, claim


class Database:
    """A database that is ours until `release`. Connections to it come from here."""

    def __init__(self, path: str, ownership: Ownership | None) -> None:
        self.path = path
        self._ownership = ownership

    @property
    def in_memory(self) -> bool:
        """Whether the data goes with its only connection."""
        return self.path == MEMORY

    def writer(self) -> sqlite3.Connection:
        """A new connection that may write."""
        connection = connect(self.path)
        try:
            make_writer(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def reader(self) -> sqlite3.Connection:
        """A new connection that cannot write."""
        return connect_reader(self.path)

    def noticed(self, error: BaseException) -> None:
        """Have the database checked in full at the next start, where an error puts the disk in doubt."""
        if self._ownership is not None and is_suspicious(error):
            with suppress(OSError):  # the disk that fails may fail here too
                self._ownership.mark(SUSPECT)

    def release(self) -> None:
        """Let another daemon have it."""
        if self._ownership is not None:
            self._ownership.release()

    def prepare(self, migrations: Sequence[str]) -> sqlite3.Connection:
        """Recognise, migrate and check the file; returns the connection that will write it."""
        create(self.path)
        connection = connect(self.path)
        try:
            check_ours(connection, len(migrations))
            self._check(connection)
            migrate(connection, migrations)
            make_writer(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _check(self, connection: sqlite3.Connection) -> None:
        """Look for damage: quickly, or in full where the disk has failed since the last full look."""
        suspect = self._ownership is not None and self._ownership.suspect
        refuse_damage(connection, "integrity_check" if suspect else "quick_check")
        if suspect and self._ownership is not None:
            self._ownership.mark(SOUND)


def open_database(path: str, migrations: Sequence[str]) -> tuple[Database, sqlite3.Connection]:
    """Claim and prepare a database; returns it with the connection that will write it.

    Raises `StoreMismatch` or `StoreUnavailable`, both naming the file.
    """
    database = Database(path, None if path == MEMORY else claim_database(path))
    try:
        return database, database.prepare(migrations)
    except BaseException as error:
        database.noticed(error)
        database.release()
        raise_naming(path, error)
        raise


def claim_database(path: str) -> Ownership:
    """Make a database ours. Raises `StoreInUse` or `StoreUnavailable`, both naming the file."""
    try:
        return claim(path)
    except StoreInUse as error:
        raise StoreInUse(f"{path}: {error}") from None
    except OSError as error:
        raise StoreUnavailable(f"{path}: {error.strerror}") from error


def raise_naming(path: str, error: BaseException) -> None:
    """Raise what SQLite or a check said as one of the port's exceptions, with the file's name in front."""
    if isinstance(error, StoreMismatch):
        raise StoreMismatch(f"{path}: {error}") from error.__cause__
    garbled = isinstance(error, UnicodeDecodeError)  # so that SQLite's own words for it could not be read
    if garbled or primary_code(error) in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        raise StoreMismatch(f"{path}: this is no SQLite database, or a damaged one: {error}") from error
    if isinstance(error, sqlite3.Error | OSError):
        raise StoreUnavailable(f"{path}: {as_unavailable(error)}") from error
