"""What is refused, in engine.io's own words."""

import json

import pytest
from trio.testing import MockClock

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.hooks.frontend import Answer
from paydaemon_socketio.engineio.query import NO_JSONP
from paydaemon_socketio.registry import TOO_MANY, TOO_MANY_OF_YOURS
from tests.socketio.world import CLIENT, Client, Host, Wire, running, sessions, settle

UNKNOWN_TRANSPORT = {"code": 0, "message": "Transport unknown"}
UNKNOWN_SESSION = {"code": 1, "message": "Session ID unknown"}
BAD_METHOD = {"code": 2, "message": "Bad handshake method"}
BAD_REQUEST = {"code": 3, "message": "Bad request"}
UNSUPPORTED = {"code": 5, "message": "Unsupported protocol version"}


def told(answer: Answer | None) -> object:
    assert answer is not None
    assert answer.content_type == "application/json"
    assert answer.status == (403 if json.loads(answer.body)["code"] == 4 else 400)
    return json.loads(answer.body)


@pytest.mark.parametrize(
    ("method", "query", "refusal"),
    [
        ("GET", {}, UNKNOWN_TRANSPORT),
        ("GET", {"transport": "flashsocket"}, UNKNOWN_TRANSPORT),
        ("GET", {"transport": "polling", "sid": "x"}, UNKNOWN_SESSION),
        ("POST", {"transport": "polling", "sid": "x"}, UNKNOWN_SESSION),
        ("POST", {"transport": "polling"}, BAD_METHOD),
        ("HEAD", {"transport": "polling", "sid": "x"}, BAD_REQUEST),
        ("GET", {"transport": "websocket"}, BAD_REQUEST),
        ("GET", {"transport": "polling", "j": "0"}, {"code": 3, "message": NO_JSONP}),
        ("GET", {"transport": "polling", "EIO": "2"}, UNSUPPORTED),
        ("GET", {"transport": "polling", "EIO": "5"}, UNSUPPORTED),
        ("GET", {"transport": "polling", "EIO": ""}, UNSUPPORTED),
    ],
)
async def test_a_request_that_is_for_no_session(method: str, query: dict[str, str], refusal: object) -> None:
    async with running(Host()) as frontend:
        client = Client(frontend)
        assert told(await client._handle(client.request(method, [*query.items()]))) == refusal
        assert sessions(frontend) == 0


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ({}, UNKNOWN_TRANSPORT),
        ({"transport": "polling"}, BAD_REQUEST),
        ({"transport": "websocket", "sid": "x"}, UNKNOWN_SESSION),
        ({"transport": "websocket", "EIO": "9"}, UNSUPPORTED),
    ],
)
async def test_a_websocket_that_is_for_no_session(query: dict[str, str], refusal: object) -> None:
    async with running(Host()) as frontend:
        client, wire = Client(frontend), Wire()
        client.query = lambda *_, **__: [*query.items()]  # type: ignore[method-assign]
        assert told(await client.talk(wire)) == refusal
        assert sessions(frontend) == 0


async def test_too_many_sessions_of_one_client() -> None:
    async with running(Host(), sessions_per_client=2) as frontend:
        first = Client(frontend)
        await first.open()
        await Client(frontend).open()
        assert told(await Client(frontend).get()) == {"code": 4, "message": TOO_MANY_OF_YOURS}
        assert told(await Client(frontend).talk(Wire())) == {"code": 4, "message": TOO_MANY_OF_YOURS}
        for address in ("192.0.2.8", None):
            await Client(frontend, address=address).open()
        await first.say("1")
        await settle()
        await Client(frontend, address=CLIENT).open()
        assert sessions(frontend) == 4


async def test_too_many_sessions_in_all() -> None:
    async with running(Host(), sessions=2) as frontend:
        for address in ("192.0.2.8", "192.0.2.9"):
            await Client(frontend, address=address).open()
        assert told(await Client(frontend).get()) == {"code": 4, "message": TOO_MANY}


async def test_a_body_that_is_too_large() -> None:
    async with running(Host(), body_bytes=1_024) as frontend:
        client = Client(frontend)
        await client.open()
        with pytest.raises(Refusal) as refusal:
            await client.post(b"1" * 1_025)
        assert refusal.value.type is ErrorType.TOO_LARGE
        await client.say("2")
        assert await client.poll() == ["3"]


async def test_no_session_is_known_to_the_next_run(autojump_clock: MockClock) -> None:
    host = Host()
    async with running(host) as frontend:
        client = Client(frontend)
        await client.open()
    async with running(host) as frontend:
        again = Client(frontend)
        again.sid = client.sid
        assert told(await again.get()) == UNKNOWN_SESSION
