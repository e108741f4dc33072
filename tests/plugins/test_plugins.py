"""Plugins load alone: a broken one is told, and stops nobody."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner
from pydantic import BaseModel

from paydaemon.cli.main import cli
from paydaemon.hooks.settings import Settings
from paydaemon.hooks.specs import ChainPlugin, RateSourcePlugin, SandboxPlugin, hookimpl
from paydaemon.plugins import MAX_REASON, LoadedPlugins, PluginRecord, PluginStatus, load_plugins


class Keys(Settings):
    depth: int = 6


def build(*args: object) -> Any:
    raise AssertionError("nothing is built while loading")


COIN = ChainPlugin("coin", Keys, build)
BOARD = RateSourcePlugin("board", Keys, build)
PLAYGROUND = SandboxPlugin("coin", build)
DIG = click.Command("dig")


def plugin(**hooks: Callable[[], object]) -> object:
    return SimpleNamespace(**{name: hookimpl(hook) for name, hook in hooks.items()})


def chains(*items: object) -> object:
    return plugin(register_chains=lambda: list(items))


def load(extra: Mapping[str, object], disabled: Sequence[str] = ()) -> LoadedPlugins:
    return load_plugins(disabled, extra)


def record(loaded: LoadedPlugins, name: str) -> PluginRecord:
    (found,) = [one for one in loaded.records if one.name == name]
    return found


def refused(extra: object) -> str:
    """Why a plugin is broken; a good one beside it is loaded all the same, whichever comes first."""
    loaded = load(
        {"first": chains(COIN), "bad": extra, "last": plugin(register_rate_sources=lambda: [BOARD])}
    )
    assert record(loaded, "first").status is PluginStatus.LOADED
    assert record(loaded, "last").status is PluginStatus.LOADED
    assert (loaded.chains["coin"], loaded.rate_sources["board"]) == (COIN, BOARD)
    bad = record(loaded, "bad")
    assert bad.status is PluginStatus.BROKEN
    assert (bad.chains, bad.rate_sources, bad.sandboxes, bad.commands) == ((), (), (), ())
    return bad.reason


# --- What is loaded


def test_typed_objects_by_name_and_a_record_of_what_is_brought() -> None:
    whole = plugin(
        register_chains=lambda: [COIN],
        register_rate_sources=lambda: (BOARD,),
        register_sandboxes=lambda: [PLAYGROUND],
        register_commands=lambda: [DIG],
    )
    loaded = load({"whole": whole})
    assert record(loaded, "whole") == PluginRecord(
        "whole", None, None, PluginStatus.LOADED, "", ("coin",), ("board",), ("coin",), ("dig",)
    )
    assert loaded.chains["coin"] is COIN
    assert loaded.rate_sources["board"] is BOARD
    assert loaded.sandboxes["coin"] is PLAYGROUND
    assert loaded.commands["dig"] is DIG


def test_our_own_are_found_by_entry_point() -> None:
    rates = record(load_plugins(), "rates")
    assert (rates.status, rates.distribution, rates.rate_sources) == (
        PluginStatus.LOADED,
        "paydaemon-rates",
        (
            *("kraken", "coinbase", "bitstamp", "binance", "bitfinex", "coingecko", "hedera", "ecb"),
            "fixed",
        ),
    )
    assert rates.version


def test_a_disabled_plugin_is_not_even_imported() -> None:
    loaded = load({"coin": chains(COIN)}, disabled=["coin", "rates"])
    assert record(loaded, "coin").status is PluginStatus.DISABLED
    assert record(loaded, "coin").reason == "disabled in the configuration"
    assert record(loaded, "rates").status is PluginStatus.DISABLED
    assert "coin" not in loaded.chains
    assert "fixed" not in loaded.rate_sources


def test_what_is_loaded_cannot_be_changed() -> None:
    loaded = load({"coin": chains(COIN)})
    with pytest.raises(TypeError):
        loaded.chains["other"] = COIN  # type: ignore[index]


def test_a_hook_that_brings_nothing_is_no_fault() -> None:
    assert record(load({"empty": chains()}), "empty").status is PluginStatus.LOADED


# --- What is broken


def test_a_misspelt_hook() -> None:
    reason = refused(plugin(register_chain=lambda: [COIN]))
    assert reason == 'there is no hook "register_chain"; did you mean "register_chains"?'


def test_a_hook_with_arguments_nobody_gives() -> None:
    @hookimpl
    def register_chains(daemon: object) -> list[ChainPlugin]:
        return []

    reason = refused(SimpleNamespace(register_chains=register_chains))
    assert "register_chains" in reason
    assert "{'daemon'}" in reason
    assert "\n" not in reason


def test_no_hook_at_all() -> None:
    reason = refused(SimpleNamespace(register_chains=lambda: [COIN]))
    assert reason == "it implements no hook: none of its functions is marked with @hookimpl"


def test_a_hook_that_raises_is_told_with_its_place() -> None:
    def fail() -> list[ChainPlugin]:
        raise LookupError("no such thing\nat all")

    reason = refused(plugin(register_chains=fail))
    assert reason.startswith(
        "register_chains() raised LookupError: no such thing at all (test_plugins.py, line "
    )


def test_a_hook_that_ends_the_process() -> None:
    assert "register_chains() raised SystemExit: 3" in refused(plugin(register_chains=lambda: sys.exit(3)))


def test_an_object_that_cannot_be_looked_at() -> None:
    class Trap:
        def __dir__(self) -> list[str]:
            raise OSError("gone")

    assert refused(Trap()).startswith("cannot be looked at: OSError: gone (test_plugins.py, line ")


def test_what_else_a_hook_may_return() -> None:
    async def later() -> list[ChainPlugin]:
        return [COIN]

    words = "register_chains() must return a list of ChainPlugin, not "
    assert refused(plugin(register_chains=lambda: None)) == words + "None"
    assert refused(plugin(register_chains=lambda: COIN)) == words + "ChainPlugin"
    assert refused(plugin(register_chains=lambda: "coin")) == words + "str"
    assert refused(plugin(register_chains=later)) == words + "coroutine"
    assert refused(chains(BOARD)) == words + "with RateSourcePlugin in it"
    assert refused(chains(None)) == words + "with None in it"


@pytest.mark.parametrize("name", ["", "Coin", "my coin", "9coin", "c" * 33, "cöin", 7, None])
def test_a_name_that_is_none(name: Any) -> None:
    reason = refused(chains(ChainPlugin(name, Keys, build)))
    assert reason == f"register_chains() returned the name {name!r}, which must match [a-z][a-z0-9_-]{{0,31}}"
    assert refused(plugin(register_sandboxes=lambda: [SandboxPlugin(name, build)])).startswith(
        f"register_sandboxes() returned the name {name!r}"
    )


def test_a_model_that_is_none() -> None:
    not_a_model: Any = dict
    reason = refused(chains(ChainPlugin("other", not_a_model, build)))
    assert reason == 'register_chains(): the config of "other" must be a pydantic model'
    reason = refused(plugin(register_rate_sources=lambda: [RateSourcePlugin("other", not_a_model, build)]))
    assert reason == 'register_rate_sources(): the config of "other" must be a pydantic model'


def test_a_model_that_takes_the_daemons_own_key() -> None:
    class Clash(BaseModel):
        plugin: str

    reason = refused(chains(ChainPlugin("other", Clash, build)))
    assert (
        reason == 'register_chains(): the config of "other" has a key "plugin", which the daemon reads itself'
    )


def test_a_builder_that_cannot_be_called() -> None:
    none: Any = None
    reason = refused(chains(ChainPlugin("other", Keys, none)))
    assert reason == 'register_chains(): the build of "other" cannot be called'
    not_a_function: Any = "look"
    reason = refused(chains(ChainPlugin("other", Keys, build, diagnose=not_a_function)))
    assert reason == 'register_chains(): the diagnose of "other" cannot be called'


def test_one_name_twice_in_one_plugin() -> None:
    other = ChainPlugin("other", Keys, build)
    assert refused(chains(other, other)) == 'it brings the chain "other" twice'


def test_a_reason_has_an_end() -> None:
    def fail() -> list[ChainPlugin]:
        raise ValueError("x" * 10_000)

    assert len(refused(plugin(register_chains=fail))) <= MAX_REASON


def test_an_error_that_cannot_be_told() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    def fail() -> list[ChainPlugin]:
        raise Mute

    assert "Mute: <exception str() failed>" in refused(plugin(register_chains=fail))


# --- Two that claim one name


def test_the_second_to_claim_a_chain_is_broken_and_brings_nothing() -> None:
    greedy = plugin(register_chains=lambda: [COIN], register_rate_sources=lambda: [BOARD])
    loaded = load({"first": chains(COIN), "second": greedy})
    second = record(loaded, "second")
    assert second.status is PluginStatus.BROKEN
    assert second.reason == 'the chain "coin" is already brought by the plugin "first"'
    assert "board" not in loaded.rate_sources


def test_every_kind_of_name_has_one_holder() -> None:
    sources = plugin(register_rate_sources=lambda: [BOARD])
    sandboxes = plugin(register_sandboxes=lambda: [PLAYGROUND])
    loaded = load({"a": sources, "b": sources, "c": sandboxes, "d": sandboxes})
    assert record(loaded, "b").reason == 'the rate source "board" is already brought by the plugin "a"'
    assert record(loaded, "d").reason == 'the sandbox "coin" is already brought by the plugin "c"'
    commands = plugin(register_commands=lambda: [DIG])
    loaded = load({"e": commands, "f": commands})
    assert record(loaded, "f").reason == 'the command "dig" is already brought by the plugin "e"'


def test_two_plugins_of_one_name() -> None:
    loaded = load({"rates": chains(COIN)})
    installed, given = [one for one in loaded.records if one.name == "rates"]
    assert (installed.status, given.status) == (PluginStatus.LOADED, PluginStatus.BROKEN)
    assert given.reason == 'the name "rates" is already taken by the plugin "rates" of paydaemon-rates'
    assert "coin" not in loaded.chains


def test_a_plugin_needs_a_name_of_its_own() -> None:
    bad = record(load({"My Plugin": chains(COIN)}), "My Plugin")
    assert bad.reason == "its name must be made of a-z, 0-9, - and _, starting with a letter, 32 at most"


# --- Installed ones


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Puts a distribution on sys.path, as an installer would."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def make(name: str, entry_points: str | bytes, **modules: str) -> None:
        info = tmp_path / f"{name}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
        content = entry_points if isinstance(entry_points, bytes) else entry_points.encode()
        (info / "entry_points.txt").write_bytes(content)
        for module, source in modules.items():
            (tmp_path / f"{module}.py").write_text(source)

    yield make
    for module in [name for name in sys.modules if name.startswith("installed_")]:
        del sys.modules[module]


GOOD = """
from paydaemon.hooks.settings import Settings
from paydaemon.hooks.specs import RateSourcePlugin, hookimpl

