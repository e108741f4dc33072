"""Payers with the page open: a websocket of one invoice each, as the checkout page has it, which nobody reads
faster than it is told.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import trio

from paydaemon_hedera.sandbox.running import Running
from tests.support.daemon import Daemon
from tests.support.hederanet import settings

AT_ONCE = 20
HEAD = (
    "GET /v1/public/invoices/{id}/events HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\r\n"
)
STANDING, SETTLED = b'"status":"new"', b'"status":"settled"'


def tables(sandbox: Running, watchers: int) -> dict[str, Any]:
    """A daemon on the Hedera sandbox that lets so many in, also from one address."""
    ours = settings(sandbox)
    connections = {"connections": 3 * watchers, "connections_per_address": 3 * watchers}
    streams = {"websocket": {"public_streams": 2 * watchers, "public_streams_per_address": 2 * watchers}}
    return {**ours, "limits": {**ours["limits"], **connections, **streams}}


async def invoices(daemon: Daemon, count: int) -> list[str]:
    """So many new ones, by their ids."""
    body = {"amount": "12.50", "currency": "EUR", "seller_id": "shop"}
    async with daemon.client() as client:
        return [(await client.post("/v1/invoices", json=body)).json()["id"] for _ in range(count)]


@asynccontextmanager
async def watching(daemon: Daemon, ids: Sequence[str]) -> AsyncIterator[list[trio.SocketStream]]:
    """Somebody for each invoice, who has been told how it stands and hears what becomes of it."""
    streams: list[trio.SocketStream] = []

    async def watch(stack: AsyncExitStack, id: str) -> None:
        parts = urlsplit(daemon.api)
        stream = await stack.enter_async_context(
            await trio.open_tcp_stream(parts.hostname or "", parts.port or 0)
        )
        await stream.send_all(HEAD.format(id=id).encode())
        await heard(stream, STANDING)
        streams.append(stream)

    async with AsyncExitStack() as stack:
        for start in range(0, len(ids), AT_ONCE):
            async with trio.open_nursery() as nursery:
                for id in ids[start : start + AT_ONCE]:
                    nursery.start_soon(watch, stack, id)
        yield streams


async def settle(daemon: Daemon, ids: Sequence[str], streams: Sequence[trio.SocketStream]) -> None:
    """Mark every invoice as settled, and wait until everybody has heard so."""
    async with trio.open_nursery() as nursery:
        for stream in streams:
            nursery.start_soon(heard, stream, SETTLED)
        async with daemon.client() as client:
            for id in ids:
                answer = await client.post(f"/v1/invoices/{id}/mark", json={"status": "settled"})
                assert answer.status_code == 200, answer.text


async def heard(stream: trio.SocketStream, last: bytes) -> None:
    """Take all that comes, up to these bytes."""
    answer = b""
    while last not in answer:
        more = await stream.receive_some()
        assert more, answer
        answer += more
