"""``[notifiers.<id>]``: checked by the plugin's own model, and by what building one says."""

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

import pytest

from paydaemon.config import ConfigError, parse_config
from paydaemon.config.changes import differences, taken_over
from paydaemon.hooks.notifier import Audience, Notifier
from paydaemon.hooks.settings import Settings
from paydaemon.hooks.specs import NotifierPlugin
from tests.config.coins import GOOD, PLUGINS
from tests.deliveries.played import PlayedNotifier


class LoudSettings(Settings):
    """A volume that must be given."""

    volume: int


def plugins(*audiences: Audience, endpoints: bool = False, build: Callable[..., Notifier] | None = None):  # type: ignore[no-untyped-def]
    """The usual plugins, and one that brings the notifier ``loud``."""

    def loud(id: str, settings: LoudSettings) -> Notifier:
        return PlayedNotifier(id, audiences)

    kind = NotifierPlugin("loud", LoudSettings, build or loud, endpoints=endpoints)
    return replace(PLUGINS, notifiers=MappingProxyType({"loud": kind}))


def document(**tables: object) -> dict[str, object]:
    return {"chains": {"main": GOOD}, "notifiers": tables}


def problems(found: object, **tables: object) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_config(document(**tables), found)  # type: ignore[arg-type]
    return str(caught.value).splitlines()


def test_several_notifiers_of_one_kind() -> None:
    config = parse_config(
        document(a={"plugin": "loud", "volume": 1}, b={"plugin": "loud", "volume": 2}), plugins()
    )
    assert [(id, one.plugin.name, one.settings) for id, one in config.notifiers.items()] == [
        ("a", "loud", LoudSettings(volume=1)),
        ("b", "loud", LoudSettings(volume=2)),
    ]


def test_none_is_no_mistake() -> None:
    assert parse_config({"chains": {"main": GOOD}}, PLUGINS).notifiers == {}


def test_what_is_wrong_is_told_all_at_once() -> None:
    tables = {
        "a": {"plugin": "loud", "volume": "11"},
        "b": {"plugin": "quiet"},
        "c": {"plugin": "loud", "volume": 1, "colour": "red"},
        "D": {"plugin": "loud", "volume": 1},
        "e": 7,
    }
    assert sorted(problems(plugins(), **tables)) == [
        "notifiers.D: must be made of a-z, 0-9 and -, begin with a letter, and have 32 at most",
        "notifiers.a.volume: must be a whole number, without quotes",
        'notifiers.b.plugin: is brought by no installed plugin: there is "loud"',
        "notifiers.c.colour: is not a key of this table",
        "notifiers.e: must be a table such as [notifiers.email]",
    ]


@pytest.mark.parametrize(
    ("audiences", "said"),
    [
        ([Audience("Operator")], "the name of an audience must be made of"),
        ([Audience("a"), Audience("a", batch=2)], "two audiences have the same name"),
        ([Audience("a", batch=0)], 'the audience "a" takes 0 at a time'),
    ],
)
def test_audiences_that_cannot_be_told_apart(audiences: list[Audience], said: str) -> None:
    [problem] = problems(plugins(*audiences), a={"plugin": "loud", "volume": 1})
    assert problem.startswith("notifiers.a: ")
    assert said in problem


def test_only_one_can_serve_endpoints() -> None:
    loud = {"plugin": "loud", "volume": 1}
    assert problems(plugins(endpoints=True), a=loud, b=loud) == [
        "notifiers.b: only one can tell sellers' endpoints, and a does"
    ]


def test_a_change_needs_a_restart() -> None:
    old = parse_config(document(a={"plugin": "loud", "volume": 1}), plugins())
    new = parse_config(
        document(a={"plugin": "loud", "volume": 2}, b={"plugin": "loud", "volume": 1}), plugins()
    )
    waiting = ["notifiers.a.volume", "notifiers.b"]
    assert list(differences(old, new)) == waiting
    assert list(differences(taken_over(old, new), new)) == waiting
