"""A view key belongs with one address, and a wallet of two that do not is refused."""

from collections.abc import Mapping
from typing import Any

import pytest

from paydaemon.hooks.ports import ChainMismatch
from paydaemon_monero.errors import VIEW_ONLY, RpcError, Unavailable, Unreadable
from paydaemon_monero.keys import belongs, public_view_key
from paydaemon_monero.making import SELLER_ADDRESS, SELLER_VIEW_KEY
from paydaemon_monero.wallet import Wallet

WRONG = SELLER_VIEW_KEY.replace("226", "026", 1)

# The Monero project's own wallet for donations, as its documentation tells it.
DONATIONS = (
    "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A",
    "f359631075708155cc3d92a32b75a7d02a5dcf27756707b47a2b31b21c389501",
)


@pytest.mark.parametrize(("address", "key"), [(SELLER_ADDRESS, SELLER_VIEW_KEY), DONATIONS])
def test_a_key_belongs_with_its_own_address_alone(address: str, key: str) -> None:
    assert belongs(key, address)
    assert not belongs(WRONG, address)
    assert not belongs("00" * 32, address)


@pytest.mark.parametrize("address", ["", SELLER_ADDRESS[:-1], SELLER_ADDRESS[:-1] + "0", "z" * 95])
def test_what_is_no_address_is_said_to_be_none(address: str) -> None:
    with pytest.raises(Unreadable, match="address is a str of an unexpected form"):
        public_view_key(address)


@pytest.mark.parametrize("key", ["", "7d", "no hex" * 11, SELLER_VIEW_KEY + "00"])
def test_what_is_no_key_is_not_repeated(key: str) -> None:
    with pytest.raises(Unreadable) as error:
        belongs(key, SELLER_ADDRESS)
    assert not key or key not in str(error.value)


class AServer:
    """What a wallet's server answers of its keys."""

    def __init__(self, view_key: str) -> None:
        self.view_key = view_key

    async def call(self, method: str, params: Mapping[str, Any]) -> Any:
        match method, params:
            case "query_key", {"key_type": "spend_key"}:
                raise RpcError(method, VIEW_ONLY, "The wallet is watch-only. Cannot retrieve spend key.")
            case "query_key", {"key_type": "view_key"}:
                return {"key": self.view_key}
            case _:
                return {"address": SELLER_ADDRESS}


async def test_a_wallet_with_the_key_of_another_is_refused_and_its_key_is_not_told() -> None:
    right: Any = AServer(SELLER_VIEW_KEY)
    assert await Wallet(right, 0, 1).primary() == SELLER_ADDRESS
    for wrong in (WRONG, "00" * 32):
        server: Any = AServer(wrong)
        with pytest.raises(ChainMismatch, match="view key is not that of its address") as refused:
            await Wallet(server, 0, 1).primary()
        assert wrong not in str(refused.value)
    unreadable: Any = AServer("hunter2")
    with pytest.raises(Unavailable, match="key is a str of an unexpected form"):
        await Wallet(unreadable, 0, 1).primary()
