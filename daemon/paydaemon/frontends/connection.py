"""One connection, from its first byte to its last: as hypercorn serves it, with our stream and protocol."""

import sys

import structlog
import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.events import Closed, RawData
from hypercorn.logging import Logger
from hypercorn.trio.task_group import TaskGroup
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState, ResponseSummary, WWWScope
from hypercorn.utils import parse_socket_addr

from paydaemon.frontends.frames import FrameSocket
from paydaemon.frontends.protocol import Http1, HypercornConfig
from paydaemon.frontends.scope import CONNECTION, STREAM
from paydaemon.frontends.settings import Limits
from paydaemon.frontends.stream import has_untaken
from paydaemon.frontends.tls import ClientStream, TlsStream
from paydaemon.frontends.traffic import Traffic

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 0.5
"""How often it is looked whether a client that is slow has taken the last of what was sent to it."""

Idle = dict[ClientStream, None]
"""Connections with no request under way, the one longest idle first."""


class HypercornLog(Logger):
    """hypercorn's log lines as ours. Accesses are told by `paydaemon.frontends.traffic`."""

    async def access(self, request: WWWScope, response: ResponseSummary | None, request_time: float) -> None:
        """Log nothing."""

    async def warning(self, message: str, *args: object, **kwargs: object) -> None:
        """Log a warning."""
        log.warning(message)

    async def exception(self, message: str, *args: object, **kwargs: object) -> None:
        """Log an error with the exception that is being handled."""
        log.error(message, exc_info=sys.exception())


def configure(limits: Limits, traffic: Traffic) -> HypercornConfig:
    """The configuration of hypercorn; what it has no word for is kept to by our own classes."""
    config = HypercornConfig(limits, traffic)
    config.logger_class = HypercornLog
    config.errorlog = None
    config.include_server_header = False
    return config


class Tasks(TaskGroup):
    """What one connection has running."""

    def cancel(self) -> None:
        """End all of it. hypercorn's own pings would sleep on for a while after the last byte."""
        assert self._nursery is not None
        self._nursery.cancel_scope.cancel()


class Connection(TCPServer):
    """Serves one connection."""

    config: HypercornConfig
    stream: ClientStream  # type: ignore[assignment] # hypercorn names trio's own streams

    def __init__(
        self,
        app: ASGIWrapper,
        config: HypercornConfig,
        context: WorkerContext,
        stream: ClientStream,
        idle: Idle,
    ) -> None:
        state = {STREAM: stream, CONNECTION: self}
        super().__init__(app, config, context, state, stream)  # type: ignore[arg-type]
        self._idle = idle
        self._waiting = trio.CancelScope()
        self._frames: FrameSocket | None = None

    async def run(self) -> None:
        """Serve until either side has had enough. Raises whatever goes wrong inside hypercorn."""
        try:
            tasks = self._task_group = Tasks()
            async with tasks:
                self.protocol = self._protocol(tasks)  # type: ignore[assignment] # which may be HTTP/2
                await self.idle_task.restart(tasks, self._idle_timeout)
                tasks.spawn(self._read_to_the_end, tasks)
                self.stream.closing.tell = lambda: tasks.spawn(self._end_soon, tasks)
        finally:
            self.stream.closing.tell = None
            if self._frames is not None:
                self._frames.leave()
            await self._close()

    def take_over(self, socket: FrameSocket) -> None:
        """From now on what is read is a websocket's."""
        self.protocol = self._frames = socket  # type: ignore[assignment] # it handles the same events

    def _protocol(self, tasks: Tasks) -> Http1:
        socket = self.stream.socket
        return Http1(
            self.app,
            self.config,
            self.context,
            tasks,
            ConnectionState(self.state),
            isinstance(self.stream, TlsStream),
            parse_socket_addr(socket.family, socket.getpeername()),
            parse_socket_addr(socket.family, socket.getsockname()),
            self.protocol_send,
        )

    async def _read_to_the_end(self, tasks: Tasks) -> None:
        # As a task of its own: hypercorn's TaskGroup lets a cancellation of its own body out to the guard.
        await self._read_data()
        tasks.cancel()

    async def _read_data(self) -> None:
        try:
            while data := await self.stream.receive_some():
                self._hurry()
                await self.protocol.handle(RawData(data))
            await self.protocol.handle(RawData(b""))
        except (trio.ClosedResourceError, trio.BrokenResourceError):
            pass
        await self.protocol.handle(Closed())

    async def _idle_timeout(self) -> None:
        self._idle[self.stream] = None
        try:
            with trio.move_on_after(self.config.limits.idle_timeout_s) as self._waiting:
                await self.context.terminated.wait()
        finally:
            self._idle.pop(self.stream, None)
        with trio.CancelScope(shield=True):
            await self.protocol.handle(Closed())
            await self.stream.abort()  # nothing was answered, so nothing can be lost

    async def _end_soon(self, tasks: Tasks) -> None:
        """Once nothing more will be sent, the client has a moment to see it, whatever hypercorn waits for.

        One that has not taken all of it has a while longer: closing would take the rest from it.
        """
        await trio.sleep(self.config.limits.linger_s)
        with trio.move_on_after(self.config.limits.send_timeout_s):
            while has_untaken(self.stream.socket):  # noqa: ASYNC110 - the kernel tells nobody
                await trio.sleep(LOOK_EVERY_S)
        tasks.cancel()

    def _hurry(self) -> None:
        """A request that has begun is to arrive soon, in however many pieces."""
        soon = trio.current_time() + self.config.limits.head_timeout_s
        if soon < self._waiting.deadline:
            self._waiting.deadline = soon
