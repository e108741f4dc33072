"""Provocations of what a websocket can take."""

import socket

import pytest
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from paydaemon.core.events import Draft, EventType
from tests.engine.world import DUE, world
from tests.limits.ledger import limited
from tests.limits.trial import Trial, provokes, told
from tests.support.served import Served, served
from tests.support.sse import listening
from tests.support.waiting import BOUND_S, until

UPGRADE = (
    "GET /v1/events?after=0 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Authorization: Bearer {key}\r\n\r\n"
)
PING = b"\x89\x00"
TOO_SLOW = b"\x0f\xa8"
"""RFC 6455, sections 5.5.1 and 5.5.2: an empty ping of a server's; the code 4008 as a close frame has it."""


async def closing_code(events: WebSocketConnection) -> int:
    with trio.fail_after(BOUND_S), pytest.raises(ConnectionClosed) as closed:
        await events.get_message()
    assert closed.value.reason is not None
    return int(closed.value.reason.code)


@provokes("limits.websocket.message_bytes")
async def a_long_message(trial: Trial) -> str:
    async with served(trial.folder, trial.all(10).frontends) as daemon, daemon.websocket() as events:
        await events.send_message("x" * 11)
        return f"the websocket is closed with `{await closing_code(events)}`"


@provokes("limits.websocket.messages_per_s", "limits.websocket.messages_burst")
async def many_messages(trial: Trial) -> str:
    small, other = (0.001, "burst") if trial.key.endswith("_per_s") else (1, "per_s")
    others = {f"websocket.messages_{other}": 1 if other == "burst" else 0.001}
    limits = trial.all(small, **others).frontends
    async with served(trial.folder, limits) as daemon, daemon.websocket() as events:
        await events.send_message("x")
        await trio.sleep(1.1)  # at the default pace another one would be welcome now
        await events.send_message("x")
        return f"the websocket is closed with `{await closing_code(events)}`"


@provokes("limits.websocket.ping_every_s")
async def a_quiet_client(trial: Trial) -> str:
    async with served(trial.folder, trial.all(0.05).frontends) as daemon, daemon.tcp() as stream:
        await stream.send_all(UPGRADE.format(key=daemon.key).encode())
        received = b""
        with trio.fail_after(2):
            while received.count(PING) < 3:
                received += await stream.receive_some()
    return "a ping"


@provokes("limits.websocket.key_check_every_s")
async def a_key_that_is_revoked(trial: Trial) -> str:
    async with (
        served(trial.folder, trial.all(0.05).frontends) as daemon,
        daemon.websocket("", daemon.keys["shop"]) as events,
        daemon.admin() as admin,
    ):
        await admin.post("/admin/v1/sellers/shop/rotate")
        with trio.fail_after(2):
            return f"a revoked key's websocket is closed with `{await closing_code(events)}`"


@provokes("limits.websocket.live_queue")
async def a_watcher_that_is_slow(trial: Trial) -> str:
    async with world() as daemon:
        limited(daemon, trial, 1)
        await daemon.pay(((await daemon.invoice()).options[0], DUE))
        async with daemon.live.watch() as slow:
            await daemon.mine(3)
            assert slow.statistics().current_buffer_used == 1
    return "further live pushes are dropped for that client"


@provokes("limits.websocket.public_streams", "limits.websocket.public_streams_per_address")
async def many_payers(trial: Trial) -> str:
    async with served(trial.folder, trial.all(1).frontends) as daemon:
        id = (await daemon.invoice())["id"]
        url = f"http://127.0.0.1:{daemon.port}/v1/public/invoices/{id}/events"
        async with listening(url, None) as first, listening(url, None) as second:
            await first.take(1)
            return f"{told(second.response)}: it is not opened"


@provokes("limits.http.send_timeout_s")
async def a_client_that_reads_nothing(trial: Trial) -> str:
    async with served(trial.folder, trial.all(0.2).frontends) as daemon:
        await _fill(daemon)
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        slow.setblocking(False)
        async with trio.SocketStream(trio.socket.from_stdlib_socket(slow)) as stream:
            await stream.socket.connect(("127.0.0.1", daemon.port))
            await stream.send_all(UPGRADE.format(key=daemon.key).encode())
            await until(lambda: daemon.counts.open == 1)
            await until(lambda: daemon.counts.open == 0)
            received = b""
            with trio.fail_after(BOUND_S):
                while data := await stream.receive_some():
                    received = received[-200:] + data
    assert TOO_SLOW in received
    return "the connection is closed, a websocket with `4008`"


async def _fill(daemon: Served) -> None:
    """More events than sockets hold, all in one write."""
    draft = Draft(EventType.CHAIN_STALE, {"chain": "bitcoin", "reason": "x" * 20_000, "as_of": None})
    await daemon.engine.store.transact(lambda tx: [tx.append(draft, 0) for _ in range(300)])
