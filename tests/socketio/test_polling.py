"""A session by polling: what older clients were seen to send and to be sent, and how it ends."""

import json

import pytest
import trio
from trio.testing import MockClock

from tests.socketio.world import (
    OCTETS,
    TEXT,
    TX,
    Client,
    Host,
    in_base64,
    octets_v3,
    running,
    said,
    sessions,
    settle,
    text_v3,
)

HEAD = '451-["CRYPTOTRANSFER",{"_placeholder":true,"num":0}]'
EVENT = f'42["CRYPTOTRANSFER","{in_base64(TX)}"]'
ACCEPTED = {"nodePrecheckcode": 0, "error": None}


async def test_the_handshake_is_the_older_servers() -> None:
    async with running(Host()) as frontend:
        answer = await Client(frontend).get()
        opening, connected = answer.body[3:100].decode(), answer.body[100:]
        assert (answer.body[:3], connected) == (b"97:", b"2:40")
        sid = json.loads(opening[1:])["sid"]
        rest = '"upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000'
        assert opening == f'0{{"sid":"{sid}",{rest}}}'


async def test_the_handshake_of_version_4() -> None:
    async with running(Host()) as frontend:
        client = Client(frontend, 4)
        opening = await client.open()
        del opening["sid"]
        assert opening == {
            "upgrades": ["websocket"],
            "pingInterval": 25_000,
            "pingTimeout": 20_000,
            "maxPayload": 131_072,
        }


async def test_a_client_that_says_no_version_is_an_older_one() -> None:
    async with running(Host()) as frontend:
        client = Client(frontend)
        client.query = lambda *_, **__: [("transport", "polling")]  # type: ignore[method-assign]
        assert (await client.get()).body.startswith(b"97:0{")


@pytest.mark.parametrize("form", ["octets", "base64", "two posts", "text"])
async def test_a_transaction_in_every_form_of_version_3(form: str) -> None:
    host = Host()
    async with running(host) as frontend:
        client = Client(frontend)
        await client.open()
        match form:
            case "octets":
                await client.post(octets_v3(HEAD, b"\x04" + TX), OCTETS)
            case "base64":
                await client.post(text_v3(HEAD, "b4" + in_base64(TX)), TEXT)
            case "two posts":
                await client.post(text_v3(HEAD))
                await client.post(text_v3("b4" + in_base64(TX)))
            case _:
                await client.say(f'42["CRYPTOTRANSFER","{in_base64(TX)}"]')
        (answer,) = await client.poll()
        assert answer == '42["CRYPTOTRANSFER_RESPONSE",{"nodePrecheckcode":0,"error":null}]'
    assert host.handed == [(client.principal, "hedera", in_base64(TX) if form == "text" else TX)]


async def test_a_transaction_in_version_4() -> None:
    host = Host()
    async with running(host) as frontend:
        client = Client(frontend, 4)
        await client.open()
        await client.emit("CRYPTOTRANSFER", TX)
        (answer,) = await client.poll()
        assert said(answer) == ("CRYPTOTRANSFER_RESPONSE", ACCEPTED)
    assert host.handed == [(client.principal, "hedera", TX)]


async def test_a_body_is_answered_as_ever() -> None:
    async with running(Host()) as frontend:
        client = Client(frontend)
        await client.open()
        answer = await client.post(text_v3("2"))
        assert (answer.status, answer.body, answer.content_type) == (200, b"ok", "text/html")


@pytest.mark.parametrize("packet", [EVENT, '427["HELLO",1]', "2", "b2", "40", "40/admin,", "6"])
async def test_each_packet_beyond_the_first_takes_a_turn(packet: str) -> None:
    """Whatever it is: each makes work, and most are answered."""
    async with running(Host()) as frontend:
        client = Client(frontend)
        await client.open()
        await client.say(packet)
        assert client.paced == 0
        await client.say(packet, EVENT, packet, packet)
        assert client.paced == 3


@pytest.mark.parametrize("version", [3, 4])
async def test_an_attachment_comes_with_its_message(version: int) -> None:
    host = Host()
    async with running(host) as frontend:
        client = Client(frontend, version)
        await client.open()
        attachment = ("b4" if version == 3 else "b") + in_base64(TX)
        await client.say(HEAD, attachment, HEAD, attachment)
        await settle()
        assert (len(host.handed), client.paced) == (2, 1)


