"""The Unix socket for administration: who may open it, and what is left of it.

Three doors: the folder, which nobody else may write to; the socket's own mode 0600; and, for each connection,
the kernel's word on who is at the other end (unix(7), SO_PEERCRED).
"""

import errno
import os
import socket
import stat
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import trio

BACKLOG = 100
MAX_PATH_BYTES = 107
"""unix(7): sun_path has 108 bytes, the last of which ends it."""

_UCRED = struct.Struct("3i")


class UnixListener(trio.abc.Listener[trio.SocketStream]):
    """A listener that takes its socket's file with it when it closes; as text ``unix:`` and its path.

    One that was `passed` to us leaves the file to whoever made it.
    """

    def __init__(self, listening: socket.socket, path: Path, *, passed: bool = False) -> None:
        self._listener = trio.SocketListener(trio.socket.from_stdlib_socket(listening))
        self._path = path
        self._inode = None if passed else path.stat().st_ino
        self._has_left = passed

    def __str__(self) -> str:
        return f"unix:{self._path}"

    async def accept(self) -> trio.SocketStream:
        """The next connection."""
        return await self._listener.accept()

    async def aclose(self) -> None:
        """Stop listening and remove the file, unless it is another's by now."""
        if not self._has_left:
            self._has_left = True
            with suppress(FileNotFoundError):
                if self._path.stat().st_ino == self._inode:
                    self._path.unlink()
        await self._listener.aclose()


@asynccontextmanager
async def open_unix(path: Path, passed: socket.socket | None = None) -> AsyncIterator[UnixListener]:
    """Listen on a Unix socket that only this user and root can open, or on one that was passed to us.

    Makes the folder where there is none, and removes a socket that nobody listens on any more. Raises
    `OSError` where another process does, where something else than a socket is in the way, and where somebody
    else could change what is in the folder.
    """
    listener = _listen(path) if passed is None else _take_over(passed)
    try:
        yield listener
    finally:
        await trio.aclose_forcefully(listener)


def peer_uid(peer: trio.socket.SocketType) -> int:
    """Which user opened the other end of a Unix socket, by the kernel's word."""
    _, uid, _ = _UCRED.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return int(uid)


def peer_is_allowed(peer: trio.socket.SocketType) -> bool:
    """Whether this user or root is at the other end of a Unix socket."""
    return peer_uid(peer) in (0, os.geteuid())


def _listen(path: Path) -> UnixListener:
    if len(os.fsencode(path)) > MAX_PATH_BYTES:
        raise OSError(errno.ENAMETOOLONG, f"a socket's path has at most {MAX_PATH_BYTES} bytes", str(path))
    _own_folder(path.parent)
    _remove_stale(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(str(path))
        path.chmod(0o600)  # nobody can connect before listen()
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return UnixListener(listening, path)


def _take_over(passed: socket.socket) -> UnixListener:
    return UnixListener(passed, Path(passed.getsockname()), passed=True)


def _own_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid not in (0, os.geteuid()) or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(errno.EPERM, "others may change what is in the socket's folder", str(folder))


def _remove_stale(path: Path) -> None:
    try:
        is_socket = stat.S_ISSOCK(path.lstat().st_mode)
    except FileNotFoundError:
        return
    if not is_socket:
        raise FileExistsError(errno.EEXIST, "this is not a socket and stays where it is", str(path))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        if probe.connect_ex(str(path)) != errno.ECONNREFUSED:
            raise OSError(errno.EADDRINUSE, "another process listens here", str(path))
    path.unlink()
