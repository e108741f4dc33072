"""Server-sent events once their answer has begun: written straight on the connection's stream.

Quart and hypercorn lead a request up to the first piece of its answer's body, which never ends by itself.
What follows goes past them as chunks of that body (RFC 9112, section 7.1), so that one event for hundreds of
clients is one write each, as with websockets. Nothing else is written on the connection meanwhile: the next
request's answer waits for the end of this one.

A client is told by the event `closing` why its stream ends, in the words and with the code of a websocket.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import structlog
import trio
from quart import Request, Response, stream_with_context

from paydaemon.frontends import wire
from paydaemon.frontends.conversation import INTERNAL_ERROR, Goodbye
from paydaemon.frontends.framing import LAST_CHUNK, chunk, sse_message
from paydaemon.frontends.scope import STREAM
from paydaemon.frontends.settings import Limits
from paydaemon.frontends.tls import ClientStream
from paydaemon.hooks.frontend import SocketGone

log = structlog.get_logger(__name__)

MEDIA = "text/event-stream"
CLOSING = "closing"

RETRY_MS = 3_000
"""After how long a browser connects again."""

_HEADERS = {"X-Accel-Buffering": "no"}
"""nginx hands on each event as it comes."""

_BEGINNING = f"retry: {RETRY_MS}\n\n".encode()
_HEARTBEAT = b": still here\n\n"


Talk = Callable[["EventStream"], Awaitable[None]]
"""Tells one client what happens, until one side has had enough."""


class EventStream:
    """One client's stream. It has the calls of a websocket, but that nobody ever says anything on it."""

    def __init__(self, stream: ClientStream, *, is_chunked: bool) -> None:
        self._stream = stream
        self._is_chunked = is_chunked
        self._sending = trio.Lock()
        self._rest = b""

    async def receive(self) -> str | bytes:
        """Nothing comes. Whoever waits is cancelled when the client leaves."""
        await trio.sleep_forever()
        raise AssertionError

    async def send(self, message: str | bytes) -> None:
        """Send what is worded already. Raises `SocketGone` once the client is gone."""
        await self.send_frames(message.encode() if isinstance(message, str) else message)

    async def send_frames(self, frames: bytes, if_cut: Goodbye | None = None) -> None:
        """Send whole messages, and before them what is left of others. Raises like `send`.

        `if_cut` is what the client is told if it is cut because it does not read them.
        """
        async with self._sending:
            if if_cut is not None:
                self._stream.farewell = self._framed(closing(if_cut)) + self._framed(b"", is_last=True)
            data = self._rest + self._framed(frames)
            self._rest = b""
            try:
                with trio.CancelScope(shield=True):
                    await self._stream.send_all(data)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                raise SocketGone from None

    def send_frames_now(self, frames: bytes) -> bool:
        """Send whole messages without waiting; whether all was taken. The rest is sent first, next."""
        data = self._framed(frames)
        if not (self._rest or self._sending.locked()):
            data = self._stream.send_now(data)
        self._rest += data
        return not self._rest

    async def close(self, code: int, reason: str) -> None:
        """Say goodbye. The answer ends when whoever writes it does."""
        with suppress(SocketGone):
            await self.send_frames(closing(Goodbye(code, reason)))
        self._stream.farewell = b""

    async def keep_alive(self, every_s: float) -> None:
        """Say something every so often that means nothing, so that proxies and clients know us alive."""
        with suppress(SocketGone):
            while True:
                await trio.sleep(every_s)
                await self.send_frames(_HEARTBEAT)

    def _framed(self, data: bytes, *, is_last: bool = False) -> bytes:
        """As HTTP/1.1 frames a body of unknown length; in HTTP/1.0 it ends with the connection."""
        if not self._is_chunked:
            return data
        return (chunk(data) if data else b"") + (LAST_CHUNK if is_last else b"")


def closing(goodbye: Goodbye) -> bytes:
    """Why a stream ends."""
    return sse_message(CLOSING, wire.encode({"code": goodbye.code, "reason": goodbye.reason}).encode())


def answer(asked: Request, talk: Talk, limits: Limits) -> Response:
    """An answer that lasts for as long as `talk` does."""
    stream = asked.scope["state"][STREAM]
    assert isinstance(stream, ClientStream)
    outlet = EventStream(stream, is_chunked=asked.http_version == "1.1")
    body = b"" if asked.method == "HEAD" else stream_with_context(_body)(outlet, talk, limits.ping_every_s)
    response = Response(body, headers=_HEADERS, content_type=MEDIA)
    response.timeout = None
    return response


async def _body(outlet: EventStream, talk: Talk, beat_every_s: float) -> AsyncIterator[bytes]:
    yield _BEGINNING  # with it the head of the answer has gone out
    async with trio.open_nursery() as nursery:
        nursery.start_soon(outlet.keep_alive, beat_every_s)
        await _talk_to_the_end(outlet, talk)
        nursery.cancel_scope.cancel()


async def _talk_to_the_end(outlet: EventStream, talk: Talk) -> None:
    try:
        await talk(outlet)
    except Exception:  # the answer has begun: only its end can tell
        log.exception("a stream of events failed")
        await outlet.close(INTERNAL_ERROR, "something went wrong here")
