"""Plugins load alone: a broken one is told, and stops nobody."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from paydaemon.hooks.specs import ChainPlugin, RateSourcePlugin, SandboxPlugin, hookimpl
from paydaemon.plugins import MAX_REASON, PluginRecord, PluginStatus, load_plugins
from tests.plugins.parts import (
    BOARD,
    COIN,
    DIG,
    PLAYGROUND,
    Keys,
    build,
    chains,
    load,
    plugin,
    record,
    refused,
)

# --- What is loaded


def test_typed_objects_by_name_and_a_record_of_what_is_brought() -> None:
    whole = plugin(
        register_chains=lambda: [COIN],
        register_rate_sources=lambda: (BOARD,),
        register_sandboxes=lambda: [PLAYGROUND],
        register_commands=lambda: [DIG],
    )
    loaded = load({"whole": whole})
    brought = (("coin",), ("board",), ("coin",), ("dig",))
    assert record(loaded, "whole") == PluginRecord(
        "whole", None, None, PluginStatus.LOADED, "", *brought, api="1.0"
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


def test_what_two_claim_belongs_to_neither() -> None:
    """Else one gets the tables that were written for the other."""
    greedy = plugin(register_chains=lambda: [COIN], register_rate_sources=lambda: [BOARD])
    loaded = load({"first": chains(COIN), "second": greedy})
    first, second = record(loaded, "first"), record(loaded, "second")
    assert (first.status, second.status) == (PluginStatus.BROKEN, PluginStatus.BROKEN)
    choose = "disable or uninstall one of them"
    assert first.reason == f'the chain "coin" is brought by the plugin "second" too: {choose}'
    assert second.reason == f'the chain "coin" is brought by the plugin "first" too: {choose}'
    assert "coin" not in loaded.chains
    assert "board" not in loaded.rate_sources


def test_one_of_two_is_disabled_and_the_other_goes_on() -> None:
    loaded = load({"first": chains(COIN), "second": chains(COIN)}, disabled=["second"])
    assert record(loaded, "first").status is PluginStatus.LOADED
    assert loaded.chains["coin"] is COIN


def test_what_is_brought_is_in_the_order_in_which_plugins_were_found() -> None:
    second = ChainPlugin("second", Keys, build)
    assert [*load({"a": chains(COIN), "b": chains(second)}).chains][-2:] == ["coin", "second"]


@pytest.mark.parametrize(
    ("hook", "item", "word", "name"),
    [
        ("register_rate_sources", BOARD, "rate source", "board"),
        ("register_sandboxes", PLAYGROUND, "sandbox", "coin"),
        ("register_commands", DIG, "command", "dig"),
    ],
)
def test_every_kind_of_name_has_one_holder(hook: str, item: object, word: str, name: str) -> None:
    one = plugin(**{hook: lambda: [item]})
    reason = record(load({"a": one, "b": one}), "b").reason
    assert reason.startswith(f'the {word} "{name}" is brought by the plugin "a" too')


def test_two_plugins_of_one_name() -> None:
    loaded = load({"rates": chains(COIN)})
    installed, given = [one for one in loaded.records if one.name == "rates"]
    assert (installed.status, given.status) == (PluginStatus.BROKEN, PluginStatus.BROKEN)
    assert given.reason == 'the plugin "rates" of paydaemon-rates has the same name: uninstall one of them'
    assert "coin" not in loaded.chains


def test_a_plugin_needs_a_name_of_its_own() -> None:
    bad = record(load({"My Plugin": chains(COIN)}), "My Plugin")
    assert bad.reason == "its name must be made of a-z, 0-9, - and _, starting with a letter, 32 at most"
