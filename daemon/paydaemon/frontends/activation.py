"""Listening sockets that the service manager opened and passes on (sd_listen_fds(3)).

They are known by their family: an Internet socket is the public address, a Unix one is for administration. A
name (``FileDescriptorName=``) of ``http`` or ``admin`` must say the same, so that no slip in a unit makes
administration public.
"""

import errno
import os
import socket
from collections.abc import MutableMapping
from dataclasses import dataclass

FIRST_FD = 3
"""sd-daemon.h, SD_LISTEN_FDS_START."""
MAX_SOCKETS = 16
_FAMILIES = {socket.AF_INET: "http", socket.AF_INET6: "http", socket.AF_UNIX: "admin"}
_VARIABLES = ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")


@dataclass(frozen=True, slots=True)
class Passed:
    """What was passed: any number of sockets for the public, and perhaps one for administration."""

    public: tuple[socket.socket, ...] = ()
    admin: socket.socket | None = None


def take_passed(environment: MutableMapping[str, str] = os.environ) -> Passed:
    """Take over what was passed to this very process; a second call finds nothing.

    Raises `OSError` where something else than such sockets was passed; then none of them stays open.
    """
    said = {name: environment.pop(name, "") for name in _VARIABLES}
    if said["LISTEN_PID"] != str(os.getpid()) or not said["LISTEN_FDS"].isdecimal():
        return Passed()
    count = int(said["LISTEN_FDS"])
    if count > MAX_SOCKETS:
        raise OSError(errno.EINVAL, f"{count} sockets are passed; {MAX_SOCKETS} are as many as may be")
    names = said["LISTEN_FDNAMES"].split(":") + [""] * count
    taken = [_take(FIRST_FD + place) for place in range(count)]
    try:
        return _sorted(list(zip(taken, names, strict=False)))
    except OSError:
        for one in taken:
            one.close()
        raise


def _take(fd: int) -> socket.socket:
    try:
        os.set_inheritable(fd, False)
        return socket.socket(fileno=fd)
    except OSError as error:
        raise OSError(error.errno, f"the file descriptor {fd} that is passed is no socket") from error


def _sorted(sockets: list[tuple[socket.socket, str]]) -> Passed:
    found: dict[str, list[socket.socket]] = {"http": [], "admin": []}
    for one, name in sockets:
        found[_kind(one, name)].append(one)
    public, admin = found["http"], found["admin"]
    if len(admin) > 1:
        raise OSError(errno.EINVAL, "more than one Unix socket is passed")
    return Passed(tuple(public), admin[0] if admin else None)


def _kind(one: socket.socket, name: str) -> str:
    kind = _FAMILIES.get(one.family)
    listens = one.type == socket.SOCK_STREAM and one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    if kind is None or not listens:
        raise OSError(errno.EINVAL, f"the socket {name or one.fileno()} that is passed does not listen")
    if name in _FAMILIES.values() and name != kind:
        raise OSError(errno.EINVAL, f'the socket that is passed as "{name}" is one for "{kind}"')
    return kind