@hookimpl
def register_rate_sources():
    return [RateSourcePlugin("installed", Settings, lambda settings: None)]
"""


def test_an_installed_plugin(install: Callable[..., None]) -> None:
    install("Some_Rates", "[paydaemon.plugins]\ngood = installed_good\n", installed_good=GOOD)
    found = record(load_plugins(), "good")
    assert found == PluginRecord(
        "good", "Some_Rates", "1.2", PluginStatus.LOADED, "", rate_sources=("installed",)
    )


def test_imports_that_fail(install: Callable[..., None]) -> None:
    install(
        "aaa",
        "[paydaemon.plugins]\n"
        "absent = installed_absent\n"
        "needy = installed_needy\n"
        "typo = installed_typo\n"
        "quits = installed_quits\n"
        "part = installed_good:nothing\n"
        "good = installed_good\n",
        installed_needy="\nimport no_such_library\n",
        installed_typo="def (:\n",
        installed_quits="import sys\nsys.exit('bye')\n",
        installed_good=GOOD,
    )
    loaded = load_plugins()
    reasons = {one.name: one.reason for one in loaded.records if one.distribution == "aaa"}
    assert reasons["absent"] == (
        "cannot be imported: ModuleNotFoundError: No module named 'installed_absent'"
    )
    assert reasons["needy"] == (
        "cannot be imported: ModuleNotFoundError: No module named 'no_such_library'"
        " (installed_needy.py, line 2)"
    )
    assert reasons["typo"].startswith("cannot be imported: ")
    assert "SyntaxError" in reasons["typo"]
    assert reasons["quits"] == "cannot be imported: SystemExit: bye (installed_quits.py, line 2)"
    assert reasons["part"].startswith(
        "cannot be imported: AttributeError: module 'installed_good' has no attribute"
    )
    assert reasons["good"] == ""
    assert record(loaded, "rates").status is PluginStatus.LOADED


def test_entry_points_that_cannot_be_read(install: Callable[..., None]) -> None:
    install("bbb", "[paydaemon.plugins]\nthis is no entry point\n")
    install("ccc", "[paydaemon.plugins]\nbad = 1 + 1\n")
    install("ddd", "[console_scripts]\nthis is no entry point\n")
    install("eee", b"[paydaemon.plugins]\n\xff = x\n")
    loaded = load_plugins()
    assert record(loaded, "bbb").status is PluginStatus.BROKEN
    assert record(loaded, "bbb").reason.startswith("its entry_points.txt: ")
    assert record(loaded, "bad").status is PluginStatus.BROKEN
    assert not [one for one in loaded.records if one.distribution == "ddd"]
    assert record(loaded, "rates").status is PluginStatus.LOADED


def test_the_first_of_two_copies_counts(
    install: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("some_rates", "[paydaemon.plugins]\ngood = installed_good\n", installed_good=GOOD)
    elsewhere = tmp_path / "elsewhere" / "some_rates-0.9.dist-info"
    elsewhere.mkdir(parents=True)
    (elsewhere / "METADATA").write_text("Metadata-Version: 2.1\nName: some_rates\nVersion: 0.9\n")
    (elsewhere / "entry_points.txt").write_text("[paydaemon.plugins]\ngood = installed_good\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(elsewhere.parent)])
    assert record(load_plugins(), "good").version == "1.2"


def test_modules_can_be_handed_over() -> None:
    module = ModuleType("handed_over")
    exec(GOOD, module.__dict__)
    assert record(load({"handed": module}), "handed").rate_sources == ("installed",)


# --- Commands


DIGGER = """
import click
from paydaemon.hooks.specs import hookimpl

