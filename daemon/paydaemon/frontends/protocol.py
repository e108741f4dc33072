"""HTTP/1.1 as hypercorn speaks it, and the way to a websocket, less what is not wanted here.

* No HTTP/2: without TLS only an upgrade or prior knowledge leads there, proxies ask for neither, and one
  connection could then carry any number of requests past the guard's count.
* No permessage-deflate: it costs a fifth of a megabyte for each connection, and compressing secrets beside a
  client's own text leaks them.
* Of websockets only the handshake is hypercorn's; `paydaemon.frontends.frames` has the rest.
* A bound on the number and size of headers, also where they arrive in one piece.
* A request whose body has two lengths is refused: that is how requests are smuggled past a proxy.
* Errors of the protocol wear the same envelope as all others.

Overrides what hypercorn keeps for itself, so its version is pinned to 0.18.
"""

import sys
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from typing import Any

import h11
import trio
from hypercorn.config import Config
from hypercorn.events import Closed, RawData
from hypercorn.protocol.events import Body, EndBody, Event, Request, Response, StreamClosed
from hypercorn.protocol.h11 import STREAM_ID, H11Protocol, H11WSConnection
from hypercorn.protocol.http_stream import HTTPStream
from hypercorn.protocol.ws_stream import WSStream
from hypercorn.typing import ASGISendEvent, H11SendableEvent, WebsocketAcceptEvent
from websockets.frames import CloseCode

from paydaemon.frontends import errors, wire
from paydaemon.frontends.beat import Beat
from paydaemon.frontends.frames import FrameSocket
from paydaemon.frontends.scope import CONNECTION, FRAMES, MESSAGE_BYTES, STREAM
from paydaemon.frontends.settings import Limits
from paydaemon.frontends.traffic import Traffic

Headers = Iterable[tuple[bytes, bytes]]


class HypercornConfig(Config):
    """hypercorn's configuration, with ours beside it; what is ours is looked up each time."""

    # Requests of one connection come one after the other, at a pace that is limited for each client.
    keep_alive_max_requests = sys.maxsize

    def __init__(self, limits: Limits, traffic: Traffic) -> None:
        super().__init__()
        self.limits = limits
        self.traffic = traffic
        self.beat = Beat(limits)

    def refusal(self, status: int, peer: tuple[str, int] | None) -> tuple[Headers, bytes]:
        """The headers and the body of an error of the protocol, which is noted."""
        id = errors.new_request_id()
        self.traffic.refused(status, id, peer)
        return refusal(status, id)

    @property
    def h11_max_incomplete_size(self) -> int:  # type: ignore[override] # only read
        return self.limits.head_bytes


