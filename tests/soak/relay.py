"""A relay on loopback between the daemon and its node: a cable that can be cut, or let nothing through."""

import socket
from contextlib import suppress

import trio

CHUNK = 65_536


class Relay:
    """Passes connections on to a port. A node behind it may come and go."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._listener: trio.SocketListener | None = None
        self._connections: set[trio.CancelScope] = set()
        self._cut = False
        self._flowing = trio.Event()
        self._flowing.set()

    @property
    def port(self) -> int:
        """Where it listens, once it runs."""
        assert self._listener is not None
        return int(self._listener.socket.getsockname()[1])

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Relay until cancelled."""
        own = trio.socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        await own.bind(("127.0.0.1", 0))
        own.listen(64)
        self._listener = trio.SocketListener(own)
        task_status.started()
        await trio.serve_listeners(self._take, [self._listener])

    def cut(self) -> None:
        """End every connection, and each new one at once."""
        self._cut = True
        for connection in self._connections:
            connection.cancel()

    def stall(self) -> None:
        """Let nothing through and end nothing."""
        self._flowing = trio.Event()

    def heal(self) -> None:
        """Relay again, what was held up first."""
        self._cut = False
        self._flowing.set()

    async def _take(self, client: trio.SocketStream) -> None:
        async with client:
            if self._cut:
                return
            with trio.CancelScope() as scope, suppress(OSError):
                self._connections.add(scope)
                try:
                    await self._join(client, await trio.open_tcp_stream("127.0.0.1", self._target_port))
                finally:
                    self._connections.discard(scope)

    async def _join(self, client: trio.SocketStream, node: trio.SocketStream) -> None:
        async with node, trio.open_nursery() as nursery:
            for source, sink in ((client, node), (node, client)):
                nursery.start_soon(self._pump, source, sink, nursery.cancel_scope)

    async def _pump(self, source: trio.SocketStream, sink: trio.SocketStream, both: trio.CancelScope) -> None:
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            while data := await source.receive_some(CHUNK):
                await self._flowing.wait()
                await sink.send_all(data)
        both.cancel()
