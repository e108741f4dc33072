"""A disk that can be full, without filling one: SQLite itself counts the pages and says SQLITE_FULL.

https://www.sqlite.org/pragma.html#pragma_max_page_count - the limit is a connection's, so each one that is
opened gets it. What a real file system does when it refuses a write is in ``test_failing_disk.py``.
"""

import sqlite3

import pytest

from paydaemon.store.sqlite import database
from paydaemon.store.sqlite.connection import make_writer

ROOMY = 1_000_000


class Disk:
    """Room for so many pages. Made before the store is opened."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._pages = ROOMY
        self._connections: list[sqlite3.Connection] = []
        patch.setattr(database, "make_writer", self._make_writer)

    def fill(self) -> None:
        """Leave room for no page beyond those that there are."""
        self._resize(1)

    def empty(self) -> None:
        """Make room again."""
        self._resize(ROOMY)

    def _make_writer(self, connection: sqlite3.Connection) -> None:
        make_writer(connection)
        self._connections.append(connection)
        self._resize(self._pages)

    def _resize(self, pages: int) -> None:
        self._pages = pages
        try:
            self._connections[-1].execute(f"PRAGMA max_page_count = {pages}")
        except sqlite3.ProgrammingError:
            return  # closed by a fault: the next one will be told
