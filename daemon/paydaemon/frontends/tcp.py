"""The TCP socket that everybody may connect to."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

BACKLOG = 1_024


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
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    listener = TcpListener(socket.create_server(address, family=family, backlog=BACKLOG))
    try:
        yield listener
    finally:
        await trio.aclose_forcefully(listener)
