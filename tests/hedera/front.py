"""A mirror node's front door: passes questions on to a sandbox's mirror, or says what a test wants it to."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from urllib.parse import parse_qsl, urlsplit

import trio

from paydaemon_hedera.sandbox.http import Request
from paydaemon_hedera.sandbox.running import Running

SILENCE = b"..."
DRIP = b". . ."
"""A body that never ends, a little at a time."""
HANG_UP = b""

Says = Callable[[str], bytes | None]
"""What is answered to a path; None where that is the sandbox's mirror's word."""


def reply(body: object = None, *, status: str = "200 OK", raw: bytes | None = None, head: str = "") -> bytes:
    content = json.dumps(body).encode() if raw is None else raw
    return f"HTTP/1.1 {status}\r\n{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


class Front:
    """Answers by `says`, if there is one. `asked` are the paths, in order."""

    def __init__(self, sandbox: Running) -> None:
        self.says: Says | None = None
        self.asked: list[str] = []
        self.open = 0
        self.url = ""
        self._sandbox = sandbox

    def always(self, answer: bytes) -> None:
        self.says = lambda path: answer

    async def serve(self, stream: trio.SocketStream) -> None:
        self.open += 1
        try:
            async with stream:
                await self._answer_all(stream)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            self.open -= 1

    async def _answer_all(self, stream: trio.SocketStream) -> None:
        while (path := await _next(stream)) is not None:
            self.asked.append(path)
            said = self.says(path) if self.says is not None else None
            answer = self._honest(path) if said is None else said
            if answer == HANG_UP:
                return
            if answer == SILENCE:
                await trio.sleep_forever()
            if answer == DRIP:
                await _drip(stream)
            await stream.send_all(answer)

    def _honest(self, path: str) -> bytes:
        target = urlsplit(path)
        request = Request("GET", target.path, tuple(parse_qsl(target.query)), None)
        told = self._sandbox._respond(request)
        return HANG_UP if told.body is None else reply(told.body, status=f"{told.status} Told")


async def _drip(stream: trio.SocketStream) -> None:
    await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        await stream.send_all(b" ")
        await trio.sleep(0.02)


async def _next(stream: trio.SocketStream) -> str | None:
    got = b""
    while b"\r\n\r\n" not in got:
        more = await stream.receive_some()
        if not more:
            return None
        got += more
    return got.split(b" ")[1].decode()


@asynccontextmanager
async def front(sandbox: Running) -> AsyncIterator[Front]:
    """A front door of this sandbox's mirror."""
    one = Front(sandbox)
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, one.serve, 0, host="127.0.0.1"))
        one.url = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        yield one
        nursery.cancel_scope.cancel()
