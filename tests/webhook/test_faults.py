"""Endpoints that go wrong in every way there is: each costs its own notice, some seconds, and no more."""

import socket
import struct

import pytest
import trio

from paydaemon.hooks.notifier import NotTold, Told
from tests.webhook import wires
from tests.webhook.wires import Handler, Saying, Stream, answer, serving
from tests.webhook.world import notice, outcome, target, telling

QUICK = {"connect_timeout_s": 1, "answer_timeout_s": 1, "timeout_s": 2}


async def told_by(handle: Handler, **limits: int) -> Told | NotTold:
    async with serving(handle) as port, telling(limits={**QUICK, **limits}) as notifier:
        with trio.fail_after(15):
            return await outcome(notifier, target(f"http://127.0.0.1:{port}/hook"))


async def reset(stream: Stream) -> None:
    await wires.request(stream)
    assert isinstance(stream, trio.SocketStream)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await stream.aclose()


async def hanging_up(stream: Stream) -> None:
    await wires.request(stream)


@pytest.mark.parametrize(
    ("handle", "reason"),
    [
        (wires.silent, "no answer in 1 s"),
        (wires.dripping_head, "it took longer than 2 s"),
        (wires.endless_head, "its answer was none of HTTP"),
        (wires.endless_early_hints, "it took longer than 2 s"),
        (wires.half_closed, "the connection was lost"),
        (wires.babbling, "its answer was none of HTTP"),
        (reset, "the connection was lost"),
        (hanging_up, "the connection was lost"),
        (Saying(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000), "its answer was none of HTTP"),
        (Saying(b"HTTP/1.1 99999 Odd\r\n\r\n"), "its answer was none of HTTP"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_what_goes_wrong_before_the_status_is_tried_again(handle: Handler, reason: str) -> None:
    not_told = await told_by(handle)
    assert isinstance(not_told, NotTold)
    assert not_told.reason.startswith(reason)
    assert not_told.target_down
    assert not not_told.for_good


@pytest.mark.parametrize(
    "handle",
    [
        wires.endless_body,
        wires.dripping_body,
        Saying(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nless", then="close"),
        Saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a chunk\r\n"),
        Saying(b"HTTP/1.0 200 OK\r\n\r\nuntil the end", then="close"),
        Saying(b"HTTP/1.0 204 No Content\r\n\r\n", then="close"),
        Saying(answer("200 OK", b"zipped?", Content_Encoding="gzip")),
        Saying(b"HTTP/1.1 103 Early Hints\r\n\r\n", answer("200 OK")),
        Saying(*(bytes([byte]) for byte in answer("202 Accepted", b"ok")), pause_s=0.001),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_once_the_status_has_been_said_it_holds(handle: Handler) -> None:
    told = await told_by(handle)
    assert isinstance(told, Told)
    assert told.status in (200, 202, 204)


async def test_after_a_body_that_was_too_much_the_next_one_goes_on_by_another_connection() -> None:
    server = Saying(answer("200 OK", b"x" * 300_000))
    async with serving(server) as port, telling(limits={**QUICK, "answer_bytes": 10}) as notifier:
        for _ in range(3):
            assert await notifier.tell(target(f"http://127.0.0.1:{port}/"), [notice()]) == Told(200, "OK")
    assert server.opened == 3


async def test_nobody_is_there() -> None:
    async with telling() as notifier:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            not_told = await outcome(notifier, target(f"https://127.0.0.1:{unused.getsockname()[1]}/"))
    assert isinstance(not_told, NotTold)
    assert not_told.reason == "no connection: connection refused"


async def hanging_for_one(stream: Stream) -> None:
    """One host with two endpoints."""
    while asked := await wires.request(stream):
        if asked.startswith(b"POST /dead"):
            await trio.sleep_forever()
        await stream.send_all(answer())


async def test_one_that_hangs_takes_no_connection_of_another_at_its_host() -> None:
    async with (
        serving(hanging_for_one) as port,
        telling(limits={"connections": 2}) as notifier,
        trio.open_nursery() as nursery,
    ):
        for _ in range(10):
            nursery.start_soon(outcome, notifier, target(f"http://127.0.0.1:{port}/dead", id="we_dead"))
        await trio.testing.wait_all_tasks_blocked()
        with trio.fail_after(5):
            for _ in range(20):
                await notifier.tell(target(f"http://127.0.0.1:{port}/well"), [notice()])
        nursery.cancel_scope.cancel()


async def test_one_endpoint_gets_so_many_connections_and_no_more() -> None:
    server = Saying(answer(), pause_s=0.05)
    async with (
        serving(server) as port,
        telling(limits={"connections": 3}) as notifier,
        trio.open_nursery() as nursery,
    ):
        for _ in range(9):
            nursery.start_soon(notifier.tell, target(f"http://127.0.0.1:{port}/"), [notice()])
    assert (len(server.requests), server.most) == (9, 3)


async def test_whoever_is_cancelled_leaves_nothing_behind() -> None:
    server = Saying(answer(), pause_s=0.2)
    async with serving(server) as port, telling(limits={"connections": 1}) as notifier:
        with trio.move_on_after(0.05):
            await notifier.tell(target(f"http://127.0.0.1:{port}/"), [notice()])
        assert await notifier.tell(target(f"http://127.0.0.1:{port}/"), [notice()]) == Told(204, "No Content")


async def test_a_kept_connection_that_is_closed_when_it_is_used_costs_one_more_try() -> None:
    asked: list[bytes] = []

    async def once_each(stream: Stream) -> None:
        for part in (answer(), b""):
            asked.append(await wires.request(stream))
            await stream.send_all(part)

    async with serving(once_each) as port, telling() as notifier:
        for _ in range(3):
            assert await notifier.tell(target(f"http://127.0.0.1:{port}/"), [notice()]) == Told(
                204, "No Content"
            )
    assert len([one for one in asked if one]) == 5


async def test_a_fresh_one_that_is_closed_is_tried_no_more() -> None:
    server = Saying(b"", then="close")
    async with serving(server) as port, telling() as notifier:
        assert isinstance(await outcome(notifier, target(f"http://127.0.0.1:{port}/")), NotTold)
    assert server.opened == 1
