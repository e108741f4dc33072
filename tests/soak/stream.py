"""A client of the websockets that may lose its daemon at any moment, and leaves no socket behind then."""

import json
import socket
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import trio
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)

from tests.support.ledgercheck import Json

CHUNK = 65_536


class Refused(Exception):
    """The daemon does not take this websocket; `status` is why."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with {status}")
        self.status = status


class Gone(Exception):
    """The connection is gone; `code` is the websocket's, where it was closed in order."""

    def __init__(self, code: int | None = None) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class JsonSocket:
    """A websocket on which the daemon speaks JSON."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._accepted = False
        self._arrived: deque[Json] = deque()
        self._text = ""

    async def open(self, target: str, key: str) -> None:
        """The opening handshake (RFC 6455, section 4.1). Raises `Refused` or `Gone`."""
        headers = [(b"Authorization", f"Bearer {key}".encode())]
        await self._send(self._protocol.send(Request("localhost", target, extra_headers=headers)))
        while not self._accepted:
            await self._receive()

    async def next(self) -> Json:
        """The next message. Raises `Gone`."""
        while not self._arrived:
            await self._receive()
        return self._arrived.popleft()

    async def say(self, message: Json | bytes) -> None:
        """Send a message, as text or as bytes. Raises `Gone`."""
        event = BytesMessage(message) if isinstance(message, bytes) else TextMessage(json.dumps(message))
        await self._send(self._protocol.send(event))

    async def _receive(self) -> None:
        try:
            data = bytes(await self._stream.receive_some(CHUNK))
        except trio.BrokenResourceError as error:
            raise Gone from error
        if not data:
            raise Gone
        self._protocol.receive_data(data)
        for event in self._protocol.events():
            await self._take(event)

    async def _take(self, event: Event) -> None:
        match event:
            case AcceptConnection():
                self._accepted = True
            case RejectConnection(status_code=status):
                raise Refused(status)
            case TextMessage(data=data, message_finished=finished):
                self._text += data
                if finished:
                    self._arrived.append(json.loads(self._text))
                    self._text = ""
            case Ping():
                await self._send(self._protocol.send(event.response()))
            case CloseConnection(code=code):
                raise Gone(code)
            case _:
                pass  # the rest says nothing here

    async def _send(self, data: bytes) -> None:
        try:
            await self._stream.send_all(data)
        except trio.BrokenResourceError as error:
            raise Gone from error


@asynccontextmanager
async def event_stream(
    api: str, key: str, query: str, *, receive_buffer: int | None = None
) -> AsyncIterator[JsonSocket]:
    """An open websocket at ``/v1/events``. Raises `Refused`, or `Gone` where nobody listens.

    With a small `receive_buffer`, in bytes, the daemon soon notices when nothing is read.
    """
    async with _socket_at(f"/v1/events?{query}", api, key, receive_buffer) as stream:
        yield stream


@asynccontextmanager
async def relay_socket(api: str, key: str) -> AsyncIterator[JsonSocket]:
    """An open websocket at ``/v1/relay/hedera``. Raises `Refused`, or `Gone` where nobody listens."""
    async with _socket_at("/v1/relay/hedera", api, key, None) as socket:
        yield socket


@asynccontextmanager
async def _socket_at(
    target: str, api: str, key: str, receive_buffer: int | None
) -> AsyncIterator[JsonSocket]:
    async with await _dial(api, receive_buffer) as stream:
        opened = JsonSocket(stream)
        await opened.open(target, key)
        yield opened


async def _dial(api: str, receive_buffer: int | None) -> trio.SocketStream:
    parts = urlsplit(api)
    own = trio.socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if receive_buffer is not None:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    try:
        await own.connect((parts.hostname, parts.port))
    except OSError as error:
        own.close()
        raise Gone from error
    return trio.SocketStream(own)
