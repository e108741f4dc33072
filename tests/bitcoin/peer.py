"""A peer that answers RPC as it is told to: like a node, like one in trouble, or not at all."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import trio

from paydaemon_bitcoin.rpc import Rpc, connect

PASSWORD = "hunter/2#?@:%5Bü secret"


def answer(result: object = None, *, code: int | None = None, status: str = "200 OK") -> bytes:
    error = None if code is None else {"code": code, "message": "trouble"}
    body = json.dumps({"result": result, "error": error, "id": 1}).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def plain(status: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nbusy".encode()


class Peer:
    """A server that answers each request with the next of its answers; None hangs up, "…" stays silent."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self.connections = 0
        self.port = 0

    async def serve(self, stream: trio.SocketStream) -> None:
        self.connections += 1
        async with stream:
            while (request := await self._request(stream)) is not None:
                self.requests.append(request)
                reply = self.answers.pop(0) if self.answers else None
                if reply is None:
                    return
                if reply == b"...":
                    await trio.sleep_forever()
                await stream.send_all(reply)

    async def _request(self, stream: trio.SocketStream) -> bytes | None:
        got = b""
        while b"\r\n\r\n" not in got:
            try:
                more = await stream.receive_some()
            except trio.BrokenResourceError:
                return None
            if not more:
                return None
            got += more
        head, _, body = got.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += await stream.receive_some()
        return head + b"\r\n\r\n" + body


@asynccontextmanager
async def peer(*answers: bytes | None) -> AsyncIterator[tuple[Peer, Callable[..., Rpc]]]:
    """A misbehaving peer, and how to connect to it."""
    one = Peer(*answers)
    opened: list[Rpc] = []

    def dial(**arguments: object) -> Rpc:
        url = f"http://127.0.0.1:{one.port}"
        opened.append(connect(url, lambda: ("user", PASSWORD), **arguments))  # type: ignore[arg-type]
        return opened[-1]

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, one.serve, 0, host="127.0.0.1"))
        one.port = listeners[0].socket.getsockname()[1]
        try:
            yield one, dial
        finally:
            for rpc in opened:
                rpc.close()
            nursery.cancel_scope.cancel()
