"""Migrations: any older database is brought to the newest schema, one whole step after another."""

import sqlite3
from collections.abc import Iterator, Sequence

import pytest

from paydaemon.store.port import StoreMismatch
from paydaemon.store.sqlite.migrate import check_ours, load_migrations, migrate

ONE = "CREATE TABLE one (id INTEGER PRIMARY KEY) STRICT;"
TWO = "CREATE TABLE two (id INTEGER REFERENCES one (id)) STRICT; INSERT INTO one VALUES (1);"
BROKEN = "CREATE TABLE three (id INTEGER) STRICT; INSERT INTO nowhere VALUES (1);"
ORPHANS = "INSERT INTO two VALUES (7);"


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield connection
    connection.close()


def state(connection: sqlite3.Connection) -> tuple[int, set[str]]:
    """The version, and the tables."""
    [version] = connection.execute("PRAGMA user_version").fetchone()
    return version, {
        row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    }


def test_each_step_is_taken_once(connection: sqlite3.Connection) -> None:
    migrate(connection, [ONE])
    assert state(connection) == (1, {"one"})
    migrate(connection, [ONE, TWO])
    migrate(connection, [ONE, TWO])
    assert state(connection) == (2, {"one", "two"})
    assert connection.execute("SELECT id FROM one").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("bad", "error"),
    [(BROKEN, sqlite3.OperationalError), (ORPHANS, StoreMismatch), ("SELEC;", sqlite3.Error)],
)
def test_a_step_that_fails_leaves_the_version_before_it(
    connection: sqlite3.Connection, bad: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        migrate(connection, [ONE, TWO, bad])
    assert state(connection) == (2, {"one", "two"})
    assert connection.execute("SELECT * FROM two").fetchall() == []
    migrate(connection, [ONE, TWO, "CREATE TABLE good (id INTEGER) STRICT;"])
    assert state(connection) == (3, {"one", "two", "good"})


def test_a_migrated_database_is_known_as_ours(connection: sqlite3.Connection) -> None:
    check_ours(connection, 1)
    migrate(connection, [ONE])
    check_ours(connection, 1)
    check_ours(connection, 2)
    with pytest.raises(StoreMismatch, match="newer release"):
        check_ours(connection, 0)


def test_ours_are_numbered_and_apply(connection: sqlite3.Connection) -> None:
    migrations: Sequence[str] = load_migrations()
    migrate(connection, migrations)
    version, tables = state(connection)
    assert version == len(migrations) >= 1
    assert {"sellers", "invoices", "options", "payments", "chains", "journal", "events"} <= tables
    for table in tables:
        if table.startswith("invoice_words"):
            continue  # a virtual table, and what it keeps for itself
        [sql] = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", [table]).fetchone()
        assert "STRICT" in sql, table


def test_every_journal_has_an_epoch_of_its_own() -> None:
    epochs: set[str] = set()
    for _ in range(5):
        connection = sqlite3.connect(":memory:", isolation_level=None)
        migrate(connection, load_migrations())
        [epoch] = connection.execute("SELECT epoch FROM journal").fetchone()
        epochs.add(epoch)
        assert len(epoch) == 8
        connection.close()
    assert len(epochs) == 5
