"""Websockets with a plugin's frontend: what goes over them, and how they end."""

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
import trio
from trio_websocket import ConnectionRejected

from paydaemon.core.errors import ErrorType, Refusal, unavailable
from paydaemon.frontends.errors import NOT_RECORDED
from paydaemon.frontends.guests import LiveFrontend
from paydaemon.hooks.frontend import Accept, Access, Answer, Request, SocketRoute
from paydaemon.store.port import StoreUnavailable
from tests.support.guests import SHOP, Guest, code_of, connected, guest, hosting, logged
from tests.support.served import QUICK, Served, served
from tests.support.waiting import until


async def echo(request: Request, accept: Accept) -> Answer | None:
    """Talks to whoever asks nicely."""
    if ("please", "") not in request.query:
        return Answer(418, b"say please", "text/plain")
    socket = await accept()
    while (message := await socket.receive()) != "enough":
        if message == "fall":
            raise RuntimeError("a secret")
        await request.pace()
        await socket.send(message)
    return None


ECHO = SocketRoute("/echo", echo, 100, Access.OPEN, origins=[SHOP])


async def test_text_and_bytes_go_both_ways(tmp_path: Path) -> None:
    async with hosting(tmp_path, guest(ECHO)) as daemon, connected(daemon) as connection:
        for message in ("ü", b"\x00\xff", "", b""):
            await connection.send_message(message)
            assert await connection.get_message() == message
        await connection.send_message("enough")
        assert await code_of(connection) == 1000


async def test_who_is_not_accepted_gets_an_answer(tmp_path: Path) -> None:
    async with hosting(tmp_path, guest(ECHO)) as daemon:
        for path, headers, status in (
            ("/echo", {}, 418),
            ("/echo?please", {"Origin": "https://other.example"}, 403),
            ("/echo?please", {"Authorization": "Bearer wrong"}, 401),
        ):
            with pytest.RaisesGroup(ConnectionRejected) as rejected:
                async with connected(daemon, path, **headers):
                    pass
            assert cast(ConnectionRejected, rejected.value.exceptions[0]).status_code == status
        async with connected(daemon, Origin=SHOP) as connection:
            await connection.send_message("enough")
            assert await code_of(connection) == 1000


async def test_how_a_conversation_ends(tmp_path: Path) -> None:
    one = guest(ECHO)
    async with hosting(tmp_path, one) as daemon:
        async with connected(daemon) as connection:
            await connection.send_message("fall")
            assert await code_of(connection) == 1011
        async with connected(daemon) as connection:
            await connection.send_message("x" * 101)
            assert await code_of(connection) == 1009
        async with connected(daemon) as connection:
            one.fail.set()
            assert await code_of(connection) == 1012
        assert daemon.traffics[0].websockets == 0


async def test_a_conversation_that_is_over_is_forgotten(tmp_path: Path) -> None:
    live = LiveFrontend("till", guest(ECHO), "fake")
    async with served(tmp_path, guests=[live]) as daemon:
        for last in ("enough", "fall", "enough"):
            async with connected(daemon) as connection:
                assert len(live._visits) == 1
                await connection.send_message(last)
                await code_of(connection)
            await until(lambda: not live._visits)


async def test_the_stop_ends_a_conversation(tmp_path: Path) -> None:
    async with hosting(tmp_path, guest(ECHO)) as daemon, connected(daemon) as connection:
        daemon.stop.set()
        assert await code_of(connection) == 1001


async def test_a_revoked_key_ends_a_conversation(tmp_path: Path) -> None:
    limits = replace(QUICK, key_check_every_s=0.05)
    async with (
        hosting(tmp_path, guest(ECHO), limits=limits) as daemon,
        connected(daemon, Authorization=f"Bearer {daemon.keys['shop']}") as connection,
    ):
        async with daemon.admin() as admin:
            assert (await admin.post("/admin/v1/sellers/shop/rotate")).status_code < 300
        assert await code_of(connection) == 4001


# --- What a frontend raises


async def break_off(error: BaseException, _: Request, accept: Accept) -> None:
    await accept()
    raise error


async def break_off_in_a_task(error: BaseException, request: Request, accept: Accept) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(break_off, error, request, accept)


