"""The server of a sandbox: HTTP on a port of this machine, with ETags, and the faults it is told to have."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from email.utils import formatdate
from functools import partial

import h11
import trio

from paydaemon_rates.sandbox.dialects import DIALECTS, answer
from paydaemon_rates.sandbox.faults import Fault
from paydaemon_rates.sandbox.market import Market
from paydaemon_rates.sandbox.streaming import serve_stream

HOST = "127.0.0.1"
RETRY_AFTER_S = 1
_READ_BYTES = 65_536
_WITHIN_S = 300.0
_PAGE = "<!DOCTYPE html><html><body><h1>We are back soon</h1></body></html>"
_BASE = {"coingecko": "/api/v3"}
_FASTEST_S = {"kraken": 2, "binance": 2, "bitfinex": 2, "coinbase": 5, "bitstamp": 5, "ecb": 60}

Headers = list[tuple[str, str]]


class ExchangeSandbox:
    """A local exchange (`paydaemon.hooks.sandbox.RateSandbox`). What was asked is in `asked`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.market = Market({})
        self.asked: list[str] = []
        self.not_modified = 0
        self._dialect = DIALECTS[name]

    @property
    def fault(self) -> Fault:
        """How it misbehaves; may change at any time."""
        return self.market.fault

    @fault.setter
    def fault(self, fault: Fault) -> None:
        self.market.fault = fault

    async def run(
        self,
        prices: Mapping[str, str],
        *,
        task_status: trio.TaskStatus[Mapping[str, object]] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve these prices until cancelled; hands over the table that reads them."""
        self.market = Market(prices)
        async with trio.open_nursery() as nursery:
            listeners = await nursery.start(partial(trio.serve_tcp, self._serve, 0, host=HOST))
            url = f"http://{HOST}:{listeners[0].socket.getsockname()[1]}{_BASE.get(self.name, '')}"
            table: dict[str, object] = {"url": url, "every_s": _FASTEST_S.get(self.name, 10)}
            if self.name != "hedera":
                table["pairs"] = list(prices)
            if self.name == "kraken":
                table["websocket_url"] = await nursery.start(serve_stream, self.market)
            task_status.started(table)

    async def _serve(self, stream: trio.SocketStream) -> None:
        with suppress(trio.BrokenResourceError, h11.ProtocolError), trio.move_on_after(_WITHIN_S):
            async with stream:
                connection = h11.Connection(h11.SERVER)
                while (request := await _request(stream, connection)) is not None:
                    await self._answer(stream, connection, request)
                    if connection.our_state is not h11.DONE:
                        return
                    connection.start_next_cycle()

    async def _answer(
        self, stream: trio.SocketStream, connection: h11.Connection, request: h11.Request
    ) -> None:
        target = request.target.decode("ascii")
        self.asked.append(target)
        match self.fault:
            case Fault.HANG:
                await trio.sleep_forever()
            case Fault.HALF_CLOSED:
                await _half_close(stream)
            case Fault.ERROR_500:
                await self._send(stream, connection, 500, "{}")
            case Fault.LIMITED:
                headers = [("Retry-After", str(RETRY_AFTER_S))]
                await self._send(stream, connection, 429, '{"message":"Too Many Requests"}', headers)
            case Fault.HTML:
                await self._send(stream, connection, 200, _PAGE)
            case _:
                await self._say(stream, connection, request, target)

    async def _say(
        self, stream: trio.SocketStream, connection: h11.Connection, request: h11.Request, target: str
    ) -> None:
        status, body = answer(self._dialect, self.market, target)
        tag = f'"{hashlib.sha256(body.encode()).hexdigest()[:16]}"'
        if (b"if-none-match", tag.encode()) in request.headers:
            self.not_modified += 1
            status, body = 304, ""
        await self._send(stream, connection, status, body, [("ETag", tag)])

    async def _send(
        self,
        stream: trio.SocketStream,
        connection: h11.Connection,
        status: int,
        body: str,
        more: Headers | None = None,
    ) -> None:
        date = formatdate(self.market.now_ms() // 1000, usegmt=True)
        length = [] if status == 304 else [("Content-Length", str(len(body.encode())))]
        head = h11.Response(status_code=status, headers=[("Date", date), *length, *(more or [])])
        data = connection.send(head) or b""
        data += connection.send(h11.Data(data=body.encode())) or b"" if body else b""
        await stream.send_all(data + (connection.send(h11.EndOfMessage()) or b""))


async def _half_close(stream: trio.SocketStream) -> None:
    """Begin an answer, end what is said, and go on listening."""
    await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
    await stream.send_eof()
    while await stream.receive_some(_READ_BYTES):
        pass


async def _request(stream: trio.SocketStream, connection: h11.Connection) -> h11.Request | None:
    """The next request, whole; None where there is none any more."""
    request: h11.Request | None = None
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await stream.receive_some(_READ_BYTES))
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.EndOfMessage):
            return request
        elif isinstance(event, h11.ConnectionClosed):
            return None