@click.command()
def dig():
    "Dig for coins."
    click.echo("found one")

@click.command("check-config")
def mine():
    click.echo("not ours")

@hookimpl
def register_commands():
    return [dig, mine]
"""


def test_a_plugins_command_is_one_of_paydaemons(install: Callable[..., None]) -> None:
    install("Digger", "[paydaemon.plugins]\ndigger = installed_digger\n", installed_digger=DIGGER)
    install("Worse", "[paydaemon.plugins]\nworse = installed_worse\n", installed_worse="raise SystemExit(3)")
    run = CliRunner()
    assert run.invoke(cli, ["dig"]).stdout == "found one\n"
    listed = run.invoke(cli, ["--help"])
    assert listed.exit_code == 0
    assert "Dig for coins." in listed.stdout
    assert listed.stdout.count("check-config") == 1
    assert "not ours" not in run.invoke(cli, ["check-config", "--config", "/nowhere"]).output
    assert run.invoke(cli, ["digg"]).exit_code == 2


def test_a_command_that_is_none() -> None:
    assert refused(plugin(register_commands=lambda: [build])).startswith(
        "register_commands() must return a list of Command"
    )
    assert refused(plugin(register_commands=lambda: [click.Command(None)])).startswith(
        "register_commands() returned the name None"
    )
    twice = plugin(register_commands=lambda: [DIG, click.Command("dig")])
    assert refused(twice) == 'it brings the command "dig" twice'
