"""Ownership: one daemon at a time has a database, and knows whether the disk below it can be trusted.

Both live in ``<database>.lock``. The lock is the kernel's (flock(2)): it goes with the process, however that
ends. The file's one word outlives it: `SUSPECT` from the disk's first failure until a full check has found
the database sound. It is written over itself, so that a full disk can keep nobody from writing it.
"""

import fcntl
import os
from pathlib import Path

from paydaemon.store.port import StoreMismatch

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
    """Make a database ours. Raises `StoreMismatch` where it is another daemon's, `OSError` without access."""
    lock = Path(path + ".lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StoreMismatch(f"another daemon is using this database: it holds {lock}") from None
    ownership = Ownership(descriptor)
    if os.fstat(descriptor).st_size != len(SOUND):
        ownership.mark(SOUND)
    return ownership
