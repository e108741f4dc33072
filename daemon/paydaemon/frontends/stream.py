"""One connection's socket, with the patience it deserves.

hypercorn sends under a shield and without a time-out, and closes at once what it has answered. So a client
that reads nothing could hold a task for good, and one that is still sending its body would lose the answer
(closing with unread data resets the connection). Here a send that makes no progress ends the connection, and
closing goes on reading for a moment (RFC 9112, section 9.6).
"""

import fcntl
import os
import struct
import termios
from collections.abc import Callable
from contextlib import suppress

import trio

from paydaemon.frontends.settings import Limits

FAREWELL_S = 0.1
FAREWELL_BUFFER = 1 << 20
IN_VAIN_BYTES = 1 << 24
"""How much of what a client goes on sending is read while closing: beyond it, it is not worth a farewell."""
RECEIVE_BYTES = 65_536
"""How much is read at once, where nobody says otherwise."""
USER_TIMEOUT_MS = 60_000
"""How long sent bytes may stay unacknowledged before the peer counts as gone (RFC 5482)."""


class Closing:
    """Whether nothing more will be sent on a connection. `tell` is called when that begins, if it is set.

    Not an event: a task that waits for it would cost each connection some 5 KB.
    """

    __slots__ = ("_is_set", "tell")

    def __init__(self) -> None:
        self._is_set = False
        self.tell: Callable[[], None] | None = None

    def is_set(self) -> bool:
        """Whether it has begun."""
        return self._is_set

    def set(self) -> None:
        """It begins, unless it has."""
        if not self._is_set:
            self._is_set = True
            if self.tell is not None:
                self.tell()


class PatientStream:
    """Wraps a socket's stream; knows neither HTTP nor websockets.

    `closing` is set once nothing more will be sent; whoever serves the connection gives the client a moment
    from then on. `farewell` are bytes for a client that is cut because it reads too slowly: a close frame,
    where this is a websocket. The kernel is made to take them, so they are read whenever the client reads on.
    """

    def __init__(self, stream: trio.SocketStream, limits: Limits) -> None:
        self.socket = stream.socket
        self.closing = Closing()
        self.farewell = b""
        self._stream = stream
        self._send_timeout_s = limits.send_timeout_s
        self._in_vain_bytes = 0
        with suppress(OSError):  # a Unix socket has no such option
            stream.setsockopt(trio.socket.IPPROTO_TCP, trio.socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)

    async def send_all(self, data: bytes) -> None:
        """Send everything. Raises `trio.BrokenResourceError` where the client takes nothing for too long."""
        if self.closing.is_set():
            raise trio.ClosedResourceError("this connection is being closed")
        rest = memoryview(data)
        while rest:
            with trio.move_on_after(self._send_timeout_s) as waiting:
                rest = rest[await self._send(rest) :]
            if waiting.cancelled_caught:
                await self._cut(bytes(rest))
                raise trio.BrokenResourceError("the client reads nothing")

    def send_now(self, data: bytes) -> bytes:
        """Send what the kernel takes without waiting. Returns the rest, which has to be sent before all else.

        A client that is gone takes nothing: whoever sends the rest will learn why.
        """
        if self.closing.is_set():
            return data
        try:
            return data[os.write(self.socket.fileno(), data) :]
        except OSError:
            return data

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """What comes next; empty at the end. While closing, reads on in vain until the client has seen it."""
        while data := await self._next(max_bytes or RECEIVE_BYTES):
            if not self.closing.is_set():
                return data
            self._in_vain_bytes += len(data)
            if self._in_vain_bytes > IN_VAIN_BYTES:
                break
        return b""

    async def send_eof(self) -> None:
        """Say that nothing more will be sent."""
        self.closing.set()
        await self._stream.send_eof()

    async def aclose(self) -> None:
        """Begin to close: whoever is reading goes on, in vain."""
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError, trio.BusyResourceError):
            await self.send_eof()

    async def abort(self) -> None:
        """Close now, whoever waits for what."""
        self.closing.set()
        await trio.aclose_forcefully(self._stream)

    async def _next(self, max_bytes: int) -> bytes:
        """Waits before it reads: what a client says next is mostly not there yet, and to find that out costs
        more than the wait. Raises like `trio.SocketStream.receive_some`.
        """
        while True:
            if self.socket.fileno() < 0:  # aborted, which a reader above TLS asks again after
                raise trio.ClosedResourceError("this connection is closed")
            await trio.lowlevel.wait_readable(self.socket)
            try:
                return os.read(self.socket.fileno(), max_bytes)
            except BlockingIOError:  # it was for the kernel alone
                continue
            except OSError as error:
                raise trio.BrokenResourceError("the client is gone") from error

    async def _send(self, data: memoryview) -> int:
        try:
            return await self.socket.send(data)
        except OSError as error:
            self.closing.set()
            raise trio.BrokenResourceError("the client is gone") from error

    async def _cut(self, rest: bytes) -> None:
        """Leave what is unsent and the farewell to the kernel, and begin to close."""
        if self.farewell:
            self._widen()
            with trio.move_on_after(FAREWELL_S), suppress(trio.BrokenResourceError):
                await self._send(memoryview(rest + self.farewell))
        await self.aclose()

    def _widen(self) -> None:
        """Let the kernel queue far more than it would of its own accord; it still sets its own bound."""
        with suppress(OSError):
            self.socket.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_SNDBUF, FAREWELL_BUFFER)
        with suppress(OSError):
            self.socket.setsockopt(trio.socket.IPPROTO_TCP, trio.socket.TCP_NOTSENT_LOWAT, FAREWELL_BUFFER)


def has_untaken(socket: trio.socket.SocketType) -> bool:
    """Whether the kernel still keeps something for the peer to take (tcp(7), SIOCOUTQ)."""
    try:
        answer = fcntl.ioctl(socket.fileno(), termios.TIOCOUTQ, bytes(4))
    except OSError:
        return False  # closed meanwhile
    return bool(struct.unpack("i", answer)[0])