async def refuse(error: BaseException, _: Request, __: Accept) -> None:
    await trio.lowlevel.checkpoint()
    raise error


Breaking = Callable[[BaseException, Request, Accept], Awaitable[None]]


def breaking(how: Breaking, *errors: BaseException) -> Guest:
    """One that raises the first of these at ``/0``, and so on."""
    return guest(
        *(
            SocketRoute(f"/{place}", partial(how, error), 100, Access.OPEN)
            for place, error in enumerate(errors)
        )
    )


REFUSALS: dict[Exception, tuple[int, str]] = {
    Refusal(ErrorType.CONFLICT, "key_reused", "ü" * 100): (1008, "ü" * 61),
    Refusal(ErrorType.INVALID_REQUEST, "invalid_id", "what is\nthat?"): (1008, "what is\nthat?"),
    unavailable("chain_stale", "come again"): (1013, "come again"),
    Refusal(ErrorType.INTERNAL, "unfit_chain", "it does not fit"): (1011, "it does not fit"),
    StoreUnavailable("full"): (1013, NOT_RECORDED),
}
"""How each is told to whoever is accepted: by the code, and by as much of its words as there is room for."""


@pytest.mark.parametrize("how", [break_off, break_off_in_a_task])
async def test_a_refusal_ends_a_conversation(tmp_path: Path, how: Breaking) -> None:
    async with hosting(tmp_path, breaking(how, *REFUSALS)) as daemon:
        with logged() as lines:
            for place, told in enumerate(REFUSALS.values()):
                async with connected(daemon, f"/{place}") as connection:
                    assert (await code_of(connection), connection.closed.reason) == told
    routes = [line["route"] for line in lines if line["event"] == "a websocket was refused"]
    assert routes == [f"/{place}" for place, _ in enumerate(REFUSALS)]
    assert {line["frontend"] for line in lines if "frontend" in line} == {"till"}
    assert not with_traceback(lines)


WRONG = (RuntimeError("a secret"), SystemExit(3), KeyboardInterrupt())


@pytest.mark.parametrize("how", [break_off, break_off_in_a_task, refuse])
async def test_what_a_conversation_does_wrong_is_told_by_its_name(tmp_path: Path, how: Breaking) -> None:
    async with hosting(tmp_path, breaking(how, *WRONG)) as daemon:
        with logged() as lines:
            for place, _ in enumerate(WRONG):
                assert await ending_of(daemon, f"/{place}") == (500 if how is refuse else 1011)
    told = [(line["event"], line["frontend"], line["route"]) for line in with_traceback(lines)]
    assert told == [("a frontend failed", "till", f"/{place}") for place, _ in enumerate(WRONG)]


async def ending_of(daemon: Served, path: str, **headers: str) -> int:
    """The code that a websocket is closed by, or the status of the answer that refuses it."""
    try:
        async with connected(daemon, path, **headers) as connection:
            return await code_of(connection)
    except* ConnectionRejected as rejected:
        status = cast(ConnectionRejected, rejected.exceptions[0]).status_code
    return status


def with_traceback(lines: Sequence[MutableMapping[str, Any]]) -> Sequence[MutableMapping[str, Any]]:
    return [line for line in lines if "exc_info" in line]


# --- Before it is accepted


async def ponder(_: Request, __: Accept) -> None:
    await trio.sleep_forever()


@pytest.mark.parametrize("by_key", [False, True])
@pytest.mark.parametrize("stops", [False, True])
async def test_who_is_not_accepted_yet_is_told_to_come_again(
    tmp_path: Path, stops: bool, by_key: bool
) -> None:
    one = guest(SocketRoute("/echo", ponder, 100, Access.OPEN))
    live = LiveFrontend("till", one, "fake")
    async with served(tmp_path, guests=[live]) as daemon, trio.open_nursery() as nursery:

        async def go_down() -> None:
            await until(lambda: live.under_way == 1)
            (daemon.stop if stops else one.fail).set()

        nursery.start_soon(go_down)
        headers = {"Authorization": f"Bearer {daemon.key}"} if by_key else {}
        with logged() as lines:
            assert await ending_of(daemon, "/echo", **headers) == 503
        assert not with_traceback(lines)
