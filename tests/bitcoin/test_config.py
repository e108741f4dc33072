"""The configuration's keys, and what is refused with which words."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from paydaemon_bitcoin.chain import BitcoinChain, payment_uri
from paydaemon_bitcoin.config import BitcoinConfig
from paydaemon_bitcoin.limits import BitcoinLimits
from tests.bitcoin.test_descriptors import TPRV, TPUB, XPRV, XPUB, ZPUB

LEAST: dict[str, Any] = {"network": "mainnet", "descriptor": ZPUB, "cookie_file": "/var/lib/bitcoind/.cookie"}


def read(**changes: Any) -> BitcoinConfig:
    values = {name: value for name, value in {**LEAST, **changes}.items() if value is not ...}
    return BitcoinConfig.model_validate(values)


def refusal(**changes: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        read(**changes)
    return str(refused.value)


def test_little_is_needed() -> None:
    config = read()
    assert config.node_url() == "http://127.0.0.1:8332"
    assert config.poll_interval_s == 10
    depths = BitcoinChain("bitcoin", config).depths
    assert (depths.default, depths.least, depths.final) == (6, 1, 100)


@pytest.mark.parametrize(("network", "port"), [("testnet4", 48332), ("signet", 38332), ("regtest", 18443)])
def test_each_network_has_its_own_port(network: str, port: int) -> None:
    assert read(network=network, descriptor=TPUB).node_url() == f"http://127.0.0.1:{port}"


def test_every_key_is_described() -> None:
    fields = {**BitcoinConfig.model_fields, **BitcoinLimits.model_fields}
    del fields["limits"]
    assert all(field.description for field in fields.values())


def test_a_chain_has_one_asset_of_eight_decimals() -> None:
    chain = BitcoinChain("main", read())
    (asset,) = chain.assets
    assert (chain.id, asset.chain, asset.code, asset.symbol, asset.decimals) == (
        "main",
        "main",
        "BTC",
        "BTC",
        8,
    )


def test_the_uri_carries_the_exact_amount() -> None:
    assert payment_uri("bc1q", 20_834) == "bitcoin:bc1q?amount=0.00020834"
    assert payment_uri("bc1q", 2_100_000_000_000_000) == "bitcoin:bc1q?amount=21000000.00000000"


@pytest.mark.parametrize(
    "text", [XPRV, TPRV, f"wpkh({XPRV}/0/*)", f"wpkh({XPUB[:-3]}aaa/0/*)", "hello world"]
)
def test_a_wrong_descriptor_is_refused_without_repeating_it(text: str) -> None:
    told = refusal(descriptor=text)
    assert "descriptor" in told
    assert text not in told
    assert text[-20:] not in told


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"network": "testnet3"}, "'mainnet', 'testnet4', 'signet' or 'regtest'"),
        ({"network": "regtest"}, "regtest needs a tpub"),
        ({"descriptor": ...}, "Field required"),
        ({"descriptor": f"wpkh({XPUB}/0/*)#qqqqqqqq"}, "checksum"),
        ({"cookie_file": ...}, "give either cookie_file, or both rpc_user and rpc_password"),
        ({"rpc_user": "u", "rpc_password": {"file": "/p"}}, "give either cookie_file, or both"),
        ({"cookie_file": ..., "rpc_user": "u"}, "give either cookie_file, or both"),
        ({"rpc_password": {"file": "/p"}}, "give either cookie_file, or both"),
        ({"cookie_file": ..., "rpc_user": "u", "rpc_password": "plain"}, "rpc_password"),
        ({"rpc_url": "http://user:pass@127.0.0.1:8332"}, "must not hold credentials"),
        ({"rpc_url": "127.0.0.1:8332"}, "must look like"),
        ({"rpc_url": "ftp://127.0.0.1:8332"}, "must look like"),
        ({"rpc_url": "http://127.0.0.1"}, "must name the port"),
        ({"rpc_url": "http://127.0.0.1:99999"}, "range"),
        ({"zmq_rawtx": "127.0.0.1:28332"}, "must look like"),
        ({"zmq_sequence": "tcp://127.0.0.1"}, "must look like"),
        ({"poll_interval_s": 0.5}, "greater than or equal to 1"),
        ({"poll_interval_s": 61}, "less than or equal to 60"),
        ({"poll_interval_s": float("nan")}, "poll_interval_s"),
        ({"confirmations": 0}, "needs allow_zero_confirmations"),
        ({"confirmations": 101}, "less than or equal to 100"),
        ({"confirmations": "6"}, "valid integer"),
        ({"confirmations": True}, "valid integer"),
        ({"lookahead": 39}, "greater than or equal to 40"),
        ({"rpc_workers": 17}, "less than or equal to 16"),
        ({"wallet": "../../etc"}, "wallet"),
        ({"wallet": ""}, "wallet"),
        ({"electrum": "yes"}, "electrum"),
    ],
)
def test_what_cannot_be_is_refused_by_name(changes: dict[str, Any], words: str) -> None:
    assert words in refusal(**changes)


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2\n")
    config = read(cookie_file=..., rpc_user="u", rpc_password={"file": str(tmp_path / "password")})
    assert config.credentials()() == ("u", "hunter2")
    assert "hunter2" not in repr(config) + repr(BitcoinChain("bitcoin", config).__dict__)


def test_zero_confirmations_are_for_those_who_ask_for_them() -> None:
    config = read(confirmations=0, allow_zero_confirmations=True)
    depths = BitcoinChain("bitcoin", config).depths
    assert (depths.default, depths.least) == (0, 0)


@pytest.mark.parametrize("endpoint", ["tcp://127.0.0.1:28332", "tcp://node.internal:1", "ipc:///run/zmq"])
def test_endpoints_are_zmqs(endpoint: str) -> None:
    assert read(zmq_rawtx=endpoint).zmq_rawtx == endpoint