async def test_two_polls_at_once_end_the_session() -> None:
    async with running(Host()) as frontend, trio.open_nursery() as nursery:
        client = Client(frontend)
        await client.open()
        first: list[str] = []

        async def poll() -> None:
            first.extend(await client.poll())

        nursery.start_soon(poll)
        await settle()
        answer = await client.get()
        assert (answer.status, json.loads(answer.body)) == (400, {"code": 3, "message": "Bad request"})
        await settle()
        assert (first, sessions(frontend)) == (["6"], 0)


async def test_two_bodies_at_once_end_the_session() -> None:
    async with running(Host()) as frontend, trio.open_nursery() as nursery:
        client = Client(frontend)
        await client.open()
        event = f'42["CRYPTOTRANSFER","{in_base64(TX)}"]'
        for _ in range(2):
            nursery.start_soon(client.say, event, event)
        await settle()
        assert sessions(frontend) == 0


async def test_a_poll_ends_before_the_servers_patience(autojump_clock: MockClock) -> None:
    async with running(Host(answer_within_s=20)) as frontend:
        client = Client(frontend)
        await client.open()
        began_s = trio.current_time()
        assert await client.poll() == ["6"]
        assert trio.current_time() - began_s == pytest.approx(17)


async def test_polls_end_when_the_daemon_stops() -> None:
    host = Host()
    async with running(host) as frontend, trio.open_nursery() as nursery:
        client = Client(frontend)
        await client.open()

        async def poll() -> None:
            assert await client.poll() == ["6"]

        nursery.start_soon(poll)
        await settle()
        host.stopping.set()
        await settle()
        assert not nursery.child_tasks
        assert await client.poll() == ["6"]


async def test_a_client_that_leaves_during_a_poll_has_left() -> None:
    async with running(Host()) as frontend:
        client = Client(frontend)
        await client.open()
        with trio.move_on_after(0):
            await client.poll()
        await settle()
        assert sessions(frontend) == 0


@pytest.mark.parametrize("version", [3, 4])
async def test_a_client_closes_its_session(version: int) -> None:
    async with running(Host()) as frontend, trio.open_nursery() as nursery:
        client = Client(frontend, version)
        await client.open()

        async def poll() -> None:
            assert await client.poll() == ["6"]

        nursery.start_soon(poll)
        await settle()
        await client.say("41", "1")
        await settle()
        assert sessions(frontend) == 0
        answer = await client.get()
        assert json.loads(answer.body) == {"code": 1, "message": "Session ID unknown"}


@pytest.mark.parametrize(
    ("version", "body", "content_type"),
    [(3, b"nonsense", TEXT), (3, b"\x00", OCTETS), (4, b"9", TEXT), (4, octets_v3("2"), OCTETS)],
)
async def test_a_body_that_is_none_ends_the_session(version: int, body: bytes, content_type: str) -> None:
    async with running(Host()) as frontend:
        client = Client(frontend, version)
        await client.open()
        answer = await client.post(body, content_type)
        assert (answer.status, json.loads(answer.body)["code"]) == (400, 3)
        await settle()
        assert sessions(frontend) == 0


async def test_what_is_malformed_is_told_before_the_end(autojump_clock: MockClock) -> None:
    async with running(Host()) as frontend:
        client = Client(frontend)
        await client.open()
        assert (await client.post(text_v3("4nonsense"))).body == b"ok"
        error, close = await client.poll()
        assert said(error) == ("PAYMENTSERVERERROR", {"error": "a message has not the form of one"})
        assert close == "1"
        await settle()
        assert sessions(frontend) == 0


async def test_a_farewell_that_nobody_takes_is_not_kept(autojump_clock: MockClock) -> None:
    async with running(Host()) as frontend:
        client = Client(frontend)
        await client.open()
        await client.say("4nonsense")
        await trio.sleep(19.9)
        assert sessions(frontend) == 1
        await trio.sleep(0.2)
        assert sessions(frontend) == 0


async def test_every_id_is_another() -> None:
    async with running(Host()) as frontend:
        ids = [
            json.loads(Client(frontend).packets(await Client(frontend).get())[0][1:])["sid"] for _ in range(9)
        ]
        assert len(set(ids)) == 9
        assert all(len(id) == 20 for id in ids)
