"""The version of the hooks: who is taken, who is refused and told what to do, and what will be gone."""

from importlib.metadata import entry_points
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from paydaemon.hooks import version
from paydaemon.hooks.specs import GROUP, ChainPlugin, hookimpl
from paydaemon.hooks.version import API, ApiVersion, Deprecation, refusal
from paydaemon.plugins import PluginRecord, PluginStatus
from paydaemon.roster import announce
from tests.plugins.parts import COIN, Keys, build, chains, load, record


def written_for(said: object) -> PluginRecord:
    """The record of a plugin that says so, or says nothing."""
    plugin: Any = chains(COIN)
    if said is not ...:
        plugin.PAYDAEMON_API = said
    return record(load({"coin": plugin}), "coin")


@pytest.mark.parametrize("said", ["1.0", ..., None, str(API)])
def test_what_fits_is_taken_and_silence_is_the_first_version(said: object) -> None:
    found = written_for(said)
    assert (found.status, found.api, found.chains) == (PluginStatus.LOADED, "1.0", ("coin",))


@pytest.mark.parametrize("said", ["2.0", "0.9", f"{API.major}.{API.minor + 1}"])
def test_what_does_not_fit_is_broken_and_none_of_its_hooks_is_called(said: str) -> None:
    def register_chains() -> list[ChainPlugin]:
        raise AssertionError("it was called")

    plugin = SimpleNamespace(register_chains=hookimpl(register_chains), PAYDAEMON_API=said)
    found = record(load({"coin": plugin}), "coin")
    assert (found.status, found.api, found.chains) == (PluginStatus.BROKEN, said, ())
    assert found.reason.startswith(f"it needs plugin API {said}, and this daemon has {API}: install ")


def test_a_reason_says_first_what_is_likely_to_help() -> None:
    ours = ApiVersion(2, 3)
    assert refusal(ApiVersion(2, 3), ours) is refusal(ApiVersion(2, 0), ours) is None
    assert refusal(ApiVersion(2, 4), ours) == (
        "it needs plugin API 2.4, and this daemon has 2.3: install a paydaemon that has plugin API 2.4, "
        "or a release of the plugin for 2.0 to 2.3"
    )
    assert refusal(ApiVersion(1, 9), ours) == (
        "it needs plugin API 1.9, and this daemon has 2.3: install a release of the plugin for 2.0 to 2.3, "
        "or a paydaemon that has plugin API 1.9"
    )
    assert str(refusal(ApiVersion(2, 0), ApiVersion(1, 0))).endswith("or a release of the plugin for 1.0")


@pytest.mark.parametrize("said", [1.0, "1", "1.0.0", "", "one", "1.00", (1, 0), "9" * 9000])
def test_what_is_no_version_is_named(said: object) -> None:
    found = written_for(said)
    assert (found.status, found.api) == (PluginStatus.BROKEN, None)
    assert found.reason.startswith('PAYDAEMON_API must be text such as "1.0", not ')


def test_our_own_plugins_say_theirs() -> None:
    modules = [entry.load() for entry in entry_points(group=GROUP) if entry.name in OURS]
    assert len(modules) == len(OURS)
    assert {module.PAYDAEMON_API for module in modules} == {str(API)}


OURS = {"bitcoin", "email", "hedera", "rates", "socketio", "spellbook", "webhook"}


# --- What will be gone


def diagnosed(*_: object) -> Any:
    raise AssertionError("nobody is examined")


def test_what_will_be_gone_is_told_at_the_start_by_plugin_and_thing(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = (
        Deprecation("register_chains", ApiVersion(1, 2), "bring them otherwise"),
        Deprecation("ChainPlugin.diagnose", ApiVersion(1, 3), "leave it out"),
        Deprecation("register_commands", ApiVersion(1, 3), "bring none"),
    )
    monkeypatch.setattr(version, "DEPRECATED", gone)
    old = ChainPlugin("old", Keys, build, diagnose=diagnosed)
    loaded = load({"coin": chains(COIN), "old": chains(old)})
    hook = "register_chains is deprecated since plugin API 1.2 and gone in 2.0: bring them otherwise"
    field = "ChainPlugin.diagnose is deprecated since plugin API 1.3 and gone in 2.0: leave it out"
    assert record(loaded, "coin").deprecated == (hook,)
    assert record(loaded, "old").deprecated == (hook, field)
    with capture_logs() as log:
        announce([record(loaded, "coin"), record(loaded, "old")])
    assert [(line["log_level"], line["plugin"], line["deprecated"]) for line in log] == [
        ("warning", "coin", hook),
        ("warning", "old", hook),
        ("warning", "old", field),
    ]


def test_what_is_broken_is_told_at_the_start_too() -> None:
    with capture_logs() as log:
        announce([written_for("9.0"), written_for("1.0")])
    assert [(line["event"], line["plugin"]) for line in log] == [("a plugin cannot be used", "coin")]


def test_what_is_called_deprecated_is_there() -> None:
    for one in version.DEPRECATED:
        kind, _, field = one.what.rpartition(".")
        from paydaemon.hooks import specs

        assert hasattr(specs, kind or field), one.what
        assert one.since.major == API.major, f"{one.what} was to be gone by now"


@pytest.mark.parametrize("name", ["PAYDEAMON_API", "PAYDAEMON_APY", "PAY_DAEMON_API"])
def test_a_version_under_a_misspelt_name_is_not_silence(name: str) -> None:
    plugin: Any = chains(COIN)
    setattr(plugin, name, "2.0")
    assert record(load({"coin": plugin}), "coin").reason == f"it says {name}: is PAYDAEMON_API meant?"
