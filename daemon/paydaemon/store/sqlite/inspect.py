"""Looking at a database file without claiming it: nothing is migrated, and nobody is disturbed."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from paydaemon.store.port import StoreMismatch
from paydaemon.store.sqlite.connection import connect
from paydaemon.store.sqlite.database import raise_naming
from paydaemon.store.sqlite.faults import refuse_damage
from paydaemon.store.sqlite.migrate import check_ours, load_migrations
from paydaemon.store.sqlite.ownership import SUSPECT
from paydaemon.store.sqlite.statements import load_statements

TELLS_FROM = 4
"""The first version of the schema that knows whom to tell."""


@dataclass(frozen=True, slots=True)
class Told:
    """A target and how far behind it is. `oldest_ms` is when the oldest of what is pending happened."""

    id: str
    notifier: str
    down_since_ms: int | None
    pending: int
    parked: int
    oldest_ms: int | None


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a database says of itself.

    `version` is its schema's and `newest` the one that this code makes of it; `newest_event_ms` is when the
    last event was written, None where there is none; `chains` has identity and next index of each chain, and
    `waiting` how many invoices may still be paid on it; `suspect` says that the disk has failed since the
    last full check. `told` is everybody who is told of events.
    """

    version: int
    newest: int
    newest_event_ms: int | None
    chains: Mapping[str, tuple[str | None, int]]
    waiting: Mapping[str, int]
    suspect: bool
    told: Sequence[Told] = ()


def inspect(database: Path) -> Inspected:
    """Look at a database, and for damage. Raises `StoreMismatch` or `StoreUnavailable`, naming the file."""
    newest = len(load_migrations())
    try:
        with closing(connect(str(database.resolve()))) as connection:
            connection.execute("PRAGMA query_only = ON")
            check_ours(connection, newest)
            return _inspect(connection, database, newest)
    except (StoreMismatch, sqlite3.Error, UnicodeDecodeError) as error:
        raise_naming(str(database), error)
        raise


def _inspect(connection: sqlite3.Connection, database: Path, newest: int) -> Inspected:
    refuse_damage(connection, "quick_check")
    [version] = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        return Inspected(version, newest, None, {}, {}, suspect=_is_suspect(database))
    [event_ms] = connection.execute(
        "SELECT (SELECT created_at_ms FROM events ORDER BY seq DESC LIMIT 1)"
    ).fetchone()
    rows = connection.execute("SELECT id, identity, next_index FROM chains")
    chains = {id: (identity, next_index) for id, identity, next_index in rows}
    waiting = dict(connection.execute(load_statements()["waiting_by_chain"]))
    told = _told(connection) if version >= TELLS_FROM else ()
    return Inspected(version, newest, event_ms, chains, waiting, _is_suspect(database), told)


def _told(connection: sqlite3.Connection) -> Sequence[Told]:
    return [Told(*row) for row in connection.execute(load_statements()["told"])]


def _is_suspect(database: Path) -> bool:
    lock = Path(f"{database}.lock")
    return lock.exists() and lock.read_bytes() == SUSPECT
