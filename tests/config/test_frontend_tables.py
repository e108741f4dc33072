"""``[frontends.<id>]``: checked by the plugin's own model. What it would serve: test_frontend_routes.py."""

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
    """A path that must be given, and whether websockets are served there, too."""

    path: str
    chain: ChainId = "main"
    socket: bool = False


class Till:
    """Serves what its settings say."""

    def __init__(self, id: str, settings: TillSettings) -> None:
        self._settings = settings

    @property
    def routes(self) -> Sequence[Route | SocketRoute]:
        own = self._settings
        socket = [SocketRoute(own.path, converse, 10)] if own.socket else []
        return [Route(own.path, ["GET"], handle), *socket]

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
    assert problems(a=till(chain="x", socket=7)) == [
        "frontends.a.socket: must be true or false",
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
