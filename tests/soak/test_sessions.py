"""A thousand clients of the older payment server that have nothing to say: what each of them costs."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trio

from paydaemon_hedera.sandbox.running import Options, Running
from tests.soak.vitals import Vitals
from tests.support.daemon import Daemon, running
from tests.support.hederanet import settings
from tests.support.waiting import BOUND_S, until

SESSIONS = 1_000
MOST_MIB = 50
LEFT_MIB = 20
LEFT_DESCRIPTORS = 8
AT_ONCE = 20
QUERY = "/socket.io/?EIO=3&transport="


def tables(sandbox: Running) -> dict[str, Any]:
    many = {"sessions": 2 * SESSIONS, "sessions_per_client": 2 * SESSIONS}
    connections = {"connections": 3 * SESSIONS, "connections_per_address": 3 * SESSIONS}
    ours = settings(sandbox)
    return {
        **ours,
        "frontends": {"older": {"plugin": "socketio", "limits": many}},
        "limits": {**ours["limits"], **connections, "requests_per_s": 10_000, "requests_burst": 10_000},
    }


Open = Callable[[AsyncExitStack, str], Awaitable[None]]


async def by_websocket(stack: AsyncExitStack, api: str) -> None:
    """One that has read both of the packets that every session begins with."""
    stream = await connected(stack, api)
    key = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    await stream.send_all(head("websocket", f"{key}Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n"))
    assert b"101 " in await heard(stream, b"\x81\x0240")


async def by_polling(stack: AsyncExitStack, api: str) -> None:
    """One that waits in a poll for what comes next."""
    stream = await connected(stack, api)
    await stream.send_all(head("polling"))
    sid = re.search(rb'"sid":"([^"]+)"', await heard(stream, b"2:40"))
    assert sid is not None
    await stream.send_all(head(f"polling&sid={sid[1].decode()}"))


async def connected(stack: AsyncExitStack, api: str) -> trio.SocketStream:
    parts = urlsplit(api)
    stream = await trio.open_tcp_stream(parts.hostname or "", parts.port or 0)
    stack.push_async_callback(stream.aclose)
    return stream


async def heard(stream: trio.SocketStream, last: bytes) -> bytes:
    """All that comes, up to these bytes."""
    answer = b""
    while last not in answer:
        more = await stream.receive_some()
        assert more, answer
        answer += more
    return answer


def head(rest: str, more: str = "") -> bytes:
    return f"GET {QUERY}{rest} HTTP/1.1\r\nHost: here\r\n{more}\r\n".encode()


@asynccontextmanager
async def crowd(daemon: Daemon, open_one: Open) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for _ in range(SESSIONS // AT_ONCE):
            async with trio.open_nursery() as nursery:
                for _ in range(AT_ONCE):
                    nursery.start_soon(open_one, stack, daemon.api)
        yield


WAYS: Mapping[str, Open] = {"websocket": by_websocket, "polling": by_polling}


@pytest.mark.soak
@pytest.mark.parametrize("way", WAYS)
async def test_a_thousand_idle_sessions(tmp_path: Path, way: str) -> None:
    with Running(Options()) as sandbox:
        async with running(tmp_path, tables(sandbox)) as daemon:
            before = Vitals.of(daemon.pid)
            with trio.fail_after(BOUND_S):
                async with crowd(daemon, WAYS[way]):
                    await trio.sleep(2)
                    during = Vitals.of(daemon.pid)
            assert during.descriptors >= SESSIONS

            def is_forgotten() -> bool:
                return Vitals.of(daemon.pid).descriptors <= before.descriptors + LEFT_DESCRIPTORS

            await until(is_forgotten)
            after = Vitals.of(daemon.pid)
            print(f"\n{SESSIONS} by {way}: before {before}; with them {during}; after them {after}")
            assert during.rss_mib - before.rss_mib < MOST_MIB
