"""A websocket after its handshake: RFC 6455's frames, straight on the connection's stream.

hypercorn and Quart lead a request up to its acceptance: routing, the gate, the refusals. From then on they
would add four layers to every message. So the connection hands what it reads to a `FrameSocket` instead, and
whoever talks does so by its three calls (`paydaemon.hooks.frontend.Socket`). Measured with 100
connections that echo, a message takes 110 µs of the processor's time instead of 220.

Whatever a client does wrong is answered by the close code that RFC 6455 has for it, and the end.
"""

import logging
from collections.abc import Awaitable, Callable

import trio
from hypercorn.events import Closed, Event, RawData
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Protocol, Side, State

from paydaemon.frontends.conversation import Goodbye
from paydaemon.frontends.framing import close_frame, text_frame
from paydaemon.frontends.pace import Pace
from paydaemon.frontends.queue import Queue
from paydaemon.frontends.tls import ClientStream
from paydaemon.hooks.frontend import SocketGone

WAITING = 8
"""How many messages wait for whoever talks; the next one waits in the kernel, and slows its sender down."""

MINOR_PER_S, MINOR_BURST = 50.0, 500
"""The pace of frames that finish no message: control frames and fragments. Whole messages have their own."""

_OF_MESSAGES = frozenset({Opcode.TEXT, Opcode.BINARY, Opcode.CONT})
_SILENT = logging.Logger("websocket", logging.CRITICAL)  # noqa: LOG001 - no part of the daemon's log


Spawn = Callable[[Callable[[], Awaitable[None]]], None]
"""Starts a task that lives no longer than the connection."""


class FrameSocket:
    """One websocket. `handle`, `ping` and `leave` are for the connection, the rest is for whoever talks."""

    __slots__ = (
        "__weakref__", "_is_over", "_is_text", "_message", "_messages", "_minor", "_protocol", "_rest",
        "_sending", "_spawn", "_stream",
    )  # fmt: skip

    def __init__(self, stream: ClientStream, message_bytes: int, spawn: Spawn) -> None:
        self._stream = stream
        self._spawn = spawn
        self._protocol = Protocol(Side.SERVER, max_size=message_bytes, logger=_SILENT)
        self._messages = Queue(WAITING)
        self._sending = trio.Lock()
        self._rest = b""
        self._message = bytearray()
        self._is_text = False
        self._is_over = False
        self._minor = Pace(MINOR_PER_S, MINOR_BURST)

    # What the connection calls

    async def handle(self, event: Event) -> None:
        """Take what was read, or the end."""
        if isinstance(event, RawData):
            await self._take(event.data)
        elif isinstance(event, Closed):
            await self._end()

    def ping(self) -> bool:
        """Ping without waiting, unless something else is being sent; whether it is open still.

        What a client that is gone is sent goes unanswered, which the kernel notices.
        """
        if self._is_open and not self._is_sending:
            self._protocol.send_ping(b"")
            self._send_soon(b"".join(self._protocol.data_to_send()))
        return self._is_open

    def leave(self) -> None:
        """The connection is over: nothing more is said on it."""
        self._is_over = True

    # What whoever talks calls

    async def receive(self) -> str | bytes:
        """The next message. Raises `SocketGone` once there will be none."""
        message = await self._messages.get()
        if message is None:
            raise SocketGone
        return message

    async def send(self, message: str | bytes) -> None:
        """Send a message; waits while the client reads nothing. Raises `SocketGone` once it is gone."""

        def say() -> None:
            if isinstance(message, str):
                self._protocol.send_text(message.encode())
            else:
                self._protocol.send_binary(message)

        if not await self._tell(say):
            raise SocketGone

    async def send_frames(self, frames: bytes, if_cut: Goodbye | None = None) -> None:
        """Send whole frames, and before them what is left of others. Raises like `send`.

        `if_cut` is what the client is told if it is cut because it does not read them.
        """

        def warn() -> None:
            if if_cut is not None:
                self._stream.farewell = close_frame(if_cut.code, if_cut.reason)

        if not await self._tell(warn, frames):
            raise SocketGone

    def send_frames_now(self, frames: bytes) -> bool:
        """Send whole frames without waiting; whether the kernel took all of it.

        The rest goes before whatever is sent next, which must be soon.
        """
        if self._is_open and not self._is_sending:
            frames = self._stream.send_now(frames)
        self._rest += frames
        return not self._rest

    def send_now(self, text: str) -> bool:
        """Send a message without waiting, which costs a third; False where others have to be sent first.

        What the kernel does not take of it follows by itself; who is gone is noticed then.
        """
        if self._is_sending or not self._is_open:
            return False
        self._send_soon(text_frame(text.encode()))
        return True

    async def close(self, code: int, reason: str) -> None:
        """Say goodbye, where that has not been said."""
        await self._tell(lambda: self._protocol.send_close(code, reason))
        await self._end()

    # How

    @property
    def _is_sending(self) -> bool:
        return bool(self._rest) or self._sending.locked()

    @property
    def _is_open(self) -> bool:
        return self._protocol.state is State.OPEN and not self._is_over

    async def _take(self, data: bytes) -> None:
        if self._protocol.state is State.CLOSED:
            return
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        for frame in self._protocol.events_received():
            if isinstance(frame, Frame) and self._keeps_pace(frame) and frame.opcode in _OF_MESSAGES:
                await self._collect(frame)
        if self._protocol.writes:
            async with self._sending:
                await self._write()
        if self._protocol.state is not State.OPEN:
            await self._end()

    def _keeps_pace(self, frame: Frame) -> bool:
        """Whoever sends more small frames than anybody needs is sent away."""
        if (frame.fin and frame.opcode in _OF_MESSAGES) or self._minor.take():
            return True
        if self._protocol.state is State.OPEN:
            self._protocol.fail(CloseCode.POLICY_VIOLATION, "too many control frames and fragments")
        return False

    async def _collect(self, frame: Frame) -> None:
        """Put messages together; their size is the protocol's own affair."""
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
        self._message += frame.data
        if frame.fin:
            message, self._message = bytes(self._message), bytearray()
            await self._deliver(message)

    async def _deliver(self, message: bytes) -> None:
        try:
            whole = message.decode() if self._is_text else message
        except UnicodeDecodeError:
            self._protocol.fail(CloseCode.INVALID_DATA, "text must be UTF-8")
        else:
            await self._messages.put(whole)

    async def _tell(self, say: Callable[[], None], frames: bytes = b"") -> bool:
        """Send what is said; whether the client may still take it."""
        async with self._sending:
            if not self._is_open:
                return False
            say()
            return await self._write(frames)

    def _send_soon(self, frames: bytes) -> None:
        if not self.send_frames_now(frames):
            self._spawn(self._send_rest)

    async def _send_rest(self) -> None:
        await self._tell(lambda: None)

    async def _write(self, frames: bytes = b"") -> bool:
        """Send what the protocol has to say, whole: half of a frame would spoil the next one."""
        data = b"".join((self._rest, frames, *self._protocol.data_to_send()))
        self._rest = b""
        try:
            with trio.CancelScope(shield=True):
                await self._stream.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            await self._end()
            return False
        return True

    async def _end(self) -> None:
        """Nothing more will be said or heard; the client has a moment to see that (`Connection`)."""
        self._is_over = True
        self._messages.close()
        await self._stream.aclose()
