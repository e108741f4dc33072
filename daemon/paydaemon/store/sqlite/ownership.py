"""Ownership: one daemon at a time has a database, and knows whether the disk below it can be trusted.

Both live in ``<database>.lock``. The lock is the kernel's (flock(2)): it goes with the process, however that
ends. The file's one word outlives it: `SUSPECT` from the disk's first failure until a full check has found
the database sound. It is written over itself, so that a full disk can keep nobody from writing it.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from paydaemon.store.port import StoreInUse

SOUND = b"sound  \n"
SUSPECT = b"suspect\n"


class Ownership:
    """The lock on a database, held until `release`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @property
    def suspect(self) -> bool:
        """Whether the database has to be checked in full before it is used."""
        return os.pread(self._descriptor, len(SUSPECT), 0) == SUSPECT

    def mark(self, word: bytes) -> None:
        """Remember `SOUND` or `SUSPECT`, durably. Raises `OSError` where even that cannot be written."""
        os.pwrite(self._descriptor, word, 0)
        os.fsync(self._descriptor)

    def release(self) -> None:
        """Let another daemon have the database."""
        os.close(self._descriptor)


def claim(path: str) -> Ownership:
    """Make a database ours. Raises `StoreInUse` where it is another daemon's, `OSError` without access."""
    lock = Path(path + ".lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = _holder(descriptor)
        os.close(descriptor)
        raise StoreInUse(f"another daemon is using this database: {holder} holds {lock}") from None
    ownership = Ownership(descriptor)
    if os.fstat(descriptor).st_size != len(SOUND):
        ownership.mark(SOUND)
    return ownership


def is_claimed(path: str) -> bool:
    """Whether a daemon is using a database. Raises `OSError` where the lock may not be looked at."""
    try:
        descriptor = os.open(path + ".lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _holder(descriptor: int) -> str:
    """Who has the lock, where the kernel tells: ``process 4711`` (proc(5), ``/proc/locks``)."""
    file = os.fstat(descriptor)
    of_file = f"{os.major(file.st_dev):02x}:{os.minor(file.st_dev):02x}:{file.st_ino}"
    with suppress(OSError):
        for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
            match line.split():
                case [_, "FLOCK", _, "WRITE", pid, place, *_] if place == of_file:
                    return f"process {pid}"
    return "it"
