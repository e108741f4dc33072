"""Restoring: a backup takes a database's place, in one step, and what was there before is kept beside it.

A backup is never used itself: a *staged* copy of it is migrated, checked and given its new epoch, and it gets
the database's name only when nothing more can go wrong. A crash on the way leaves the one or the other.
"""

import os
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from paydaemon.store.port import StoreMismatch
from paydaemon.store.sqlite.backup import SIDES, Copied, Progress, copy, sync_folder
from paydaemon.store.sqlite.connection import connect
from paydaemon.store.sqlite.database import claim_database
from paydaemon.store.sqlite.migrate import check_ours, load_migrations

LOGS = ("-wal", "-shm")
MODE = 0o600


@contextmanager
def staged(backup: Path, folder: Path, progress: Progress) -> Iterator[tuple[Path, Copied]]:
    """A private copy of a backup in `folder`, checked in full; gone in the end unless it was swapped in.

    Raises `FileNotFoundError`, and as `paydaemon.store.sqlite.backup.back_up` does.
    """
    if not backup.is_file():
        raise FileNotFoundError(f"{backup} is no file")
    if Path(f"{backup}-wal").exists():
        raise StoreMismatch(
            f"{backup} has a log beside it: this is a database that was in use, and no backup"
        )
    path = folder / f".restoring-{secrets.token_hex(4)}.sqlite3"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE))
    try:
        yield path, copy(backup, path, progress, in_use=False)
    finally:
        for side in (*SIDES, "-journal"):
            Path(f"{path}{side}").unlink(missing_ok=True)


@contextmanager
def claimed(database: Path) -> Iterator[None]:
    """Keep every daemon from a database meanwhile. Raises `StoreMismatch` while one is using it."""
    ownership = claim_database(str(database.resolve()))
    try:
        _own_like(database.resolve().parent, Path(f"{database.resolve()}.lock"))
        yield
    finally:
        ownership.release()


def given_out(database: Path) -> Mapping[str, int]:
    """The first index of each chain that a database has not given out, as far as that can still be read."""
    with suppress(sqlite3.Error, StoreMismatch), closing(connect(str(database.resolve()))) as connection:
        connection.execute("PRAGMA query_only = ON")
        check_ours(connection, len(load_migrations()))
        return {
            row["id"]: row["next_index"] for row in connection.execute("SELECT id, next_index FROM chains")
        }
    return {}


def swap_in(path: Path, database: Path, aside: Path) -> None:
    """Let a staged database take the place of a claimed one, which is called `aside` from then on.

    A database that is there always has its name and all of its log, until in one step the new one has it.
    """
    database = database.resolve()
    if database.exists():
        _empty_log(database)
        for side in ("", *LOGS):
            with suppress(FileNotFoundError):
                aside.with_name(aside.name + side).hardlink_to(f"{database}{side}")
        _own_like(database, path)
        sync_folder(database.parent)
        for side in LOGS:  # of one that cannot be opened: beside the new one it would be taken for its own
            Path(f"{database}{side}").unlink(missing_ok=True)
    else:
        _own_like(database.parent, path)
    path.replace(database)
    sync_folder(database.parent)


def _empty_log(database: Path) -> None:
    """Bring what its log holds into a database that can be opened; closing it then removes the log."""
    with suppress(sqlite3.Error), closing(connect(str(database))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _own_like(known: Path, path: Path) -> None:
    """Give a file to whom `known` belongs: root may restore what is the service's."""
    owner = known.stat()
    if os.geteuid() == 0:
        os.chown(path, owner.st_uid, owner.st_gid)
