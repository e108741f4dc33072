"""Frontends of plugins behind the daemon's own gate: who may ask, what they are handed, and how they end."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import trio
from trio_websocket import ConnectionClosed, ConnectionRejected

from paydaemon.core.access import PUBLIC
from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.frontends.guests import LiveFrontend
from paydaemon.hooks.frontend import (
    Accept,
    Access,
    Answer,
    FrontendHost,
    Request,
    Route,
    SocketRoute,
)
from tests.support.served import QUICK, Served, error_of, served, socket_at
from tests.support.waiting import BOUND_S, until

SHOP = "https://shop.example"


class Guest:
    """A frontend that does as it is told, and notes what it is handed."""

    def __init__(self, *routes: Route | SocketRoute) -> None:
        self.routes = routes
        self.asked: list[Request] = []
        self.host: FrontendHost | None = None
        self.fail = trio.Event()

    async def run(
        self, host: FrontendHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        self.host = host
        task_status.started()
        await self.fail.wait()

    async def note(self, request: Request) -> Answer:
        await trio.lowlevel.checkpoint()
        self.asked.append(request)
        return Answer(207, b"noted", "text/plain", {"X-Own": "yes"})


def guest(*routes: Route | SocketRoute) -> Guest:
    """One with these routes; without any, with one for each kind of access."""
    made = Guest()
    every: Sequence[Route | SocketRoute] = [
        Route(f"/{access.value}", ["GET", "POST"], made.note, access) for access in Access
    ]
    made.routes = tuple(routes or every)
    return made


@asynccontextmanager
async def hosting(folder: Path, one: Guest, **settings: Any) -> AsyncIterator[Served]:
    async with served(folder, guests=[LiveFrontend("till", one, "fake")], **settings) as daemon:
        yield daemon


async def ask(
    daemon: Served,
    path: str,
    *,
    method: str = "GET",
    key: str = "",
    body: bytes = b"",
    chunked: bool = False,
    **headers: str,
) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if key:
        sent["Authorization"] = f"Bearer {key}"
    async with httpx.AsyncClient(timeout=BOUND_S, verify=False) as client:
        url = f"http://127.0.0.1:{daemon.port}{path}"
        content = _pieces(body) if chunked else body
        return await client.request(method, url, headers=sent, content=content)


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 500):
        yield body[start : start + 500]


async def test_a_request_is_handed_over_whole(tmp_path: Path) -> None:
    one = guest()
    one.routes = (Route("/orders/<number>/<part>", ["POST"], one.note),)
    async with hosting(tmp_path, one) as daemon:
        answer = await ask(
            daemon, "/orders/7/a%20b?x=1&y=&x=%C3%BC", method="POST", key=daemon.keys["shop"],
            body=b"\x00\xff", X_Twice="one",
        )  # fmt: skip
    assert (answer.status_code, answer.content, answer.headers["X-Own"]) == (207, b"noted", "yes")
    (asked,) = one.asked
    assert asked.method == "POST"
    assert asked.values == {"number": "7", "part": "a b"}
    assert asked.query == [("x", "1"), ("y", ""), ("x", "ü")]
    assert (asked.headers["x-twice"], asked.body) == ("one", b"\x00\xff")
    assert asked.principal.seller_id == "shop"
    assert asked.client == "127.0.0.1"
    assert asked.request_id == answer.headers["X-Request-Id"]
    assert answer.headers["Cache-Control"] == "no-store"


async def test_who_may_ask(tmp_path: Path) -> None:
    one = guest()
    async with hosting(tmp_path, one) as daemon:
        assert error_of(await ask(daemon, "/key"))["code"] == "missing_key"
        assert (await ask(daemon, "/loopback")).status_code == 207
        assert (await ask(daemon, "/open")).status_code == 207
        assert [request.principal for request in one.asked] == [PUBLIC, PUBLIC]
        for path in ("/key", "/loopback", "/open"):
            assert error_of(await ask(daemon, path, key="pk_wrong"))["code"] == "invalid_key"
            assert (await ask(daemon, path, key=daemon.key)).status_code == 207
        assert [request.principal.is_operator for request in one.asked[2:]] == [True] * 3


@pytest.mark.parametrize("header", ["X_Forwarded_For", "Forwarded", "Via", "X_Real_IP"])
async def test_what_a_proxy_passes_on_is_not_of_this_machine(tmp_path: Path, header: str) -> None:
    async with hosting(tmp_path, guest()) as daemon:
        answer = await ask(daemon, "/loopback", **{header: "127.0.0.1"})  # type: ignore[arg-type]
        assert error_of(answer)["code"] == "missing_key"


async def test_a_proxy_that_is_named_is_not_this_machine(tmp_path: Path) -> None:
    """Whatever it leaves out."""
    trusted = (ip_network("127.0.0.0/8"),)
    async with hosting(tmp_path, guest(), trusted_proxies=trusted) as daemon:
        assert error_of(await ask(daemon, "/loopback"))["code"] == "missing_key"
        assert (await ask(daemon, "/loopback", key=daemon.key)).status_code == 207


async def test_a_foreign_page_may_ask_where_it_is_named(tmp_path: Path) -> None:
    one = guest()
    one.routes = (
        Route("/named", ["POST"], one.note, Access.OPEN, origins=[SHOP], credentials=True),
        Route("/closed", ["POST"], one.note, Access.OPEN),
        Route("/all", ["GET"], one.note, Access.OPEN, origins=["*"]),
    )
    async with hosting(tmp_path, one) as daemon:
        answer = await ask(daemon, "/named", method="POST", Origin=SHOP)
        assert answer.headers["Access-Control-Allow-Origin"] == SHOP
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert answer.headers["Vary"] == "Origin"
        foreign = await ask(daemon, "/named", method="POST", Origin="https://other.example")
        assert error_of(foreign)["code"] == "foreign_origin"
        assert "Access-Control-Allow-Origin" not in foreign.headers
        assert error_of(await ask(daemon, "/closed", method="POST", Origin=SHOP))["code"] == "foreign_origin"
        anybody = await ask(daemon, "/all", Origin="null")
        assert anybody.headers["Access-Control-Allow-Origin"] == "null"
        assert "Access-Control-Allow-Credentials" not in anybody.headers
        before = await ask(
            daemon, "/named", method="OPTIONS", Origin=SHOP, Access_Control_Request_Method="POST"
        )
        assert (before.status_code, before.headers["Access-Control-Allow-Methods"]) == (204, "POST")
    assert len(one.asked) == 2


async def test_paths_are_its_own_alone(tmp_path: Path) -> None:
    one = guest()
    one.routes = (Route("/slash/", ["GET"], one.note, Access.OPEN),)
    async with hosting(tmp_path, one) as daemon:
        for path in ("/slash", "/slash/"):
            assert (await ask(daemon, path)).status_code == 207
        assert error_of(await ask(daemon, "/slash/more"))["code"] == "no_such_path"
        assert error_of(await ask(daemon, "/slash/", method="POST"))["code"] == "method_not_allowed"
        async with daemon.admin() as admin:
            assert (await admin.get("/slash/")).status_code == 404


@pytest.mark.parametrize("chunked", [False, True])
async def test_bodies_are_as_large_as_their_route_says(tmp_path: Path, chunked: bool) -> None:
    one = guest()
    one.routes = (
        Route("/large/<part>/", ["POST"], one.note, Access.OPEN, body_bytes=2_000),
        Route("/small", ["POST"], one.note, Access.OPEN, body_bytes=10),
        Route("/usual", ["POST"], one.note, Access.OPEN),
    )

    async def status(path: str, size: int) -> int:
        return (await ask(daemon, path, method="POST", body=b"x" * size, chunked=chunked)).status_code

    async with hosting(tmp_path, one, limits=replace(QUICK, body_bytes=100)) as daemon:
        for path, most in (("/large/x", 2_000), ("/large/x/", 2_000), ("/small", 10), ("/usual", 100)):
            assert [await status(path, size) for size in (most, most + 1)] == [207, 413]
    assert [len(request.body) for request in one.asked] == [2_000, 2_000, 10, 100]


async def refuse(_: Request) -> Answer:
    await trio.lowlevel.checkpoint()
    raise Refusal(ErrorType.CONFLICT, "key_reused", "not twice", "field")


async def fall(_: Request) -> Answer:
    await trio.lowlevel.checkpoint()
    raise RuntimeError("a secret")


async def mumble(_: Request) -> Answer:
    await trio.lowlevel.checkpoint()
    return "mumble"  # type: ignore[return-value]


async def dawdle(_: Request) -> Answer:
    await trio.sleep(10 * BOUND_S)
    return Answer()


async def test_whatever_one_does_is_answered(tmp_path: Path) -> None:
    handlers: Mapping[str, Callable[[Request], Awaitable[Answer]]] = {
        "refuse": refuse, "fall": fall, "mumble": mumble, "dawdle": dawdle,
    }  # fmt: skip
    routes = [Route(f"/{name}", ["GET"], handle, Access.OPEN) for name, handle in handlers.items()]
    limits = replace(QUICK, request_timeout_s=0.2)
    async with hosting(tmp_path, guest(*routes), limits=limits) as daemon:
        refused = await ask(daemon, "/refuse")
        assert (refused.status_code, error_of(refused)["param"]) == (409, "field")
        for path in ("/fall", "/mumble"):
            fallen = await ask(daemon, path)
            assert (fallen.status_code, error_of(fallen)["code"]) == (500, "internal")
            assert "secret" not in fallen.text
        assert error_of(await ask(daemon, "/dawdle"))["code"] == "timeout"


async def test_one_that_is_down_is_asked_nothing(tmp_path: Path) -> None:
    one = guest()
    async with hosting(tmp_path, one) as daemon:
        one.fail.set()
        await until(lambda: _is_down(daemon))
        answer = await ask(daemon, "/open")
        assert (answer.status_code, error_of(answer)["code"]) == (503, "frontend_down")


async def _is_down(daemon: Served) -> bool:
    return (await ask(daemon, "/open")).status_code == 503


# --- Websockets


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


@asynccontextmanager
async def connected(daemon: Served, path: str = "/echo?please", **headers: str) -> AsyncIterator[Any]:
    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    async with daemon.tcp() as stream, socket_at(stream, path, sent) as connection:
        yield connection


async def code_of(connection: Any) -> int:
    with trio.fail_after(BOUND_S):
        while connection.closed is None:
            with suppress(ConnectionClosed):
                await connection.get_message()
    return int(connection.closed.code)


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


# --- What it may ask


async def test_it_asks_the_api_in_the_apis_own_words(tmp_path: Path) -> None:
    one = guest()
    async with hosting(tmp_path, one) as daemon:
        assert one.host is not None
        shop = one.host.acting_for("shop")
        order = {"amount": "12.50", "currency": "EUR", "chains": ["bitcoin"]}
        made = await one.host.create_invoice(shop, order, "order-1")
        again = await one.host.create_invoice(shop, order, "order-1")
        assert made["id"] == again["id"]
        async with daemon.client() as client:
            shown = (await client.get(f"/v1/invoices/{made['id']}")).json()
        assert await one.host.invoice(shop, str(made["id"])) == shown
        with pytest.raises(Refusal, match="no invoice"):
            await one.host.invoice(one.host.acting_for("rival"), str(made["id"]))
        with pytest.raises(Refusal) as wrong:
            await one.host.create_invoice(shop, {**order, "amount": 12.5})
        assert wrong.value.param == "amount"
        with pytest.raises(Refusal) as strange:
            await one.host.create_invoice(shop, order, "not\na key")
        assert strange.value.param == "Idempotency-Key"
        with pytest.raises(Refusal, match="answers no questions"):
            await one.host.ask(PUBLIC, "bitcoin", b"?", ["any"])
        with pytest.raises(Refusal, match="no chain"):
            await one.host.ask(PUBLIC, "dogecoin", b"?", ["any"])
