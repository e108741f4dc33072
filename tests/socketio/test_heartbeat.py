"""Heartbeats in both directions, and sessions that nobody uses, under a clock of our own."""

import json
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from tests.socketio.world import Client, Host, Wire, running, sessions, settle


async def test_version_3_is_pinged_by_its_client(autojump_clock: MockClock) -> None:
    async with running(Host()) as frontend:
        client = Client(frontend)
        await client.open()
        for _ in range(5):
            await client.say("2")
            assert await client.poll() == ["3"]
            await trio.sleep(25)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.poll)
            await trio.sleep(19.9)
            assert sessions(frontend) == 1
            await trio.sleep(0.2)
        assert sessions(frontend) == 0


async def test_version_4_is_pinged_by_the_server(autojump_clock: MockClock) -> None:
    async with running(Host(answer_within_s=60)) as frontend:
        client = Client(frontend, 4)
        await client.open()
        for _ in range(3):
            began_s = trio.current_time()
            assert await client.poll() == ["2"]
            assert trio.current_time() - began_s == pytest.approx(25)
            await client.say("3")
        assert await client.poll() == ["2"]
        began_s = trio.current_time()
        assert await client.poll() == ["6"]
        assert trio.current_time() - began_s == pytest.approx(20)
        await settle()
        assert sessions(frontend) == 0


@pytest.mark.parametrize("version", [3, 4])
async def test_a_websocket_that_says_nothing_is_closed(version: int, autojump_clock: MockClock) -> None:
    async with running(Host()) as frontend, trio.open_nursery() as nursery:
        wire, began_s = Wire(), trio.current_time()
        nursery.start_soon(Client(frontend, version).talk, wire)
        if version == 4:
            await wire.say("40")
        *_, last = await wire.hear_all()
        assert last == "40" if version == 3 else "2"
        assert wire.closed == (1000, "ping timeout")
        assert trio.current_time() - began_s == pytest.approx(45)


@pytest.mark.parametrize(("version", "wrong"), [(3, "3"), (4, "2")])
async def test_a_heartbeat_in_the_wrong_direction_ends_the_session(
    version: int, wrong: str, autojump_clock: MockClock
) -> None:
    async with running(Host()) as frontend:
        client = Client(frontend, version)
        await client.open()
        await client.say(wrong)
        error, close = await client.poll()
        assert (error[:22], close) == ('42["PAYMENTSERVERERROR', "1")
        await settle()
        assert sessions(frontend) == 0


async def test_a_session_that_nobody_uses_is_ended(autojump_clock: MockClock) -> None:
    async with running(Host(), speak_within_s=7) as frontend:
        await Client(frontend).get()
        await Client(frontend, 4).get()
        await trio.sleep(6.9)
        assert sessions(frontend) == 2
        await trio.sleep(0.2)
        assert sessions(frontend) == 0


async def test_a_client_of_version_4_has_to_connect(autojump_clock: MockClock) -> None:
    async with running(Host(), speak_within_s=7) as frontend, trio.open_nursery() as nursery:
        client = Client(frontend, 4)
        client.sid = opening(client.packets(await client.get()))["sid"]
        nursery.start_soon(client.poll)
        wire = Wire()
        nursery.start_soon(Client(frontend, 4).talk, wire)
        await wire.hear_all()
        assert wire.closed == (1000, "it never spoke")
        await settle()
        assert sessions(frontend) == 0


def opening(packets: list[str]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(packets[0][1:])
    return content
