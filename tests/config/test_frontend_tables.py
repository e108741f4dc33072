"""``[frontends.<id>]``: checked by the plugin's own model, and by what it would serve."""

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import pytest
import trio

from paydaemon.config import ConfigError, parse_config
from paydaemon.config.changes import differences, taken_over
from paydaemon.hooks.frontend import Accept, Answer, FrontendHost, Request, Route, SocketRoute
from paydaemon.hooks.settings import ChainId, Settings
from paydaemon.hooks.specs import FrontendPlugin
from paydaemon.plugins import LoadedPlugins
from tests.config.coins import GOOD, PLUGINS


async def handle(_: Request) -> Answer:
    await trio.lowlevel.checkpoint()
    return Answer()


async def converse(_: Request, __: Accept) -> None:
    await trio.lowlevel.checkpoint()


class TillSettings(Settings):
    """A path that must be given, and perhaps more to serve."""

    path: str
    chain: ChainId = "main"
    methods: tuple[str, ...] = ("GET",)
    origins: tuple[str, ...] = ()
    socket: bool = False


class Till:
    """Serves what its settings say."""

    def __init__(self, id: str, settings: TillSettings) -> None:
        self._settings = settings

    @property
    def routes(self) -> Sequence[Route | SocketRoute]:
        own = self._settings
        socket = [SocketRoute(own.path, converse, 10)] if own.socket else []
        return [Route(own.path, own.methods, handle, origins=own.origins), *socket]

    async def run(
        self, host: FrontendHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        await trio.sleep_forever()


def plugins() -> LoadedPlugins:
    kind = FrontendPlugin("till", TillSettings, Till)
    return replace(PLUGINS, frontends=MappingProxyType({"till": kind}))


def document(**tables: object) -> dict[str, object]:
    return {"chains": {"main": GOOD}, "frontends": tables}


def till(path: str = "/till", **more: object) -> dict[str, object]:
    return {"plugin": "till", "path": path, **more}


def problems(**tables: object) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_config(document(**tables), plugins())
    return str(caught.value).splitlines()


def test_several_frontends_of_one_kind() -> None:
    config = parse_config(document(a=till("/a", socket=True), b=till("/b")), plugins())
    assert [(id, one.plugin.name) for id, one in config.frontends.items()] == [("a", "till"), ("b", "till")]
    assert "2 frontend(s)" in config.counted


def test_a_chain_that_it_names_must_be_there() -> None:
    there_is = 'is no chain that is configured: there is "main"'
    assert problems(a=till("/a", chain="man"), b=till("/b", chain="x")) == [
        f'frontends.a.chain: {there_is}; did you mean "main"?',
        f"frontends.b.chain: {there_is}",
    ]
    assert problems(a=till(chain="x", methods=[7])) == [
        "frontends.a.methods.0: must be text in quotes",
        f"frontends.a.chain: {there_is}",
    ], "also beside another mistake"


def test_a_chain_that_is_configured_wrongly_is_there() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config({**document(a=till()), "chains": {"main": {}}}, plugins())
    assert [problem.path for problem in caught.value.problems] == ["chains.main.plugin"]
    with pytest.raises(ConfigError) as caught:
        parse_config({"frontends": {"a": till()}}, plugins())
    assert [problem.path for problem in caught.value.problems] == ["chains"], "there is none: told once"


def test_none_is_no_mistake() -> None:
    assert parse_config({"chains": {"main": GOOD}}, plugins()).frontends == {}


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/more", "/i/x", "/healthz", "/desk", "/docs", "/admin/x", "/<name>", "/<name>/x"]
)
def test_paths_of_the_daemons_own_are_not_free(path: str) -> None:
    assert problems(a=till(path)) == [
        f"frontends.a: {path} is not free: it begins as the daemon's own paths do"
    ]


@pytest.mark.parametrize(
    "path", ["till", "//till", "/till//x", "/till/<int:x>", "/till?x", "/tïll", "/t l", "/till/<x>y"]
)
def test_what_is_no_path(path: str) -> None:
    (problem,) = problems(a=till(path))
    assert problem.endswith("is no path that can be served")


@pytest.mark.parametrize("other", ["/till", "/till/"])
def test_nobody_serves_what_another_does(other: str) -> None:
    assert problems(a=till(), b=till(other)) == [f"frontends.b: a serves GET {other} already"]


def test_open_parts_bear_any_name() -> None:
    assert problems(a=till("/till/<a>"), b=till("/till/<b>")) == [
        "frontends.b: a serves GET /till/<b> already"
    ]


def test_the_same_path_by_another_method() -> None:
    assert len(parse_config(document(a=till(), b=till(methods=["POST"])), plugins()).frontends) == 2


@pytest.mark.parametrize("methods", [[], ["TRACE"], ["get"]])
def test_methods_that_are_none(methods: list[str]) -> None:
    (problem,) = problems(a=till(methods=methods))
    assert problem.startswith("frontends.a: the methods of /till must be some of DELETE, GET")


@pytest.mark.parametrize("origin", ["shop.example", "https://shop.example/", "", "https://"])
def test_what_is_no_origin(origin: str) -> None:
    (problem,) = problems(a=till(origins=[origin]))
    assert problem.endswith('is no origin such as "https://shop.example", nor "*"')


def test_what_is_wrong_is_told_all_at_once() -> None:
    assert problems(a={"plugin": "tll"}, b={"plugin": "till"}, c=3) == [
        'frontends.a.plugin: is brought by no installed plugin: there is "till"',
        "frontends.b.path: is required",
        "frontends.c: must be a table such as [frontends.socketio]",
    ]


def test_a_change_waits_for_a_restart() -> None:
    old = parse_config(document(a=till("/a")), plugins())
    new = parse_config(document(a=till("/b")), plugins())
    assert list(differences(taken_over(old, new), new)) == ["frontends.a.path"]
