"""Frontends of plugins behind the daemon's own gate: what they are handed, and what they may ask for."""

from dataclasses import replace
from pathlib import Path

import pytest
import trio

from paydaemon.core.access import PUBLIC
from paydaemon.core.errors import Refusal
from paydaemon.hooks.frontend import Access, Answer, Request, Route
from tests.support.guests import SHOP, ask, guest, hosting
from tests.support.served import QUICK, Served, error_of
from tests.support.waiting import BOUND_S, until


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
    assert "remote-addr" not in asked.headers
    assert asked.request_id == answer.headers["X-Request-Id"]
    assert answer.headers["Cache-Control"] == "no-store"


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


async def test_what_is_written_out_goes_before_what_is_open(tmp_path: Path) -> None:
    """For whoever is asked, and for how large a body may be; each by its method."""
    one = guest()
    most = {("/x/<a>", "POST"): 10, ("/x/y", "POST"): 20, ("/x/<a>/c", "POST"): 30, ("/x/b/<d>", "POST"): 40}
    most[("/x/y", "PUT")] = 50
    one.routes = tuple(
        Route(path, [method], one.note, Access.OPEN, body_bytes=size) for (path, method), size in most.items()
    )
    async with hosting(tmp_path, one) as daemon:
        for (path, method), size in {
            ("/x/z", "POST"): 10, ("/x/y", "POST"): 20, ("/x/y", "PUT"): 50, ("/x/b/c", "POST"): 40,
            ("/x/a/c", "POST"): 30,
        }.items():  # fmt: skip
            asked = [await ask(daemon, path, method=method, body=b"x" * count) for count in (size, size + 1)]
            assert [answer.status_code for answer in asked] == [207, 413], path
    assert [dict(request.values) for request in one.asked] == [{"a": "z"}, {}, {}, {"d": "c"}, {"a": "a"}]


async def test_a_page_asks_once_for_all_routes_of_a_path(tmp_path: Path) -> None:
    one = guest()
    one.routes = (
        Route("/x/<a>", ["GET"], one.note, Access.OPEN, origins=[SHOP]),
        Route("/x/<b>/", ["POST", "DELETE"], one.note, Access.OPEN, origins=[SHOP]),
    )
    async with hosting(tmp_path, one) as daemon:
        before = await ask(daemon, "/x/y", method="OPTIONS", Origin=SHOP)
        assert before.headers["Access-Control-Allow-Methods"] == "DELETE, GET, POST"


async def test_a_client_that_leaves_is_answered_no_more(tmp_path: Path) -> None:
    one, left = guest(), trio.Event()

    async def wait(request: Request) -> Answer:
        try:
            answer = await one.note(request)
            await trio.sleep(10 * BOUND_S)
        finally:
            left.set()
        return answer

    one.routes = (Route("/wait", ["GET"], wait, Access.OPEN),)
    async with hosting(tmp_path, one) as daemon:
        async with daemon.tcp() as stream:
            await stream.send_all(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
            await until(lambda: len(one.asked) == 1)
        with trio.fail_after(BOUND_S):
            await left.wait()


async def test_whoever_may_get_may_ask_for_the_head_alone(tmp_path: Path) -> None:
    async with hosting(tmp_path, one := guest()) as daemon:
        answer = await ask(daemon, "/open", method="HEAD")
    assert (answer.status_code, answer.content, one.asked[0].method) == (207, b"", "HEAD")


async def test_one_that_is_down_is_asked_nothing(tmp_path: Path) -> None:
    one = guest()
    async with hosting(tmp_path, one) as daemon:
        one.fail.set()
        await until(lambda: _is_down(daemon))
        answer = await ask(daemon, "/open")
        assert (answer.status_code, error_of(answer)["code"]) == (503, "frontend_down")


async def _is_down(daemon: Served) -> bool:
    return (await ask(daemon, "/open")).status_code == 503


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
