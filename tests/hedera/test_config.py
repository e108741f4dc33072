"""``[chains.<id>]`` of a Hedera network: what is wrong is told by the name of its key."""

import tomllib
from typing import Any

import pytest

from paydaemon.cli.toml import to_toml
from paydaemon.config import ConfigError, parse_config
from paydaemon.plugins import load_plugins
from paydaemon_hedera.config import MIRRORS, HederaConfig

PLUGINS = load_plugins()
GOOD: dict[str, Any] = {"plugin": "hedera", "network": "testnet", "account": "0.0.1001"}
USDC = {"id": "0.0.429274", "symbol": "USDC", "decimals": 6}


def settings(**changes: Any) -> HederaConfig:
    found = parse_config({"chains": {"hedera": {**GOOD, **changes}}}, PLUGINS).chains["hedera"].settings
    assert isinstance(found, HederaConfig)
    return found


def problems(**changes: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        settings(**{key: value for key, value in changes.items() if value is not ...})
    return [str(problem).removeprefix("chains.hedera") for problem in caught.value.problems]


def test_what_is_not_said_is_what_the_network_has() -> None:
    for network, mirror in MIRRORS.items():
        config = settings(network=network)
        assert (config.mirror, config.speaks_tls, config.nodes, config.tokens) == (mirror, True, None, ())
    local = settings(network="local", mirror_url="http://127.0.0.1:5551/")
    assert (local.mirror, local.speaks_tls) == ("http://127.0.0.1:5551", False)
    assert settings(tls=False).speaks_tls is False


def test_tokens_come_from_tables_of_a_file_and_go_back_into_one() -> None:
    document = {"chains": {"hedera": {**GOOD, "tokens": [USDC, {**USDC, "id": "0.0.7", "symbol": "EURC"}]}}}
    text = """
        [chains.hedera]
        plugin = "hedera"
        network = "testnet"
        account = "0.0.1001"
        [[chains.hedera.tokens]]
        id = "0.0.429274"
        symbol = "USDC"
        decimals = 6
        [[chains.hedera.tokens]]
        id = "0.0.7"
        symbol = "EURC"
        decimals = 6
    """
    assert tomllib.loads(text) == document == tomllib.loads(to_toml(document))
    config = parse_config(tomllib.loads(text), PLUGINS)
    assert [
        asset.symbol for asset in PLUGINS.chains["hedera"].build("h", config.chains["hedera"].settings).assets
    ] == [
        *("HBAR", "USDC", "EURC"),
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"network": ...}, ""),
        ({"network": "mainet"}, '.network: must be "mainnet"'),
        ({"account": "1001"}, ".account: must be a shard, a realm and a number"),
        ({"account": "0.0.01"}, ".account: must be a shard, a realm and a number"),
        ({"account": f"0.0.{2**63}"}, ".account: holds a number that is too large"),
        ({"mirror_url": "ftp://x"}, ".mirror_url: must look like"),
        ({"mirror_url": "https://x/?a=b"}, ".mirror_url: must look like"),
        ({"mirror_url": "https://a:b@x"}, ".mirror_url: must not hold credentials"),
        ({"nodes": {}}, ".nodes: must hold at least 1"),
        ({"nodes": {"3": "h:1"}}, ".nodes: must be a shard, a realm and a number"),
        ({"nodes": {"0.0.3": "h"}}, ".nodes: 0.0.3 must be at a host and a port"),
        ({"nodes": {"0.0.3": "h:99999"}}, ".nodes: 0.0.3 must be at a host and a port"),
        ({"tls": "yes"}, ".tls: must be true or false"),
        ({"tokens": {}}, ".tokens: must be a list"),
        ({"tokens": [{**USDC, "id": "usdc"}]}, ".tokens.0.id: must be a shard, a realm and a number"),
        ({"tokens": [{**USDC, "symbol": "usd"}]}, ".tokens.0.symbol: must match"),
        ({"tokens": [{**USDC, "decimals": 31}]}, ".tokens.0.decimals: must be at most 30"),
        ({"tokens": [USDC, {**USDC, "symbol": "B"}]}, ": each of the tokens must have id of its own"),
        ({"tokens": [USDC, {**USDC, "id": "0.0.8"}]}, ": each of the tokens must have symbol of its own"),
        ({"tokens": [{**USDC, "symbol": "HBAR"}]}, ": each of the tokens must have symbol of its own"),
        ({"memo_prefix": "a b"}, ".memo_prefix: must match"),
        ({"memo_prefix": "x" * 33}, ".memo_prefix: must match"),
        ({"poll_interval_s": 0}, ".poll_interval_s: must be at least 0.1"),
        ({"limits": {"page": 101}}, ".limits.page: must be at most 100"),
        ({"network": "local"}, ': network = "local" needs mirror_url'),
        ({"acount": "0.0.1"}, '.acount: is not a key of this table; did you mean "account"?'),
    ],
)
def test_every_mistake_names_its_key(changes: dict[str, Any], said: str) -> None:
    if changes == {"network": ...}:
        with pytest.raises(ConfigError) as caught:
            parse_config({"chains": {"hedera": {"plugin": "hedera", "account": "0.0.1"}}}, PLUGINS)
        assert str(caught.value) == "chains.hedera.network: is required"
    else:
        assert any(problem.startswith(said) for problem in problems(**changes)), problems(**changes)
