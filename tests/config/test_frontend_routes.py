"""What frontends declare to serve: refused by frontend, route and field, before anything is asked of them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
import trio

from paydaemon.config import ConfigError, parse_config
from paydaemon.hooks.frontend import Accept, Access, Answer, FrontendHost, Request, Route, SocketRoute
from paydaemon.hooks.settings import Settings
from paydaemon.hooks.specs import FrontendPlugin
from paydaemon.plugins import LoadedPlugins
from tests.config.coins import GOOD, PLUGINS

Routes = Sequence[Route | SocketRoute]


async def handle(_: Request) -> Answer:
    await trio.lowlevel.checkpoint()
    return Answer()


async def converse(_: Request, __: Accept) -> None:
    await trio.lowlevel.checkpoint()


def get(path: Any, methods: Any = ("GET",), **more: Any) -> Route:
    return Route(path, methods, handle, **more)


def socket(path: Any, **more: Any) -> SocketRoute:
    return SocketRoute(path, converse, **{"message_bytes": 10, **more})


class Stall:
    """A frontend that serves what it was made with."""

    def __init__(self, routes: Any) -> None:
        self.routes = routes

    async def run(
        self, host: FrontendHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        await trio.sleep_forever()


def builder(routes: Any) -> Callable[[str, Settings], Stall]:
    return lambda id, settings: Stall(routes)


def problems(**frontends: Any) -> list[str]:
    """What is wrong with a configuration of frontends that serve these."""
    kinds = {id: FrontendPlugin(id, Settings, builder(routes)) for id, routes in frontends.items()}
    plugins: LoadedPlugins = replace(PLUGINS, frontends=MappingProxyType(kinds))
    tables = {id: {"plugin": id} for id in frontends}
    try:
        parse_config({"chains": {"main": GOOD}, "frontends": tables}, plugins)
    except ConfigError as error:
        return str(error).splitlines()
    return []


# --- One route


@pytest.mark.parametrize(
    "path",
    ["/", "/v1", "/v1/more", "/i/x", "/healthz", "/desk", "/docs", "/admin/x", "/-", "/<name>", "/<name>/x"],
)
def test_paths_of_the_daemons_own_are_not_free(path: str) -> None:
    told = f"frontends.a: its route {path}: path is not free: it begins as the daemon's own paths do"
    assert problems(a=[get(path)]) == [told]


@pytest.mark.parametrize(
    "path",
    ["//till", "/till//x", "/till/<int:x>", "/till?x", "/tïll", "/t l", "/till/<x>y", "/a/../b", "/a/."],
)
def test_what_is_no_path(path: str) -> None:
    (problem,) = problems(a=[get(path)])
    assert problem.startswith(f'frontends.a: its route {path}: path must be such as "/orders/<number>"')


@pytest.mark.parametrize("path", ["till", "", None, 7])
def test_a_path_begins_with_a_slash(path: object) -> None:
    for route in (get(path), socket(path)):
        assert problems(a=[route]) == [f"frontends.a: its route {path!r}: path must begin with a slash"]


def test_open_parts_of_a_path_have_names_of_their_own() -> None:
    assert problems(a=[get("/x/<a>/<a>")]) == [
        "frontends.a: its route /x/<a>/<a>: path has two open parts <a>"
    ]


@pytest.mark.parametrize("methods", [[], ["TRACE"], ["get"], "GET", "", None])
def test_methods_that_are_none(methods: object) -> None:
    (problem,) = problems(a=[get("/till", methods)])
    assert problem.startswith("frontends.a: its route /till: methods must be some of DELETE, GET, PATCH,")
    assert problem.endswith(f"not {methods!r}")


@pytest.mark.parametrize(
    "origin", ["shop.example", "https://shop.example/", "", "https://", "https://Shop.example", 7]
)
def test_what_is_no_origin(origin: object) -> None:
    (problem,) = problems(a=[get("/till", origins=(origin,))])
    assert problem.startswith(f"frontends.a: its route /till: origins has {origin!r}, which is no origin")


@pytest.mark.parametrize("origins", ["*", "https://shop.example", None])
def test_origins_are_several(origins: object) -> None:
    for route in (get("/till", origins=origins), socket("/till", origins=origins)):
        (problem,) = problems(a=[route])
        assert problem.startswith("frontends.a: its route /till: origins must be a tuple such as")
        assert problem.endswith(f"not {origins!r}")


@pytest.mark.parametrize(
    ("field", "value"),
    [("body_bytes", -1), ("body_bytes", True), ("body_bytes", 1e6), ("body_bytes", "64k")]
    + [("access", "open"), ("access", None), ("credentials", "yes")],
)
def test_fields_of_a_route(field: str, value: object) -> None:
    (problem,) = problems(a=[get("/till", **{field: value})])
    assert problem.startswith(f"frontends.a: its route /till: {field} must be ")
    assert problem.endswith(f"not {value!r}")


@pytest.mark.parametrize("size", [0, -1, None, 1.5, True])
def test_a_message_has_a_size(size: object) -> None:
    (problem,) = problems(a=[socket("/till", message_bytes=size)])
    assert problem.startswith("frontends.a: its route /till: message_bytes must be a number of bytes, 1 or")


def test_somebody_answers() -> None:
    nobody: Any = "handle"
    for route, field in (
        (Route("/t", ["GET"], nobody), "handle"),
        (SocketRoute("/t", nobody, 1), "converse"),
    ):
        assert problems(a=[route]) == [f"frontends.a: its route /t: {field} must be a function, not 'handle'"]


def test_routes_are_routes() -> None:
    assert problems(a=None) == ["frontends.a: its routes must be a tuple, not None"]
    assert problems(a=["/till"]) == [
        "frontends.a: its routes must be Routes and SocketRoutes, and one is a str"
    ]


def test_what_means_something_is_taken() -> None:
    sizes = [get(f"/{size}", body_bytes=size) for size in (None, 0, 1)]
    named = get("/~a.b/<c>/-_/", ["GET", "POST"], access=Access.OPEN, origins={"chrome-extension://x", "*"})
    assert problems(a=[*sizes, named, socket("/till", origins=["*"])]) == []


# --- Two of them


def clash(kind: str, path: str, other: str) -> list[str]:
    return [f"frontends.b: its route {kind} {path} takes requests that frontends.a serves by {kind} {other}"]


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("/till", "/till"),
        ("/till/", "/till"),
        ("/till/<b>", "/till/<a>"),
        ("/api/PaymentProcessorNewPayment", "/api/<name>"),
        ("/api/<name>", "/api/PaymentProcessorNewPayment"),
        ("/x/<a>/c", "/x/b/<d>/"),
    ],
)
def test_nobody_serves_what_another_does(path: str, other: str) -> None:
    assert problems(a=[get(other)], b=[get("/free"), get(path)]) == clash("GET", path, other)
    assert problems(a=[socket(other)], b=[socket(path)]) == clash("websocket", path, other)


@pytest.mark.parametrize("path", ["/till", "/till/a/b", "/till/b/<x>", "/tills/<x>"])
def test_what_does_not_overlap(path: str) -> None:
    assert problems(a=[get("/till/<a>"), get("/till/b/a")], b=[get("/free"), get(path, ["POST"])]) == []


def test_the_same_path_by_another_method() -> None:
    mine, other = (
        [get("/till"), get("/x/<a>")],
        [get("/till", ["POST"]), get("/x/b", ["PUT"]), socket("/till")],
    )
    assert problems(a=mine, b=other) == []


def test_whether_a_page_may_ask_is_for_one_of_them_to_say() -> None:
    """The browser's question has a method of its own, by which both would be asked."""
    pages = {"origins": ("*",)}
    assert problems(a=[get("/x/<a>", **pages)], b=[get("/x/y", ["POST"], **pages)]) == clash(
        "OPTIONS", "/x/y", "/x/<a>"
    )
    assert problems(a=[get("/x/<a>", **pages)], b=[get("/x/y", ["POST"])]) == []


def test_routes_of_one_frontend_may_overlap_but_not_be_the_same() -> None:
    assert problems(a=[get("/x/<a>"), get("/x/y"), get("/x/<a>/c"), get("/x/b/<d>")]) == []
    assert problems(a=[get("/x/<a>"), get("/x/<b>/")]) == [
        "frontends.a: its routes GET /x/<a> and GET /x/<b>/ are the same"
    ]


def test_routes_at_one_path_let_the_same_pages_ask() -> None:
    one, same = get("/x", origins=["*"]), get("/x", ["POST"], origins=("*",))
    assert problems(a=[one, same]) == []
    for other in (replace(same, origins=("https://shop.example",)), replace(same, credentials=True)):
        (problem,) = problems(a=[one, other])
        assert problem.startswith("frontends.a: its route /x: origins and credentials must be those of")
