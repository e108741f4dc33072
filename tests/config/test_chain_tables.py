"""``[plugins]``, ``[chains.<id>]`` and ``[rates.<source>]`` as tables; a plugin's own keys are next door."""

import pytest

from paydaemon.config import ConfigError, parse_config
from tests.config.coins import GOOD, PLUGINS, CoinSettings, parsed, problems


def test_disabled_plugins_are_named() -> None:
    assert parsed(plugins={"disabled": ["bitcoin"]}).plugins.disabled == ("bitcoin",)
    assert problems(plugins={"disabled": ["bitcion"]}) == [
        'plugins.disabled.0: is not an installed plugin; did you mean "bitcoin"?'
    ]
    assert problems(plugins={"disabled": "bitcoin"}) == ["plugins.disabled: must be a list"]
    assert problems(plugins={"disabled": [7]}) == ["plugins.disabled.0: must be text in quotes"]


@pytest.mark.parametrize("document", [{}, {"chains": {}}])
def test_no_chain(document: dict[str, object]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(document, PLUGINS)
    assert str(caught.value) == (
        "chains: no chain is configured: there must be a table such as [chains.bitcoin]"
    )


def test_several_chains_of_one_kind() -> None:
    config = parsed(chains={"main": GOOD, "a-2": {**GOOD, "depth": 9}})
    assert list(config.chains) == ["main", "a-2"]
    chain = config.chains["a-2"]
    assert (chain.id, chain.plugin) == ("a-2", PLUGINS.chains["coin"])
    assert isinstance(chain.settings, CoinSettings)
    assert chain.settings.depth == 9


@pytest.mark.parametrize("id", ["A", "1a", "a_b", "a.b", "", "a" * 33, "ä", "-a"])
def test_ids_that_no_chain_can_have(id: str) -> None:
    (problem,) = problems(chains={id: GOOD})
    assert problem.endswith(": must be made of a-z, 0-9 and -, begin with a letter, and have 32 at most")


def test_chains_that_are_no_tables() -> None:
    assert problems(chains=7) == ["chains: must hold tables such as [chains.bitcoin]"]
    assert problems(chains={"main": GOOD, "plugin": "coin"}) == [
        "chains.plugin: must be a table such as [chains.bitcoin]"
    ]
    assert problems(chains=[GOOD]) == ["chains: must hold tables such as [chains.bitcoin]"]


def test_which_kind_of_chain() -> None:
    words = "chains.main.plugin: "
    keys = {"rpc_url": "http://127.0.0.1:1"}
    assert problems(chains={"main": keys}) == [words + 'is required: there is "coin", "hedera", "monero"']
    assert problems(chains={"main": {**keys, "plugn": "coin"}}) == [
        words + 'is required: there is "coin", "hedera", "monero"; is it what "plugn" was meant to be?'
    ]
    assert problems(chains={"main": {**keys, "plugin": 7}}) == [words + "must be text in quotes"]
    assert problems(chains={"main": {**keys, "plugin": "zzz"}}) == [
        words + 'is brought by no installed plugin: there is "coin", "hedera", "monero"'
    ]


def test_a_chain_whose_plugin_is_out_of_order_says_why() -> None:
    reason = 'there is no hook "register_chain"; did you mean "register_chains"?'
    assert problems(chains={"main": {"plugin": "broken"}}) == [
        f"chains.main.plugin: the plugin of this name is broken: {reason}"
    ]
    assert problems(chains={"main": {"plugin": "bitcoin"}}) == [
        "chains.main.plugin: the plugin of this name is disabled: disabled in the configuration"
    ]


def test_rates() -> None:
    config = parsed(rates={"fixed": {"prices": {"BTC/EUR": "60000.00"}}})
    plugin, settings = config.rates["fixed"]
    assert plugin is PLUGINS.rate_sources["fixed"]
    assert isinstance(settings, plugin.config)
    assert config.rates["fixed"].settings is settings


def test_rates_that_are_none() -> None:
    (said,) = problems(rates={"fixd": {}})
    assert said.startswith('rates.fixd: is brought by no installed plugin: there is "binance", ')
    assert said.endswith('; did you mean "fixed"?')
    assert problems(rates=7) == ["rates: must hold tables such as [rates.fixed]"]
    assert problems(rates={"fixed": 7}) == ["rates.fixed: must be a table such as [rates.fixed]"]
    assert problems(rates={"fixed": {}}) == ["rates.fixed.prices: is required"]
    assert problems(rates={"fixed": {"prices": {}}}) == ["rates.fixed.prices: must hold at least 1"]
    assert problems(rates={"fixed": {"prices": {"btc/eur": "0"}}}) == [
        'rates.fixed.prices."btc/eur": must be a pair in capitals such as "BTC/EUR"',
        'rates.fixed.prices."btc/eur": must be more than zero',
    ]
