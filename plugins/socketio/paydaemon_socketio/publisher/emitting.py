"""Emitting: words as events of Socket.IO, to a publisher who has nothing to post to.

One connection is made for all that waits, by a websocket from the beginning. Whatever was sent counts as told
only once the server has read it, which it says by answering what was sent behind it: Engine.IO's ping in
revision 3, where clients send it, and the websocket's own in revision 4 (RFC 6455, section 5.5).

Which revision a server speaks is found out: 3 is asked for, the older payment server's, and where that comes
to nothing, 4. Socket.IO 4 opens the websocket all the same, and then writes an answer of HTTP into it that it
speaks no 3. So whatever ends before the server's first packet counts as that. What was found is remembered
for as long as all goes well.
"""

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import h11
import trio
from trio_websocket import (
    ConnectionClosed,
    ConnectionRejected,
    HandshakeError,
    WebSocketConnection,
    wrap_client_stream,
)
from wsproto.utilities import ProtocolError

from paydaemon.hooks.notifier import Told
from paydaemon_socketio.publisher import engineio
from paydaemon_socketio.publisher.address import authority
from paydaemon_socketio.publisher.config import PublisherConfig
from paydaemon_socketio.publisher.engineio import Revision
from paydaemon_socketio.publisher.way import NoWay, connected
from paydaemon_socketio.publisher.word import Word

EVENT = "CRYPTOTRANSFER"
_LEAVE_S = 1.0
"""How long a server may take to say goodbye, once all is told."""

_MALFORMED = (ProtocolError, h11.ProtocolError, UnicodeError)
"""What a peer that does not keep to HTTP or to its websocket makes the libraries raise."""
_LOST = (ConnectionClosed, HandshakeError, trio.BrokenResourceError, trio.ClosedResourceError, OSError)


class NotOpened(Exception):
    """It ended before the server's first packet: as where it does not speak this revision. Says how."""


class Emitter:
    """Tells a publisher by Socket.IO."""

    def __init__(self, config: PublisherConfig, context: ssl.SSLContext) -> None:
        assert config.socket_url is not None
        self._url = config.socket_url
        self._limits = config.limits
        self._context = context
        self._revision = Revision.THREE

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """There is nothing to hold."""
        task_status.started()
        await trio.sleep_forever()

    async def tell(self, words: Sequence[Word]) -> Told:
        """All of them, in this order. Raises `NoWay`."""
        spoken = await self.converse([engineio.event(EVENT, word.body) for word in words])
        return Told(detail=f"read, by Engine.IO {spoken.value}")

    async def converse(self, messages: Sequence[str]) -> Revision:
        """Say these, and see that they are read; none, to see that somebody is there. Raises `NoWay`."""
        revision, self._revision = self._revision, Revision.THREE
        try:
            with trio.fail_after(self._limits.timeout_s):
                self._revision = await self._in_either(revision, messages)
        except trio.TooSlowError:
            raise NoWay(f"it took longer than {self._limits.timeout_s:g} s") from None
        return self._revision

    async def _in_either(self, first: Revision, messages: Sequence[str]) -> Revision:
        other = Revision.FOUR if first is Revision.THREE else Revision.THREE
        with suppress(NotOpened):
            await self._in(first, messages)
            return first
        try:
            await self._in(other, messages)
        except NotOpened as trouble:
            raise NoWay(str(trouble)) from None
        return other

    async def _in(self, revision: Revision, messages: Sequence[str]) -> None:
        """Raises `NotOpened`, and `NoWay`."""
        stream = await connected(self._url, self._context, self._limits.connect_timeout_s)
        try:
            async with trio.open_nursery() as nursery:
                socket = await self._opened(nursery, stream, revision)
                await _Conversation(socket, revision, self._limits.answer_timeout_s).say(messages)
        except BaseExceptionGroup as group:  # of the nursery that its messages are read in
            expected, others = group.split((*_LOST, *_MALFORMED, NoWay, NotOpened))
            if others is not None or expected is None:
                raise
            raise _meant(expected) from group
        finally:
            await trio.aclose_forcefully(stream)

    async def _opened(
        self, nursery: trio.Nursery, stream: trio.abc.Stream, revision: Revision
    ) -> WebSocketConnection:
        assert isinstance(stream, trio.SocketStream | trio.SSLStream)
        with trio.move_on_after(self._limits.answer_timeout_s):
            return await wrap_client_stream(
                nursery,
                stream,
                authority(self._url),
                engineio.resource(revision),
                max_message_size=self._limits.answer_bytes,
            )
        raise NoWay(f"no answer in {self._limits.answer_timeout_s:g} s")


class _Conversation:
    """One session, from the first message to the last."""

    def __init__(self, socket: WebSocketConnection, revision: Revision, patience_s: float) -> None:
        self._socket = socket
        self._revision = revision
        self._patience_s = patience_s

    async def say(self, messages: Sequence[str]) -> None:
        """Raises `NotOpened`, and `NoWay` unless all of them are read."""
        try:
            await self._until(engineio.OPEN)
        except ConnectionClosed:
            raise NotOpened("it ended the websocket before it said anything") from None
        if self._revision is Revision.FOUR:
            await self._socket.send_message(engineio.CONNECTED)
        await self._until(engineio.CONNECTED)
        for message in messages:
            await self._socket.send_message(message)
        await self._see_that_it_is_read()
        with trio.move_on_after(_LEAVE_S):
            await self._socket.aclose()

    async def _see_that_it_is_read(self) -> None:
        match self._revision:
            case Revision.THREE:
                await self._socket.send_message(engineio.PING)
                await self._until(engineio.PONG)
            case Revision.FOUR:
                with self._patience():
                    await self._socket.ping()

    async def _until(self, wanted: str) -> None:
        """Whatever else it says meanwhile is for others."""
        while True:
            with self._patience():
                message = await self._socket.get_message()
            if not isinstance(message, str):
                continue
            if message.startswith(wanted):
                return
            if engineio.is_end(message):
                raise NoWay("it ended the connection before it had read anything")
            if message == engineio.PING:
                await self._socket.send_message(engineio.PONG)

    @contextmanager
    def _patience(self) -> Iterator[None]:
        try:
            with trio.fail_after(self._patience_s):
                yield
        except trio.TooSlowError:
            raise NoWay(f"no answer in {self._patience_s:g} s") from None


def _meant(error: BaseException) -> Exception:
    """What it comes to: the first that went wrong is the reason for the others."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    match error:
        case NoWay() | NotOpened():
            return error
        case ConnectionRejected():
            return NotOpened(f"it answered {error.status_code} instead of a websocket, at {engineio.PATH}")
        case ProtocolError() | h11.ProtocolError() | UnicodeError():
            return NoWay("it does not speak as a websocket does")
        case _:
            return NoWay("the connection was lost")