class Http1(H11Protocol):
    """One connection's protocol."""

    config: HypercornConfig
    _head = b""

    async def _check_protocol(self, event: h11.Request) -> None:
        """Whatever a request would like to be upgraded to, it is answered in HTTP/1.1 (RFC 9110, 7.8)."""

    async def _create_stream(self, request: h11.Request) -> None:
        if request.http_version not in (b"1.0", b"1.1"):
            await self._refuse(request, 505)
        elif self._is_too_large(request):
            await self._refuse(request, 431)
        elif has_two_lengths(request):
            await self._refuse(request, 400)
        else:
            await self._begin(request)

    def _is_too_large(self, request: h11.Request) -> bool:
        limits = self.config.limits
        size = len(request.target) + sum(len(name) + len(value) for name, value in request.headers)
        return size > limits.head_bytes or len(request.headers) > limits.head_fields

    async def _begin(self, request: h11.Request) -> None:
        self.stream = self._stream_for(request)
        await self.stream.handle(
            Request(
                stream_id=STREAM_ID,
                headers=[item for item in request.headers if item[0] != b"sec-websocket-extensions"],
                http_version=request.http_version.decode(),
                method=request.method.decode("ascii").upper(),
                raw_path=request.target,
                state=self.connection_state,
            )
        )
        self.keep_alive_requests += 1

    def _stream_for(self, request: h11.Request) -> HTTPStream | WSStream:
        websocket = is_websocket(request)
        if websocket:
            assert isinstance(self.connection, h11.Connection)
            self.connection = H11WSConnection(self.connection)
        kind = Websocket if websocket else HTTPStream
        return kind(
            self.app,
            self.config,
            self.context,
            self.task_group,
            self.ssl,
            self.client,
            self.server,
            self.stream_send,
            STREAM_ID,
        )

    async def stream_send(self, event: Event) -> None:
        """Send a part of an answer. One that does not wait for the whole body says that it closes."""
        if isinstance(event, Response) and self.connection.their_state is h11.SEND_BODY:
            event = replace(event, headers=[*event.headers, (b"connection", b"close")])
        await super().stream_send(event)

    async def _send_h11_event(self, event: H11SendableEvent) -> None:
        try:
            data = self._head + (self.connection.send(event) or b"")
        except h11.LocalProtocolError:
            if self.connection.their_state is not h11.ERROR:
                raise
            return
        # A head waits for what follows it: two packets, and two calls of the system, are one too many.
        self._head = data if isinstance(event, h11.Response) else b""
        if data and not self._head:
            await self.send(RawData(data=data))

    async def _maybe_recycle(self) -> None:
        # It tells the application that the client is gone, which cancels the task that is running this, and
        # the connection would never be found idle.
        with trio.CancelScope(shield=True):
            await super()._maybe_recycle()

    async def _refuse(self, request: h11.Request, status: int) -> None:
        await self._send_error_response(status, has_body=request.method != b"HEAD")
        await self.send(Closed())

    async def _send_error_response(self, status_code: int, has_body: bool = True) -> None:
        headers, body = self.config.refusal(status_code, self.client)
        every = list(chain(headers, self.config.response_headers("h11")))
        await self._send_h11_event(h11.Response(status_code=status_code, headers=every))
        if has_body:
            await self._send_h11_event(h11.Data(data=body))
        await self._send_h11_event(h11.EndOfMessage())


class Websocket(WSStream):
    """One websocket's handshake. Once it is accepted a `FrameSocket` has the connection."""

    config: HypercornConfig
    _frames: FrameSocket | None = None

    async def app_send(self, message: ASGISendEvent | None) -> None:
        """What the application says; None once it has ended."""
        if self._frames is None:
            await super().app_send(message)
        elif message is None:
            await self._frames.close(CloseCode.INTERNAL_ERROR, "")

    async def _accept(self, message: WebsocketAcceptEvent) -> None:
        """The connection is handed over before the client can know that it may send."""
        held: dict[str, Any] = self.scope["state"]
        spawn = self.task_group.spawn
        self._frames = held[FRAMES] = FrameSocket(held[STREAM], held[MESSAGE_BYTES], spawn)
        held[CONNECTION].take_over(self._frames)
        status, headers, _ = self.handshake.accept(message.get("subprotocol"), message.get("headers", []))
        await self.send(Response(stream_id=self.stream_id, status_code=status, headers=headers))
        self.config.beat.add(self._frames)

    async def _send_error_response(self, status_code: int) -> None:
        # Closed first: the application would otherwise answer too, and two answers are one too many for h11.
        self.closed = True
        headers, body = self.config.refusal(status_code, self.client)
        await self.send(Response(stream_id=self.stream_id, status_code=status_code, headers=list(headers)))
        await self.send(Body(stream_id=self.stream_id, data=body))
        await self.send(EndBody(stream_id=self.stream_id))
        await self.send(StreamClosed(stream_id=self.stream_id))


def is_websocket(request: h11.Request) -> bool:
    """Whether a request asks to become a websocket (RFC 6455, section 4.1)."""
    headers = [(name.lower(), value.lower()) for name, value in request.headers]
    tokens = b",".join(value for name, value in headers if name == b"connection").split(b",")
    upgrades = [value.strip() for name, value in headers if name == b"upgrade"]
    return request.method == b"GET" and b"upgrade" in map(bytes.strip, tokens) and upgrades == [b"websocket"]


def has_two_lengths(request: h11.Request) -> bool:
    """Whether a proxy before us may have seen the body end elsewhere (RFC 9112, section 6.1)."""
    names = {name for name, _ in request.headers}
    return {b"transfer-encoding", b"content-length"} <= names


def refusal(status: int, id: str) -> tuple[Headers, bytes]:
    """The headers and the body of an error of the protocol, which closes the connection."""
    body = wire.encode(errors.envelope(*errors.for_status(status), None, id)).encode()
    headers = (
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        (b"x-request-id", id.encode()),
    )
    return headers, body
