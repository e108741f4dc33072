"""A session moves from polling to a websocket, as every client of the default settings does."""

import json

import pytest
import trio
from trio.testing import MockClock

from paydaemon_socketio.engineio.heartbeat import Times
from paydaemon_socketio.engineio.packets import Version
from paydaemon_socketio.engineio.query import Transport
from paydaemon_socketio.engineio.session import Bounds, Session
from paydaemon_socketio.polling import answer
from tests.socketio.world import TX, Client, Host, Wire, in_base64, running, said, sessions, settle

EVENT = f'42["CRYPTOTRANSFER","{in_base64(TX)}"]'
BAD_REQUEST = {"code": 3, "message": "Bad request"}


async def upgraded(client: Client, wire: Wire, nursery: trio.Nursery) -> None:
    """As engine.io-client does it: with a poll that waits, and is let go."""
    nursery.start_soon(client.talk, wire)
    polled: list[str] = []

    async def poll() -> None:
        polled.extend(await client.poll())

    nursery.start_soon(poll)
    await settle()
    assert polled == []
    await wire.say("2probe")
    assert await wire.hear() == "3probe"
    await settle()
    assert polled == ["6"]
    await wire.say("5")
    await settle()


@pytest.mark.parametrize("version", [3, 4])
async def test_everything_goes_over_the_websocket_then(version: int) -> None:
    host, wire = Host(), Wire()
    async with running(host) as frontend, trio.open_nursery() as nursery:
        client = Client(frontend, version)
        await client.open()
        await upgraded(client, wire, nursery)
        await wire.say(EVENT)
        assert said(await wire.hear())[0] == "CRYPTOTRANSFER_RESPONSE"
        for refused in (await client.get(), await client.post(client.body("2"))):
            assert (refused.status, json.loads(refused.body)) == (400, BAD_REQUEST)
        assert sessions(frontend) == 1
        wire.leave()
        await settle()
        assert sessions(frontend) == 0


async def test_what_was_asked_before_is_answered_after() -> None:
    host, wire = Host(gate=trio.Event()), Wire()
    async with running(host) as frontend, trio.open_nursery() as nursery:
        client = Client(frontend)
        await client.open()
        await client.say(EVENT)
        await upgraded(client, wire, nursery)
        assert host.gate is not None
        host.gate.set()
        assert said(await wire.hear())[0] == "CRYPTOTRANSFER_RESPONSE"
        wire.leave()


async def test_a_poll_that_waits_at_the_end_of_the_move_takes_nothing_along() -> None:
    host, wire = Host(gate=trio.Event()), Wire()
    async with running(host) as frontend, trio.open_nursery() as nursery:
        client = Client(frontend)
        await client.open()
        await client.say(EVENT)
        nursery.start_soon(client.talk, wire)
        await wire.say("2probe")
        await wire.hear()
        polled: list[str] = []

        async def poll() -> None:
            polled.extend(await client.poll())

        nursery.start_soon(poll)
        await wire.say("5")
        await settle()
        assert polled == ["6"]
        assert host.gate is not None
        host.gate.set()
        assert said(await wire.hear())[0] == "CRYPTOTRANSFER_RESPONSE"
        wire.leave()


async def test_polls_during_the_move_are_short(autojump_clock: MockClock) -> None:
    wire = Wire()
    async with running(Host()) as frontend, trio.open_nursery() as nursery:
        client = Client(frontend)
        await client.open()
        nursery.start_soon(client.talk, wire)
        await wire.say("2probe")
        await wire.hear()
        await trio.sleep(1)
        began_s = trio.current_time()
        assert await client.poll() == ["6"]
        assert trio.current_time() - began_s == pytest.approx(0.1)
        wire.leave()


@pytest.mark.parametrize("words", [["5"], ["2"], ["4x"], ["2probe", "2"], ["2probe", "x"], [b"\x02probe"]])
async def test_a_probe_that_is_none_leaves_the_session_as_it_is(words: list[str | bytes]) -> None:
    wire = Wire()
    async with running(Host()) as frontend:
        client = Client(frontend)
        await client.open()
        await wire.say(*words)
        await client.talk(wire)
        await client.say("2")
        assert await client.poll() == ["3"]


async def test_a_client_that_leaves_while_it_moves_goes_on_by_polling() -> None:
    wire = Wire()
    async with running(Host()) as frontend:
        client = Client(frontend)
        await client.open()
        await wire.say("2probe")
        wire.leave()
        await client.talk(wire)
        await client.say("2")
        assert await client.poll() == ["3"]


async def test_a_second_websocket_is_refused() -> None:
    wire = Wire()
    async with running(Host()) as frontend, trio.open_nursery() as nursery:
        client = Client(frontend)
        await client.open()
        nursery.start_soon(client.talk, wire)
        await settle()
        for _ in range(2):
            refused = await client.talk(Wire())
            assert refused is not None
            assert (refused.status, json.loads(refused.body)) == (400, BAD_REQUEST)
            await wire.say("2probe", "5")
            await settle()
        wire.leave()


async def test_a_session_that_ends_ends_the_move() -> None:
    wire = Wire()
    async with running(Host()) as frontend, trio.open_nursery() as nursery:
        client = Client(frontend)
        await client.open()
        nursery.start_soon(client.talk, wire)
        await wire.say("2probe")
        await settle()
        await client.say("1")
        await settle()
        assert (wire.closed, sessions(frontend)) == ((1000, "the frontend returned"), 0)


async def test_a_move_that_is_cancelled_ends_the_session_only_once_it_is_done() -> None:
    async with running(Host()) as frontend:
        for words, left in ((["2probe"], 1), (["2probe", "5"], 0)):
            client, wire = Client(frontend), Wire()
            await client.open()
            await wire.say(*words)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(client.talk, wire)
                await settle()
                nursery.cancel_scope.cancel()
            await settle()
            assert sessions(frontend) == left
            await client.say("1")
            await settle()


async def test_a_move_that_is_cancelled_in_the_moment_it_is_done_ends_the_session() -> None:
    async with running(Host()) as frontend:
        client, wire = Client(frontend), Wire()
        await client.open()
        await wire.say("2probe", "5")
        async with trio.open_nursery() as nursery:
            scope = nursery.cancel_scope
            client.at_pace = lambda: scope.cancel() if client.paced == 2 else None
            nursery.start_soon(client.talk, wire)
        await settle()
        assert (client.paced, sessions(frontend)) == (2, 0)


async def test_a_poll_takes_nothing_that_the_websocket_is_to_carry() -> None:
    times, bounds = Times(25, 20, 20), Bounds(10, 1_000)
    session = Session("id", Version.THREE, Transport.POLLING, times, bounds, 0)
    session.say("4hello")
    with session.probed():
        session.finish_upgrade()
        assert answer(session).body == b"1:6"
        assert session.take() == ["4hello"]
