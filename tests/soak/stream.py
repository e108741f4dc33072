"""A client of the event stream that may lose its daemon at any moment, and leaves no socket behind then."""

import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import trio
from wsproto import ConnectionType, WSConnection
from wsproto.events import CloseConnection, Event, Ping, RejectConnection, Request, TextMessage

from tests.support.ledgercheck import Json

CHUNK = 65_536


class Refused(Exception):
    """The daemon does not take this websocket; `status` is why."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with {status}")
        self.status = status


class Gone(Exception):
    """The connection is gone."""


class EventStream:
    """A websocket of events."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._arrived: deque[Json] = deque()
        self._text = ""

    async def ask(self, target: str, key: str) -> None:
        """Send the opening handshake (RFC 6455, section 4.1)."""
        headers = [(b"Authorization", f"Bearer {key}".encode())]
        await self._send(self._protocol.send(Request("localhost", target, extra_headers=headers)))

    async def next(self) -> Json:
        """The next event or live push. Raises `Refused` or `Gone`."""
        while not self._arrived:
            self._protocol.receive_data(await self._receive())
            for event in self._protocol.events():
                await self._take(event)
        return self._arrived.popleft()

    async def _take(self, event: Event) -> None:
        match event:
            case TextMessage(data=data, message_finished=finished):
                self._text += data
                if finished:
                    self._arrived.append(json.loads(self._text))
                    self._text = ""
            case Ping():
                await self._send(self._protocol.send(event.response()))
            case RejectConnection(status_code=status):
                raise Refused(status)
            case CloseConnection(code=code):
                raise Gone(f"closed with {code}")
            case _:
                pass  # it was accepted, or speaks of what is not used here

    async def _receive(self) -> bytes:
        try:
            data = bytes(await self.stream.receive_some(CHUNK))
        except trio.BrokenResourceError as error:
            raise Gone from error
        if not data:
            raise Gone("the daemon hung up")
        return data

    async def _send(self, data: bytes) -> None:
        try:
            await self.stream.send_all(data)
        except trio.BrokenResourceError as error:
            raise Gone from error


@asynccontextmanager
async def event_stream(api: str, key: str, query: str) -> AsyncIterator[EventStream]:
    """A websocket at ``/v1/events`` that was asked for. Raises `Gone` where nobody listens."""
    parts = urlsplit(api)
    try:
        stream = await trio.open_tcp_stream(parts.hostname or "", parts.port or 0)
    except OSError as error:
        raise Gone from error
    async with stream:
        opened = EventStream(stream)
        await opened.ask(f"/v1/events?{query}", key)
        yield opened
