"""The guard: takes connections, bounds them, and lets none of them hurt another.

hypercorn lets an exception from one connection end the whole process, and two such requests are known that
need no key. Here whatever a connection raises ends that connection and is logged; only cancellation passes.
"""

import socket
import ssl
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from functools import partial

import structlog
import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.trio.lifespan import Lifespan
from hypercorn.trio.worker_context import WorkerContext
from quart import Quart

from paydaemon.frontends import addresses
from paydaemon.frontends.connection import Connection, Idle, configure
from paydaemon.frontends.settings import FrontendSettings
from paydaemon.frontends.stream import PatientStream
from paydaemon.frontends.tcp import TcpListener
from paydaemon.frontends.tls import ClientStream, TlsStream
from paydaemon.frontends.traffic import Traffic
from paydaemon.frontends.unix import UnixListener, peer_is_allowed

log = structlog.get_logger(__name__)

Listener = TcpListener | UnixListener
Tls = Callable[[], ssl.SSLContext]
"""Gives what the next connection is encrypted by: the certificate may change while the daemon runs."""


async def serve(
    app: Quart,
    listeners: Sequence[Listener],
    settings: FrontendSettings,
    *,
    stop: trio.Event,
    traffic: Traffic | None = None,
    tls: Tls | None = None,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve `app` until `stop`, then let what is under way finish within the grace that the limits give.

    The listeners are closed as soon as `stop` is set. `task_status.started()` tells that connections are
    taken. An application for administration is served on its own: a crowd on TCP cannot keep it busy. With
    `tls` every connection is encrypted. `traffic` is where the application's is counted.
    """
    wrapped = ASGIWrapper(app)
    guard = Guard(wrapped, settings, traffic or Traffic("tcp"), tls)
    lifespan = Lifespan(wrapped, guard.config, {})
    async with trio.open_nursery() as nursery:
        await nursery.start(lifespan.handle_lifespan)
        await lifespan.wait_for_startup()
        await guard.run(listeners, stop, task_status)
        await lifespan.wait_for_shutdown()
        nursery.cancel_scope.cancel()


class Guard:
    """Stands before every connection of its listeners."""

    def __init__(
        self, app: ASGIWrapper, settings: FrontendSettings, traffic: Traffic, tls: Tls | None
    ) -> None:
        self.config = configure(settings.limits, traffic)
        self._app = app
        self._limits = settings.limits
        self._trusted = settings.trusted_proxies
        self._counts = traffic.connections
        self._tls = tls
        self._context = WorkerContext(None)
        self._streams: set[ClientStream] = set()
        self._idle: Idle = {}
        self._by_client: Counter[Hashable] = Counter()
        self._empty = trio.Event()
        self._empty.set()

    async def run(
        self, listeners: Sequence[Listener], stop: trio.Event, task_status: trio.TaskStatus[None]
    ) -> None:
        """Take connections until `stop`, then see them off."""
        async with trio.open_nursery() as connections:
            connections.start_soon(self.config.beat.run)
            async with trio.open_nursery() as accepting:
                accepting.start_soon(
                    partial(trio.serve_listeners, self.take, list(listeners), handler_nursery=connections)
                )
                task_status.started()
                await stop.wait()
                accepting.cancel_scope.cancel()
            await self._context.terminated.set()
            await self._see_off()
            connections.cancel_scope.cancel()

    async def _see_off(self) -> None:
        """Give what is under way its time. Hypercorn shields its sending: what is left loses its socket."""
        with trio.move_on_after(self._limits.grace_s):
            await self._empty.wait()
        for stream in list(self._streams):
            await stream.abort()

    async def take(self, accepted: trio.SocketStream) -> None:
        """Serve one connection, or close it at once where there are too many.

        Where all places are taken, the connection that has been idle for longest gives up its own: whoever
        holds many and asks nothing keeps nobody out.
        """
        self._counts.accepted += 1
        client = self._client_of(accepted.socket)
        if client is None or not self._may_have_more(client) or not await self._has_room():
            self._counts.refused += 1
            log.debug("a connection was refused", client=str(client))
            return
        stream = self._stream_on(accepted)
        self._enter(stream, client)
        try:
            await self._serve(stream)
        finally:
            self._leave(stream, client)

    def _stream_on(self, accepted: trio.SocketStream) -> ClientStream:
        if self._tls is None:
            return PatientStream(accepted, self._limits)
        return TlsStream(accepted, self._limits, self._tls())

    async def _serve(self, stream: ClientStream) -> None:
        if isinstance(stream, TlsStream) and not await self._agrees(stream):
            return
        connection = Connection(self._app, self.config, self._context, stream, self._idle)
        try:
            await connection.run()
        except Exception as error:  # noqa: BLE001 - one connection's fault must not be everybody's
            self._failed(error)
        except BaseExceptionGroup as group:
            failures, rest = group.split(Exception)
            if failures is not None:
                self._failed(failures)
            if rest is not None:
                raise rest from None

    async def _agrees(self, stream: TlsStream) -> bool:
        try:
            await stream.handshake()
        # A scanner, or a client that speaks plain HTTP: nothing that an operator could mend.
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            self._counts.failed += 1
            log.debug("a TLS handshake failed", reason=str(error.__cause__ or error))
            return False
        return True

    def _failed(self, error: BaseException) -> None:
        self._counts.failed += 1
        log.warning("a connection failed and was closed", exc_info=error)

    def _client_of(self, peer: trio.socket.SocketType) -> Hashable | None:
        """What counts as one client; None where it may not come in, or has left already."""
        if peer.family == socket.AF_UNIX:
            return "unix" if peer_is_allowed(peer) else None
        try:
            address = addresses.parse(peer.getpeername()[0])
        except OSError:
            return None
        if address is None or addresses.is_trusted(address, self._trusted):
            return "proxy"
        return addresses.one_client(address)

    def _may_have_more(self, client: Hashable) -> bool:
        return isinstance(client, str) or self._by_client[client] < self._limits.connections_per_address

    async def _has_room(self) -> bool:
        """Whether there is a place, which may have been somebody's who does nothing with it."""
        if len(self._streams) < self._limits.connections:
            return True
        idle = next(iter(self._idle), None)
        if idle is None:
            return False
        del self._idle[idle]
        self._streams.discard(idle)
        await idle.abort()
        return True

    def _enter(self, stream: ClientStream, client: Hashable) -> None:
        if not self._streams:
            self._empty = trio.Event()
        self._streams.add(stream)
        self._by_client[client] += 1
        self._counts.open = len(self._streams)

    def _leave(self, stream: ClientStream, client: Hashable) -> None:
        self._streams.discard(stream)
        self._by_client[client] -= 1
        if not self._by_client[client]:
            del self._by_client[client]
        if not self._streams:
            self._empty.set()
        self._counts.open = len(self._streams)
