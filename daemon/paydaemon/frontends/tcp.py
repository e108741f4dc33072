"""The TCP sockets that everybody may connect to: one of our own, or those that were passed to us."""

import errno
import os
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import trio

BACKLOG = 1_024
"""How many connections the system holds until they are taken; net.core.somaxconn bounds it too."""


class TcpListener(trio.abc.Listener[trio.SocketStream]):
    """A listener that knows where it listens; as text ``127.0.0.1:8420`` or ``[::1]:8420``."""

    def __init__(self, listening: socket.socket) -> None:
        self.host, self.port = listening.getsockname()[:2]
        self._listener = trio.SocketListener(trio.socket.from_stdlib_socket(listening))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    async def accept(self) -> trio.SocketStream:
        """The next connection."""
        return await self._listener.accept()

    async def aclose(self) -> None:
        """Stop listening."""
        await self._listener.aclose()


@asynccontextmanager
async def open_tcp(address: tuple[str, int]) -> AsyncIterator[TcpListener]:
    """Listen on an IP address and a port; with port 0 the system chooses one. Raises `OSError`."""
    async with open_public(address) as (listener,):
        yield listener


@asynccontextmanager
async def open_public(
    address: tuple[str, int], passed: Sequence[socket.socket] = (), *, backlog: int = BACKLOG
) -> AsyncIterator[Sequence[TcpListener]]:
    """Listen on the sockets that were passed, or else on an address of our own as `open_tcp` does."""
    listeners = [TcpListener(listening) for listening in passed or [_listen(address, backlog)]]
    try:
        yield listeners
    finally:
        for listener in listeners:
            await trio.aclose_forcefully(listener)


def _listen(address: tuple[str, int], backlog: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    try:
        return socket.create_server(address, family=family, backlog=backlog)
    except OSError as error:
        where = f"{address[0]}:{address[1]}"
        if error.errno != errno.EADDRINUSE:
            raise OSError(error.errno, os.strerror(error.errno or errno.EIO), where) from error
        advice = "another process listens here: end it, or set http.bind to another address or port"
        raise OSError(errno.EADDRINUSE, advice, where) from error
