"""The view-only wallet: the subaddresses that it watches, and what it lists as paid to them.

Only what the wallet has made does it watch. So a subaddress is made, and the wallet's file stored, before
anybody is told of it; and how many there are is noted in that file (``set_attribute``). A wallet without that
note, or with one of fewer than were given out, is one that was restored, or whose file was lost: it makes
them anew, the same ones, and is rescanned once, because it looked past what was paid to them. The note is
made after that, so whatever is interrupted is begun again.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
import trio

from paydaemon.hooks.ports import ChainMismatch
from paydaemon_monero import answers
from paydaemon_monero.answers import Transfer
from paydaemon_monero.errors import (
    DENIED,
    NO_ACCOUNT,
    NO_ADDRESS,
    NO_ATTRIBUTE,
    NO_TRANSACTION,
    VIEW_ONLY,
    RpcError,
    Unavailable,
)
from paydaemon_monero.limits import MoneroLimits
from paydaemon_monero.node import understood
from paydaemon_monero.rpc import Rpc

log = structlog.get_logger(__name__)

Progress = Callable[[str], None]
IsIssued = Callable[[int], Awaitable[bool]]
"""Whether a subaddress of that number, or a higher one, was given out."""

AT_ONCE = 64
"""How many subaddresses a wallet makes in one call at most (``create_address``); it takes about a second."""

_TOP_UP = 16
_NO_KEY = frozenset("0")


class Wallet:
    """One account of the wallet that the server has open."""

    def __init__(self, rpc: Rpc, account: int, lookahead: int, limits: MoneroLimits) -> None:
        self.account = account
        self._rpc = rpc
        self._lookahead = lookahead
        self._limits = limits
        self._lock = trio.Lock()
        self._made = 0
        self._given = 0

    # What is there

    async def primary(self) -> str:
        """The wallet's own address, by which it is known.

        Raises `ChainMismatch` where the wallet can spend: no such key may be on this machine.
        """
        if await self._can_spend():
            raise ChainMismatch("the wallet can spend: make a view-only one of its address and view key")
        said = await self._rpc.call("get_address", {"account_index": 0, "address_index": [0]})
        return understood("the wallet", lambda said: answers.text(said, "address"), said)

    async def counted(self) -> tuple[int, int | None]:
        """How many subaddresses there are, and how many are noted: see the module."""
        if not await self._has_account():
            return 0, None
        return await self._count(), await self._noted()

    async def catch_up(self) -> int:
        """Let it take in the newest blocks; returns how many it knows. May take hours."""
        await self._rpc.call("refresh", timeout_s=self._limits.catch_up_timeout_s)
        said = await self._rpc.call("get_height")
        return understood("the wallet", lambda said: answers.integer(said, "height"), said)

    async def height(self) -> int:
        """How many blocks it knows now."""
        said = await self._rpc.call("get_height")
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
        return self._listed(await self._rpc.call("get_transfers", asked))

    async def transfer(self, txid: str) -> Sequence[Transfer]:
        """What one transaction pays the account, wherever it is."""
        asked = {"txid": txid, "account_index": self.account}
        try:
            return self._listed(await self._rpc.call("get_transfer_by_txid", asked))
        except RpcError as error:
            if error.code != NO_TRANSACTION:
                raise
            return ()

    async def address(self, minor: int) -> str:
        """The subaddress of that number, which it has been made to watch.

        Raises `Unavailable` where the wallet has none.
        """
        await self._make_noted(minor + 1)
        found = await self._address(minor)
        if found is None:
            raise Unavailable(f"the wallet has no subaddress {minor}: it is another one than before")
        self._given = max(self._given, minor + 1)
        return found

    # Making subaddresses

    async def open(self, given: int, is_issued: IsIssued, progress: Progress) -> None:
        """See that it watches all numbers below `given`, which may have been given out, and then some."""
        await self._make_account()
        self._given = given
        self._made = await self._count()
        noted = await self._noted()
        behind = given > 1 if noted is None else await is_issued(noted)
        if noted is None and not behind and self._made > 1:
            self._warn_of_others()
        await self._make(given, progress)
        if behind:
            await self._rescan(progress)
        await self._note()
        await self.keep_ahead()

    async def keep_ahead(self) -> None:
        """Make some more where too few are left, not so many at once that others wait for it."""
        if self._made - self._given < self._lookahead // 2:
            await self._make_noted(self._made + min(_TOP_UP, self._lookahead))

    async def _make_noted(self, count: int) -> None:
        """See that there are so many, and that the wallet's file says so."""
        async with self._lock:
            if self._made < count:
                await self._make(count)
                await self._note()

    async def _make(self, count: int, progress: Progress | None = None) -> None:
        while self._made < count:
            if progress is not None:
                progress(f"the wallet makes its subaddresses ({self._made} of {count})")
            await self._make_some(min(AT_ONCE, max(_TOP_UP, count - self._made)))

    async def _make_some(self, count: int) -> None:
        said = await self._rpc.call("create_address", {"account_index": self.account, "count": count})
        last = understood("the wallet", lambda said: answers.integers(said, "address_indices"), said)[-1]
        self._made = last + 1

    async def _rescan(self, progress: Progress) -> None:
        """Let the wallet look through all blocks since it was made. May take hours."""
        log.warning("rescanning the wallet", account=self.account, subaddresses=self._made)
        progress(
            "the wallet is rescanned, since it did not know of all subaddresses; it says nothing until then"
        )
        try:
            await self._rpc.call(
                "rescan_blockchain", {"hard": False}, timeout_s=self._limits.rescan_timeout_s
            )
        except RpcError as error:
            raise Unavailable(f"the wallet must be rescanned, and cannot: {error.message}") from None
        log.info("rescanned the wallet", account=self.account)

    def _warn_of_others(self) -> None:
        log.warning(
            "the wallet has given out subaddresses before, and this database knows none of them: "
            "if it was lost, restore a backup",
            account=self.account,
            subaddresses=self._made,
        )

    async def _make_account(self) -> None:
        """An account is made of its number, like everything in a wallet."""
        while not await self._has_account():
            await self._rpc.call("create_account", {})

    async def _has_account(self) -> bool:
        try:
            return await self._address(0) is not None
        except RpcError as error:
            if error.code != NO_ACCOUNT:
                raise
            return False

    async def _count(self) -> int:
        """How many subaddresses there are, found out by asking for single ones: a list of all may be long."""
        least, most = 1, 2
        while await self._address(most - 1) is not None:
            least, most = most, most * 2
        while most - least > 1:
            middle = (least + most) // 2
            if await self._address(middle - 1) is not None:
                least = middle
            else:
                most = middle
        return least

    async def _address(self, minor: int) -> str | None:
        asked = {"account_index": self.account, "address_index": [minor]}
        try:
            said = await self._rpc.call("get_address", asked)
        except RpcError as error:
            if error.code != NO_ADDRESS:
                raise
            return None
        (entry,) = understood("the wallet", lambda said: answers.listed(said, "addresses"), said) or ({},)
        return understood("the wallet", lambda said: answers.text(said, "address"), entry)

    # Notes in the wallet's file

    @property
    def _key(self) -> str:
        return f"paydaemon.{self.account}.subaddresses"

    async def _noted(self) -> int | None:
        """How many it has watched for as long as they could be paid; None where nothing is noted."""
        try:
            said = await self._rpc.call("get_attribute", {"key": self._key})
        except RpcError as error:
            if error.code != NO_ATTRIBUTE:
                raise
            return None
        value = understood("the wallet", lambda said: answers.text(said, "value"), said)
        return int(value) if value.isascii() and value.isdigit() else None

    async def _note(self) -> None:
        await self._rpc.call("set_attribute", {"key": self._key, "value": str(self._made)})
        await self._rpc.call("store")

    # Keys

    async def _can_spend(self) -> bool:
        """Whether the wallet holds the key that spends; the key itself is looked at no further."""
        try:
            said = await self._rpc.call("query_key", {"key_type": "spend_key"})
        except RpcError as error:
            if error.code == DENIED:
                raise Unavailable(
                    "the wallet's server runs with --restricted-rpc, and so makes no subaddress"
                ) from None
            if error.code != VIEW_ONLY:
                log.warning("the wallet cannot tell whether it can spend", error=error.message)
            return False
        return not set(str(said.get("key", ""))) <= _NO_KEY

    def _listed(self, said: Any) -> Sequence[Transfer]:
        return understood("the wallet", lambda said: answers.transfers(said, self.account), said)
