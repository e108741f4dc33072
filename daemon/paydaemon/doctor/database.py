"""The database: there, ours, sound, and readable by nobody else."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from paydaemon.hooks.diagnosis import Finding, ok, problem, warning
from paydaemon.store.port import StoreMismatch, StoreUnavailable
from paydaemon.store.sqlite.inspect import Inspected, inspect


def look(database: Path) -> Inspected | Finding | None:
    """What the database says of itself, or what is wrong with it; None where there is none."""
    if not database.exists():
        return None
    try:
        return inspect(database)
    except StoreMismatch as error:
        return problem("file", str(error), "see docs/backup.md for the way back from a backup")
    except StoreUnavailable as error:
        return problem("file", str(error), "run this as the daemon's user or root, and look after the disk")


def database_findings(database: Path, found: Inspected | Finding | None) -> Iterator[Finding]:
    """The file, its schema's version, and its rights."""
    match found:
        case None:
            yield ok("file", f"{database} is not there yet: it is made at the first start")
            return
        case Finding():
            yield found
        case Inspected():
            yield _version(found)
            if found.suspect:
                advice = "look after the disk; the database is checked in full at the next start"
                yield warning("disk", "the disk has failed under this database", advice)
    yield from _rights(database)


def _version(found: Inspected) -> Finding:
    if found.version < found.newest:
        said = f"sound; version {found.version}, which becomes {found.newest} at the next start"
        return warning("file", said, "make a backup first: an older release cannot open it afterwards")
    return ok("file", f"sound; version {found.version}")


def _rights(database: Path) -> Iterator[Finding]:
    """Customers are in it. SQLite gives the log's files the same rights."""
    mine, folder = database.stat(), database.parent.stat()
    if mine.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield problem("rights", "others may open the database", f"chmod 600 {database}")
    elif mine.st_uid != folder.st_uid and mine.st_uid != os.geteuid():
        said = f"it belongs to uid {mine.st_uid}, its folder to uid {folder.st_uid}"
        yield problem("rights", said, f"chown {folder.st_uid} {database}*")
    else:
        yield ok("rights", "only its owner may open it")
