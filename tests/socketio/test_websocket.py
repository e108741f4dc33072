"""A session by a websocket from its beginning, in both versions."""

import json

import pytest
import trio

from paydaemon_socketio.engineio.session import TOO_SLOW
from tests.socketio.world import TX, Client, Host, Wire, in_base64, running, said, sessions, settle

HEAD = '451-["CRYPTOTRANSFER",{"_placeholder":true,"num":0}]'
ACCEPTED = "CRYPTOTRANSFER_RESPONSE", {"nodePrecheckcode": 0, "error": None}
EVENT = f'42["CRYPTOTRANSFER","{in_base64(TX)}"]'


async def connected(wire: Wire, version: int) -> None:
    """Take what the server says first."""
    opening = json.loads((await wire.hear())[1:])
    assert (opening["upgrades"], opening["pingInterval"]) == ([], 25_000)
    assert ("maxPayload" in opening) is (version == 4)
    if version == 4:
        await wire.say("40")
    answer = await wire.hear()
    assert answer == "40" if version == 3 else list(json.loads(answer[2:])) == ["sid"]


@pytest.mark.parametrize("version", [3, 4])
async def test_a_transaction(version: int) -> None:
    host, wire = Host(), Wire()
    async with running(host) as frontend, trio.open_nursery() as nursery:
        client = Client(frontend, version)
        nursery.start_soon(client.talk, wire)
        await connected(wire, version)
        await wire.say(HEAD, b"\x04" + TX if version == 3 else TX)
        assert said(await wire.hear()) == ACCEPTED
        assert client.paced == (2 if version == 3 else 3)
        wire.leave()
    assert host.handed == [(client.principal, "hedera", TX)]


@pytest.mark.parametrize(("version", "prefix"), [(3, "b4"), (4, "b")])
async def test_an_attachment_in_base64(version: int, prefix: str) -> None:
    host, wire = Host(), Wire()
    async with running(host) as frontend, trio.open_nursery() as nursery:
        nursery.start_soon(Client(frontend, version).talk, wire)
        await connected(wire, version)
        await wire.say(HEAD, prefix + in_base64(TX))
        assert said(await wire.hear()) == ACCEPTED
        wire.leave()
    assert host.handed[0][2] == TX


@pytest.mark.parametrize("version", [3, 4])
async def test_a_ping_between_an_event_and_its_attachment(version: int) -> None:
    wire = Wire()
    async with running(Host()) as frontend, trio.open_nursery() as nursery:
        nursery.start_soon(Client(frontend, version).talk, wire)
        await connected(wire, version)
        await wire.say(HEAD, "2" if version == 3 else "3", b"\x04" + TX if version == 3 else TX)
        if version == 3:
            assert await wire.hear() == "3"
        assert said(await wire.hear()) == ACCEPTED
        wire.leave()


@pytest.mark.parametrize("frame", ["", "9", b"", b"\xff", "4nonsense", '42["X"', b"\x04an attachment"])
async def test_what_is_malformed_is_told_and_closes(frame: str | bytes) -> None:
    wire = Wire()
    async with running(Host()) as frontend, trio.open_nursery() as nursery:
        nursery.start_soon(Client(frontend).talk, wire)
        await connected(wire, 3)
        await wire.say(frame, EVENT)
        (error,) = await wire.hear_all()
        assert said(error)[0] == "PAYMENTSERVERERROR"
        assert wire.closed == (1000, said(error)[1]["error"])
        await settle()
        assert sessions(frontend) == 0


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("how", ["says so", "is gone", "is cancelled"])
async def test_a_client_that_leaves_has_left(version: int, how: str) -> None:
    wire = Wire()
    async with running(Host()) as frontend, trio.open_nursery() as nursery:
        nursery.start_soon(Client(frontend, version).talk, wire)
        await connected(wire, version)
        assert sessions(frontend) == 1
        match how:
            case "says so":
                await wire.say("1")
            case "is gone":
                wire.leave()
            case _:
                nursery.cancel_scope.cancel()
        with trio.CancelScope(shield=True):
            await settle()
        assert sessions(frontend) == 0


async def test_a_client_that_reads_nothing_is_cut() -> None:
    wire = Wire(room=2)
    async with running(Host(), queued_messages=8) as frontend, trio.open_nursery() as nursery:
        nursery.start_soon(Client(frontend).talk, wire)
        await connected(wire, 3)
        for _ in range(20):
            await wire.say("2")
        await settle()
        assert (wire.closed, sessions(frontend)) == ((1000, TOO_SLOW), 0)


async def test_a_websocket_that_is_never_accepted_leaves_nothing() -> None:
    async with running(Host()) as frontend:
        client = Client(frontend)

        async def accept() -> Wire:
            await trio.lowlevel.checkpoint()
            raise RuntimeError("no")

        with pytest.raises(RuntimeError):
            await client._converse(client.request("GET", client.query("websocket")), accept)
        await settle()
        assert sessions(frontend) == 0


async def test_a_frontend_that_goes_down_ends_its_websockets() -> None:
    wire = Wire()
    async with trio.open_nursery() as nursery:
        async with running(Host()) as frontend:
            nursery.start_soon(Client(frontend).talk, wire)
            await connected(wire, 3)
        await settle()
        assert wire.closed == (1000, "the frontend stops")


async def test_what_was_asked_is_done_although_its_client_leaves() -> None:
    host, wire = Host(gate=trio.Event()), Wire()
    async with running(host) as frontend, trio.open_nursery() as nursery:
        nursery.start_soon(Client(frontend).talk, wire)
        await connected(wire, 3)
        await wire.say(EVENT)
        await settle()
        wire.leave()
        await settle()
        assert (len(host.handed), sessions(frontend)) == (1, 1)
        assert host.gate is not None
        host.gate.set()
        await settle()
        assert sessions(frontend) == 0
