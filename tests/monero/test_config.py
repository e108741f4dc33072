"""What the table of a Monero chain takes, and by which word it refuses."""

from typing import Any

import pytest
from pydantic import ValidationError

from paydaemon_monero.config import MoneroConfig

LEAST: dict[str, Any] = {"network": "mainnet", "wallet_rpc_url": "http://127.0.0.1:18083"}


def test_network_and_wallet_are_enough() -> None:
    config = MoneroConfig.model_validate(LEAST)
    assert (config.node_url(), config.confirmations, config.account) == ("http://127.0.0.1:18081", 10, 0)
    assert (config.wallet_login(), config.node_login()) == (None, None)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"wallet_rpc_url": "http://user:hunter2@127.0.0.1:18083"}, "must not hold credentials"),
        ({"wallet_rpc_url": "127.0.0.1:18083"}, "must look like"),
        ({"monerod_url": "http://127.0.0.1"}, "must name the port"),
        ({"monerod_url": "http://127.0.0.1:0"}, "must name the port, from 1"),
        ({"monerod_url": "http://127.0.0.1:65536"}, "must look like .* with a port from 1 to 65535"),
        ({"monerod_url": "http://[::1:18081"}, "must look like"),
        ({"wallet_rpc_url": "http://127.0.0.1:18083/json_rpc"}, 'a path such as "/json_rpc" is not wanted'),
        ({"monerod_url": LEAST["wallet_rpc_url"] + "/"}, "wallet_rpc_url and monerod_url are the same"),
        ({"wallet_rpc_url": "http://127.0.0.1:18081"}, "wallet_rpc_url and monerod_url are the same"),
        ({"wallet_rpc_user": "user"}, "give both wallet_rpc_user and wallet_rpc_password"),
        ({"monerod_password": {"file": "/p"}}, "give both monerod_user and monerod_password"),
        ({"confirmations": 0}, "greater than or equal to 1"),
        ({"account": 50}, "less than or equal to 49"),
        ({"network": "fakechain"}, "Input should be"),
        ({"spend_key": "00" * 32}, "Extra inputs are not permitted"),
    ],
)
def test_what_cannot_work_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said) as refused:
        MoneroConfig.model_validate({**LEAST, **changes})
    assert "hunter2" not in str(refused.value)
