"""The view-only wallet: whose it is, and what it lists as paid.

A server has one wallet open, and whoever has its login can open another one at any time. No call names the
wallet that it is meant for. So what is answered counts only where it says itself whose it is: an address is
always asked for together with one that is known, and the wallet that answers both in one go is the right one.
What does not say it, such as a list of nothing, counts only if the wallet was the right one before and
afterwards (`check`). Those are milliseconds, in which nobody opens another one and the first again: each
takes a good part of a second, since a wallet's file is encrypted by a hash that is slow on purpose.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from paydaemon.hooks.ports import ChainMismatch
from paydaemon_monero import answers
from paydaemon_monero.answers import Transfer
from paydaemon_monero.errors import (
    DENIED,
    NO_ACCOUNT,
    NO_ADDRESS,
    NO_TRANSACTION,
    VIEW_ONLY,
    WRONG_ADDRESS,
    RpcError,
    Unavailable,
)
from paydaemon_monero.keys import belongs
from paydaemon_monero.node import understood
from paydaemon_monero.rpc import Rpc

log = structlog.get_logger(__name__)

ANOTHER = "another wallet is open than before, or an older file of it"

_NO_KEY = frozenset("0")
_NOBODY = (0, "")


class Wallet:
    """One account of the wallet that the server has open."""

    def __init__(self, rpc: Rpc, account: int, catch_up_timeout_s: float) -> None:
        self.account = account
        self.rpc = rpc
        self._catch_up_timeout_s = catch_up_timeout_s
        self._known = _NOBODY

    # Whose it is

    async def primary(self) -> str:
        """The wallet's own address, by which it is known.

        Raises `ChainMismatch` where the wallet can spend, since no such key may be on this machine, and where
        its view key is not that of its address.
        """
        if await self._can_spend():
            raise ChainMismatch("the wallet can spend: make a view-only one of its address and view key")
        said = await self.rpc.call("get_address", {"account_index": 0, "address_index": [0]})
        primary = understood("the wallet", lambda said: answers.text(said, "address"), said)
        if not await self._sees(primary):
            raise ChainMismatch(
                f"the wallet's view key is not that of its address ({primary[:8]}…), so it would see nothing "
                "of what is paid: make the wallet anew, of the right key"
            )
        return primary

    async def recognise(self, primary: str) -> bool:
        """Know it from now on by its account's own address; returns whether it has the account.

        Raises `Unavailable` where the open wallet is not that of the address `primary`.
        """
        own = understood("the wallet", answers.accounts, await self.rpc.call("get_accounts"))
        if own.get(0) != primary:
            raise Unavailable(ANOTHER)
        if self.account not in own:
            return False
        self._known = (0, own[self.account])
        return True

    async def know(self, minor: int) -> None:
        """Know it from now on by the subaddress of that number, which follows from its view key too."""
        address = await self.address_of(minor)
        if address is None:
            raise Unavailable(ANOTHER)
        self._known = (minor, address)

    def forget(self) -> None:
        """It is not as it was: nothing counts until it is recognised again."""
        self._known = _NOBODY

    async def check(self) -> None:
        """Raise `Unavailable` where another wallet is open by now, or an older file of this one."""
        minor, address = self._known
        try:
            said = await self.rpc.call("get_address_index", {"address": address})
        except RpcError as error:
            if error.code != WRONG_ADDRESS:
                raise
            raise Unavailable(ANOTHER) from None
        if understood("the wallet", answers.index, said) != (self.account, minor):
            raise Unavailable(ANOTHER)

    async def address_of(self, minor: int) -> str | None:
        """The subaddress of that number in the wallet that is known; None where it has made none.

        Raises `Unavailable` where another wallet answers.
        """
        known, expected = self._known
        asked = {"account_index": self.account, "address_index": [known, minor]}
        try:
            said = await self.rpc.call("get_address", asked)
        except RpcError as error:
            if error.code == NO_ADDRESS:
                return None
            if error.code == NO_ACCOUNT:
                raise Unavailable(ANOTHER) from None
            raise
        own, found = understood("the wallet", lambda said: answers.addresses(said, 2), said)
        if own != expected:
            raise Unavailable(ANOTHER)
        return found

    # What it lists

    async def catch_up(self) -> int:
        """Let it take in the newest blocks; returns how many it knows. May take hours."""
        await self.rpc.call("refresh", timeout_s=self._catch_up_timeout_s)
        await self.check()
        return await self.height()

    async def height(self) -> int:
        """How many blocks it knows now."""
        said = await self.rpc.call("get_height")
        return understood("the wallet", lambda said: answers.integer(said, "height"), said)

    async def transfers(self, above: int) -> Sequence[Transfer]:
        """What was paid to the account in blocks above that height, and in the pool."""
        asked = {
            "in": True,
            "pool": True,
            "account_index": self.account,
            "filter_by_height": True,
            "min_height": above,
        }
        return self._listed(await self.rpc.call("get_transfers", asked))

    async def transfer(self, txid: str) -> Sequence[Transfer]:
        """What one transaction pays the account, wherever it is."""
        asked = {"txid": txid, "account_index": self.account}
        try:
            return self._listed(await self.rpc.call("get_transfer_by_txid", asked))
        except RpcError as error:
            if error.code != NO_TRANSACTION:
                raise
            return ()

    def _listed(self, said: Any) -> Sequence[Transfer]:
        return understood("the wallet", lambda said: answers.transfers(said, self.account), said)

    # Keys

    async def _can_spend(self) -> bool:
        """Whether the wallet holds the key that spends; the key itself is looked at no further."""
        try:
            said = await self.rpc.call("query_key", {"key_type": "spend_key"})
        except RpcError as error:
            if error.code == DENIED:
                raise Unavailable(
                    "the wallet's server runs with --restricted-rpc, and so makes no subaddress"
                ) from None
            if error.code != VIEW_ONLY:
                log.warning("the wallet cannot tell whether it can spend", error=error.message)
            return False
        return not set(str(said.get("key", ""))) <= _NO_KEY

    async def _sees(self, primary: str) -> bool:
        """Whether its view key is that of its own address; the key is used for that, and not kept."""

        def read(said: Mapping[str, Any]) -> bool:
            return belongs(answers.text(said, "key"), primary)

        return understood("the wallet", read, await self.rpc.call("query_key", {"key_type": "view_key"}))
