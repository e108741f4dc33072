"""A plugin's frontend behind the daemon's gate, and clients of it."""

import logging
from collections.abc import AsyncIterator, Iterator, MutableMapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import structlog
import trio
from structlog.testing import capture_logs
from trio_websocket import ConnectionClosed

from paydaemon.frontends.guests import LiveFrontend
from paydaemon.hooks.frontend import Access, Answer, FrontendHost, Request, Route, SocketRoute
from tests.logs.restore import restored
from tests.support.served import Served, served, socket_at
from tests.support.waiting import BOUND_S

SHOP = "https://shop.example"


class Guest:
    """A frontend that does as it is told, and notes what it is handed."""

    def __init__(self, *routes: Route | SocketRoute) -> None:
        self.routes = routes
        self.asked: list[Request] = []
        self.host: FrontendHost | None = None
        self.fail = trio.Event()

    async def run(
        self, host: FrontendHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        self.host = host
        task_status.started()
        await self.fail.wait()

    async def note(self, request: Request) -> Answer:
        await trio.lowlevel.checkpoint()
        self.asked.append(request)
        return Answer(207, b"noted", "text/plain", {"X-Own": "yes"})


def guest(*routes: Route | SocketRoute) -> Guest:
    """One with these routes; without any, with one for each kind of access."""
    made = Guest()
    every: Sequence[Route | SocketRoute] = [
        Route(f"/{access.value}", ["GET", "POST"], made.note, access) for access in Access
    ]
    made.routes = tuple(routes or every)
    return made


@asynccontextmanager
async def hosting(folder: Path, one: Guest, **settings: Any) -> AsyncIterator[Served]:
    async with served(folder, guests=[LiveFrontend("till", one, "fake")], **settings) as daemon:
        yield daemon


async def ask(
    daemon: Served,
    path: str,
    *,
    method: str = "GET",
    key: str = "",
    body: bytes = b"",
    chunked: bool = False,
    **headers: str,
) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if key:
        sent["Authorization"] = f"Bearer {key}"
    async with httpx.AsyncClient(timeout=BOUND_S, verify=False) as client:
        url = f"http://127.0.0.1:{daemon.port}{path}"
        content = _pieces(body) if chunked else body
        return await client.request(method, url, headers=sent, content=content)


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 500):
        yield body[start : start + 500]


@asynccontextmanager
async def connected(daemon: Served, path: str = "/echo?please", **headers: str) -> AsyncIterator[Any]:
    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    async with daemon.tcp() as stream, socket_at(stream, path, sent) as connection:
        yield connection


async def code_of(connection: Any) -> int:
    with trio.fail_after(BOUND_S):
        while connection.closed is None:
            with suppress(ConnectionClosed):
                await connection.get_message()
    return int(connection.closed.code)


@contextmanager
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """What is logged inside, as an operator sees it."""
    with restored():
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
        with capture_logs() as lines:
            yield lines
