"""A publisher is told by Socket.IO: by its own servers of release 2 and 4, and by servers that are none."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, WebSocketRequest, serve_websocket

from paydaemon.hooks.notifier import NotTold, Told
from tests.publisher.sites import socketio
from tests.publisher.world import config, notice, outcome, telling
from tests.webhook.wires import Handler, Stream, answer, serving, silent

TOLD = {
    "transactionId": "0.0.1002@1700000000.000000001",
    "account": "0.0.1002",
    "memo": "138,Zürich ☕",
    "cost": 1000,
    "nodePrecheckcode": 0,
}
MEMO = "138,Zürich ☕"
OPEN = '0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":5000}'

Talk = Callable[[WebSocketConnection], Awaitable[None]]


@pytest.mark.parametrize(("release", "revision"), [("2", 3), ("4", 4)])
async def test_a_real_server_takes_it(release: str, revision: int) -> None:
    """Whichever revision it speaks is found out, and the second time known."""
    async with socketio(release) as site:
        url = f"http://127.0.0.1:{site.begins}"
        async with telling(config(socket_url=url)) as notifier:
            for _ in range(2):
                told = await outcome(notifier, notice(memo=MEMO), notice(memo="2"), notice(chain="other"))
                assert told == Told(detail=f"read, by Engine.IO {revision}")
                assert await site.told() == TOLD
                assert (await site.told())["memo"] == "2"


async def test_a_server_of_another_release_in_its_place() -> None:
    """What was remembered of the one does not keep the other from being told."""
    async with socketio("4") as site:
        port = int(site.begins)
        async with telling(config(socket_url=f"http://127.0.0.1:{port}")) as notifier:
            assert isinstance(await outcome(notifier, notice(memo=MEMO)), Told)
            assert await site.told() == TOLD
            await site.kill()
            refused = await outcome(notifier)
            assert isinstance(refused, NotTold)
            assert refused.reason == "no connection: connection refused"
            async with socketio("2", port) as other:
                told = await outcome(notifier, notice(memo=MEMO))
                assert told == Told(detail="read, by Engine.IO 3")
                assert await other.told() == TOLD


# --- Servers that are none of Socket.IO's


@asynccontextmanager
async def talking(*, talk: Talk) -> AsyncIterator[str]:
    """A websocket server; yields its address."""

    async def handle(request: WebSocketRequest) -> None:
        socket = await request.accept()
        with suppress(ConnectionClosed):
            await talk(socket)

    async with trio.open_nursery() as nursery:
        server: Any = await nursery.start(serve_websocket, handle, "127.0.0.1", 0, None)
        yield f"ws://127.0.0.1:{server.port}"
        nursery.cancel_scope.cancel()


async def deaf(socket: WebSocketConnection) -> None:
    """Opens, and reads nothing of what is said then."""
    await socket.send_message(OPEN)
    await socket.send_message("40")
    await trio.sleep_forever()


async def deaf_in_revision_4(socket: WebSocketConnection) -> None:
    """The same, where it is the websocket that answers: it reads one event, and not the next."""
    if "EIO=3" in str(socket.path):
        return
    await socket.send_message(OPEN)
    await socket.get_message()
    await socket.send_message('40{"sid":"b"}')
    await trio.sleep_forever()


async def leaves_early(socket: WebSocketConnection) -> None:
    """Takes the event and goes, before the ping behind it is answered."""
    await socket.send_message(OPEN)
    await socket.send_message("40")
    await socket.get_message()


async def refuses(socket: WebSocketConnection) -> None:
    """As a middleware does that wants a token."""
    await socket.send_message(OPEN)
    await socket.send_message('44"not authorised"')
    await trio.sleep_forever()


async def hangs_up(socket: WebSocketConnection) -> None:
    """Says nothing at all."""


async def babbles(socket: WebSocketConnection) -> None:
    """More in one message than is read of any."""
    await socket.send_message(OPEN + " " * 2_000)
    await trio.sleep_forever()


@pytest.mark.parametrize(
    ("talk", "said"),
    [
        (deaf, "no answer in 1 s"),
        (deaf_in_revision_4, "no answer in 1 s"),
        (leaves_early, "the connection was lost"),
        (refuses, "it ended the connection before it had read anything"),
        (hangs_up, "it ended the websocket before it said anything"),
        (babbles, "it ended the websocket before it said anything"),
    ],
)
async def test_what_nobody_is_known_to_have_read_is_not_told(talk: Talk, said: str) -> None:
    async with talking(talk=talk) as url:
        limits = {"answer_timeout_s": 1, "answer_bytes": 1_024}
        async with telling(config(socket_url=url, limits=limits)) as notifier:
            refused = await outcome(notifier, notice(), notice())
    assert isinstance(refused, NotTold)
    assert refused.reason == said
    assert refused.target_down


def saying(what: bytes) -> Handler:
    """Whatever it is asked."""

    async def handle(stream: Stream) -> None:
        await stream.receive_some()
        await stream.send_all(what)

    return handle


@pytest.mark.parametrize(
    ("handle", "said"),
    [
        (saying(answer("404 Not Found")), "it answered 404 instead of a websocket, at /socket.io/"),
        (saying(b"hello\r\n\r\n"), "it does not speak as a websocket does"),
        (silent, "no answer in 1 s"),
    ],
)
async def test_what_is_no_websocket(handle: Handler, said: str) -> None:
    async with serving(handle) as port:
        settings = config(socket_url=f"http://127.0.0.1:{port}", limits={"answer_timeout_s": 1})
        async with telling(settings) as notifier:
            refused = await outcome(notifier)
    assert isinstance(refused, NotTold)
    assert refused.reason == said


async def test_a_ping_of_the_server_is_answered() -> None:
    heard: list[str | bytes] = []

    async def pings_first(socket: WebSocketConnection) -> None:
        for message in (OPEN, "2", "40"):
            await socket.send_message(message)
        heard.extend([await socket.get_message() for _ in range(3)])
        await socket.send_message("3")
        await socket.get_message()

    async with talking(talk=pings_first) as url, telling(config(socket_url=url)) as notifier:
        assert isinstance(await outcome(notifier), Told)
    assert (heard[0], heard[2]) == ("3", "2")
    assert str(heard[1]).startswith('42["CRYPTOTRANSFER",{"transactionId":')
