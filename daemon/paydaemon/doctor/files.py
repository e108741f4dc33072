"""Files and folders: room, rights, and whether writing really works."""

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from paydaemon.hooks.diagnosis import Finding, ok, problem, warning

LITTLE_BYTES = 1 << 30
TOO_LITTLE_BYTES = 100 << 20
_MIB = 1 << 20
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def config_file_findings(path: Path) -> Iterator[Finding]:
    """Who else may change the configuration."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return  # that it cannot be read is told already
    if mode & _OTHERS_WRITE:
        yield warning("rights", f"{path} can be changed by others", f"chmod go-w {path}")


def disk_findings(folder: Path) -> Iterator[Finding]:
    """The folder of the database: there, the service's alone, writable, with room."""
    try:
        found = folder.stat()
    except OSError as error:
        yield _not_there(folder, error)
        return
    if found.st_mode & _OTHERS_WRITE:
        yield problem("folder", f"others may change what is in {folder}", f"chmod 700 {folder}")
    elif found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield warning("folder", f"others may look into {folder}", f"chmod 700 {folder}")
    else:
        yield ok("folder", f"{folder} is its owner's alone")
    yield _writable(folder)
    yield _room(folder)


def _not_there(folder: Path, error: OSError) -> Finding:
    """The daemon makes the folder itself, where it may."""
    near = next(path for path in (folder, *folder.absolute().parents) if os.path.lexists(path))
    if isinstance(error, FileNotFoundError) and near.is_dir() and os.access(near, os.W_OK | os.X_OK):
        return ok("folder", f"{folder} is not there yet: it is made at the first start")
    advice = f"make it, for the service's user alone: install -d -m 700 -o paydaemon {folder}"
    return problem("folder", f"{folder}: {error.strerror}", advice)


def _writable(folder: Path) -> Finding:
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return problem("writing", f"{folder} cannot be written: {error.strerror}", _advice(error))
    return ok("writing", "a file was written and made durable")


def _advice(error: OSError) -> str:
    """What helps against an error of writing."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return "make room, or raise the quota of the user who runs the daemon"
        case errno.EROFS:
            return "mount it for writing; of a disk that has failed, look at the kernel's log first"
        case errno.EACCES | errno.EPERM:
            return f"give the user who runs the daemon the right to write there (you are uid {os.geteuid()})"
        case _:
            return "look after the disk"


def _room(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    said = f"{free // _MIB} MiB are free"
    if free < TOO_LITTLE_BYTES:
        return problem("room", said, "make room: when the disk is full, invoices are refused")
    if free < LITTLE_BYTES:
        return warning("room", said, "make room, at least 1 GiB")
    return ok("room", said)
