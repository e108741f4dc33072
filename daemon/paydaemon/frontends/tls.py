"""TLS on a connection: what is sent and received is encrypted, and the socket's patience stays what it is.

The patience lies below the encryption: a client that takes nothing is noticed by its socket, and a handshake
has as long as a request's headers have.
"""

import ssl
from contextlib import suppress

import trio

from paydaemon.frontends.settings import Limits
from paydaemon.frontends.stream import PatientStream


class TlsStream:
    """A `PatientStream` with TLS upon it, to be used like one.

    `farewell` is for those who write it: a client that is cut reads no more, and what it has not read cannot
    be encrypted anew.
    """

    def __init__(self, stream: trio.SocketStream, limits: Limits, context: ssl.SSLContext) -> None:
        self._wire = PatientStream(stream, limits)
        self._tls = trio.SSLStream(self._wire, context, server_side=True)  # type: ignore[type-var]
        self._handshake_timeout_s = limits.head_timeout_s
        self.socket = self._wire.socket
        self.closing = self._wire.closing
        self.farewell = b""

    async def handshake(self) -> None:
        """Agree on keys. Raises `trio.BrokenResourceError` where that fails, or takes too long."""
        with trio.move_on_after(self._handshake_timeout_s) as waiting:
            await self._tls.do_handshake()
        if waiting.cancelled_caught:
            raise trio.BrokenResourceError("the handshake took too long")

    async def send_all(self, data: bytes) -> None:
        """Send everything. Raises `trio.BrokenResourceError` where the client takes nothing for too long."""
        if self.closing.is_set():
            raise trio.ClosedResourceError("this connection is being closed")
        await self._tls.send_all(data)

    def send_now(self, data: bytes) -> bytes:
        """Nothing is sent without waiting: returns all of it."""
        return data

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """What comes next; empty at the end. While closing, reads on in vain until the client has seen it."""
        try:
            if not self.closing.is_set():
                return bytes(await self._tls.receive_some(max_bytes))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            if not self.closing.is_set():
                raise
        return await self._wire.receive_some(max_bytes)

    async def send_eof(self) -> None:
        """Say that nothing more will be sent (RFC 8446, section 6.1: close_notify)."""
        await self.aclose()

    async def aclose(self) -> None:
        """Begin to close: whoever is reading goes on, in vain."""
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError, trio.BusyResourceError):
            await self._tls.aclose()
        await self._wire.aclose()

    async def abort(self) -> None:
        """Close now, whoever waits for what."""
        await self._wire.abort()


ClientStream = PatientStream | TlsStream
"""One client's connection, encrypted or not."""
