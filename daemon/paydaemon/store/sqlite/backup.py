"""Backups: a copy of the whole database as it was at one moment, also while a daemon goes on writing it.

SQLite copies page by page (https://www.sqlite.org/backup.html) inside one read transaction, so that what is
committed meanwhile is not part of the copy and holds nobody up. The copy is one private file without a log.
It appears under its name whole, checked and durable, or not at all.
"""

import os
import secrets
import sqlite3
import stat
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from paydaemon.store.port import StoreMismatch
from paydaemon.store.sqlite.connection import connect, connect_finished
from paydaemon.store.sqlite.database import raise_naming
from paydaemon.store.sqlite.faults import damage, primary_code
from paydaemon.store.sqlite.migrate import check_ours, load_migrations

PAGES_AT_ONCE = 2_000
SIDES = ("", "-wal", "-shm", ".lock")
"""What the names of the files that make up a database end with."""

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFSOCK: "a socket",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}

Progress = Callable[[str, float], None]
"""Is told what is being done, and which part of it is: 0 to 1."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy holds: the schema's version, its journal's epoch and newest event, and its size."""

    version: int
    epoch: str
    last_seq: int
    size_bytes: int


def back_up(
    database: Path,
    target: Path,
    progress: Progress,
    *,
    replace: bool = False,
    spared: Collection[Path] = (),
) -> Copied:
    """Copy a database to a new file `target`; a regular file that is there is replaced where `replace` asks.

    Nothing else is ever replaced, nor is the database or one of the `spared` files. Raises `FileExistsError`
    for these, `FileNotFoundError` without a folder, `StoreMismatch` for a database that is not ours or
    damaged, `StoreUnavailable` where the disk refuses the database, and `OSError` where it refuses the copy.
    """
    _refuse_ours(target, database, spared)
    _refuse_taken(target, replace=replace)
    with _about(target), _partial(target) as partial:
        copied = copy(database, partial, progress)
        _publish(partial, target, replace=replace)
    return copied


def copy(source: Path, target: Path, progress: Progress, *, in_use: bool = True) -> Copied:
    """Copy a database into the empty file `target`, check it and make it durable. Raises as `back_up`.

    One that is not `in_use` is read without a lock, and nothing is written beside it.
    """
    opened = connect if in_use else connect_finished
    with naming(source, target), closing(opened(str(source.resolve()))) as reading:
        reading.execute("PRAGMA query_only = ON")
        check_ours(reading, len(load_migrations()))
        reading.execute("BEGIN")
        if reading.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
            raise StoreMismatch("there is nothing in this database")
        with closing(sqlite3.connect(target, isolation_level=None)) as writing:
            _copy(reading, writing, progress)
            copied = _describe(writing, target)
    _sync(target)
    return copied


def _copy(reading: sqlite3.Connection, writing: sqlite3.Connection, progress: Progress) -> None:
    def told(_: int, remaining: int, total: int) -> None:
        progress("copying", 1 - remaining / max(1, total))

    writing.execute("PRAGMA journal_mode = OFF")
    writing.execute("PRAGMA synchronous = OFF")  # it is made durable as a whole, at the end
    reading.backup(writing, pages=PAGES_AT_ONCE, progress=told, sleep=0)
    writing.execute("PRAGMA journal_mode = DELETE").fetchall()
    check_sound(writing, progress)


def check_sound(connection: sqlite3.Connection, progress: Progress) -> None:
    """Look for damage, in full. Raises `StoreMismatch` with a line for each fault."""
    progress("checking", 0)
    found = damage(connection, "integrity_check")
    if found:
        raise StoreMismatch("this database is damaged:\n" + "\n".join(found))
    if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise StoreMismatch("this database is damaged: it holds rows that belong to nothing")
    progress("checking", 1)


def _describe(connection: sqlite3.Connection, path: Path) -> Copied:
    [version] = connection.execute("PRAGMA user_version").fetchone()
    journal = connection.execute("SELECT epoch, last_seq FROM journal").fetchone()
    if journal is None:
        raise StoreMismatch("this database is damaged: its journal has no beginning")
    epoch, last_seq = journal
    return Copied(version, epoch, last_seq, path.stat().st_size)


def _refuse_ours(target: Path, database: Path, spared: Collection[Path]) -> None:
    """Raises `FileExistsError`, also where the file is not there yet: the daemon will want to have it."""
    if target.resolve() in {Path(f"{database.resolve()}{side}") for side in SIDES}:
        raise FileExistsError(f"{target} is the database itself")
    if target.resolve() in {path.resolve() for path in spared}:
        raise FileExistsError(f"{target} is the daemon's own, and is never replaced")


def _refuse_taken(target: Path, *, replace: bool) -> None:
    """Raises `FileExistsError` where something has the name that may not lose it."""
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "no regular file")
        raise FileExistsError(f"{target} is {kind}, and only a regular file is replaced")
    if not replace:
        raise FileExistsError(f"{target} exists")


@contextmanager
def _about(target: Path) -> Iterator[None]:
    """Let what the disk has against the copy name the file that was asked for, and not the one on the way."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename is None:
            raise
        if not target.parent.is_dir():
            raise FileNotFoundError(f"{target}: there is no folder {target.parent}") from error
        raise OSError(error.errno, os.strerror(error.errno), str(target)) from error


@contextmanager
def _partial(target: Path) -> Iterator[Path]:
    """An empty private file beside `target`, gone in the end whatever happens, unless it was moved."""
    path = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        yield path
    finally:
        for side in ("", "-journal", "-wal", "-shm"):
            Path(f"{path}{side}").unlink(missing_ok=True)


def _publish(partial: Path, target: Path, *, replace: bool) -> None:
    """Give the file its name, in one step and durably. Raises `FileExistsError` where that was taken."""
    _refuse_taken(target, replace=replace)
    if replace:
        partial.replace(target)
    else:
        try:
            target.hardlink_to(partial)
        except FileExistsError:
            raise FileExistsError(f"{target} exists") from None
        except OSError:  # a file system without hard links
            if os.path.lexists(target):
                raise FileExistsError(f"{target} exists") from None
            partial.rename(target)
    with suppress(FileNotFoundError):
        partial.unlink()
    sync_folder(target.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def naming(source: Path, target: Path) -> Iterator[None]:
    """Raise what SQLite says as one of the port's exceptions, with the name of the file it is about."""
    try:
        yield
    except (StoreMismatch, sqlite3.Error, UnicodeDecodeError) as error:
        full = primary_code(error) == sqlite3.SQLITE_FULL
        raise_naming(str(target if full else source), error)
        raise
