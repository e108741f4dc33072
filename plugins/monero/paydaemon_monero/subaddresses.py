"""The wallet's subaddresses: as many as were given out, and then some.

Only what the wallet has made does it watch. So a subaddress is made, and the wallet's file stored, before
anybody is told of it; and how many there are is noted in that file (``set_attribute``), with whose they are.
A wallet without that note, or with one of fewer than were given out, is one that was restored, or whose file
was lost: it makes them anew, the same ones, and is rescanned once, because it looked past what was paid to
them. The note is made after that, so whatever is interrupted is begun again.
"""

from collections.abc import Awaitable, Callable

import structlog
import trio

from paydaemon_monero import answers
from paydaemon_monero.errors import NO_ATTRIBUTE, RpcError, Unavailable
from paydaemon_monero.node import understood
from paydaemon_monero.wallet import Wallet

log = structlog.get_logger(__name__)

Progress = Callable[[str], None]
IsIssued = Callable[[int], Awaitable[bool]]
"""Whether a subaddress of that number, or a higher one, was given out."""

AT_ONCE = 64
"""How many subaddresses a wallet makes in one call at most (``create_address``); it takes about a second."""

_TOP_UP = 16


class Subaddresses:
    """Those of one account of one wallet."""

    def __init__(self, wallet: Wallet, lookahead: int, rescan_timeout_s: float) -> None:
        self._wallet = wallet
        self._rpc = wallet.rpc
        self._lookahead = lookahead
        self._rescan_timeout_s = rescan_timeout_s
        self._lock = trio.Lock()
        self._primary = ""
        self._made = 0
        self._given = 0

    async def counted(self, primary: str) -> tuple[int, int | None]:
        """How many there are in the wallet of that address, and how many are noted: see the module."""
        self._primary = primary
        if not await self._wallet.recognise(primary):
            return 0, None
        return await self._count(), await self._noted()

    async def address(self, minor: int) -> str:
        """The subaddress of that number, which the wallet has been made to watch.

        Raises `Unavailable` where the wallet has none, or another one is open.
        """
        await self._make_noted(minor + 1)
        found = await self._wallet.address_of(minor)
        if found is None:
            self._wallet.forget()
            raise Unavailable(f"the wallet has no subaddress {minor}: it is another one than before")
        self._given = max(self._given, minor + 1)
        return found

    async def open(self, primary: str, given: int, is_issued: IsIssued, progress: Progress) -> None:
        """See that the wallet of that address watches all numbers below `given`, which may have been given
        out, and then some.
        """
        await self._make_account(primary)
        self._primary, self._given = primary, given
        self._made = await self._count()
        noted = await self._noted()
        behind = given > 1 if noted is None else await is_issued(noted)
        if noted is None and not behind and self._made > 1:
            self._warn_of_others()
        await self._make(max(given, _TOP_UP), progress)
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
        """See that there are so many, and know the wallet by the last of them."""
        while self._made < count:
            if progress is not None:
                progress(f"the wallet makes its subaddresses ({self._made} of {count})")
            await self._make_some(min(AT_ONCE, max(_TOP_UP, count - self._made)))
        await self._wallet.know(self._made - 1)

    async def _make_some(self, count: int) -> None:
        await self._wallet.check()
        asked = {"account_index": self._wallet.account, "count": count}
        said = await self._rpc.call("create_address", asked)
        last = understood("the wallet", lambda said: answers.integers(said, "address_indices"), said)[-1]
        self._made = last + 1

    async def _rescan(self, progress: Progress) -> None:
        """Let the wallet look through all blocks since it was made. May take hours."""
        log.warning("rescanning the wallet", account=self._wallet.account, subaddresses=self._made)
        progress(
            "the wallet is rescanned, since it did not know of all subaddresses; it says nothing until then"
        )
        try:
            await self._rpc.call("rescan_blockchain", {"hard": False}, timeout_s=self._rescan_timeout_s)
        except RpcError as error:
            raise Unavailable(f"the wallet must be rescanned, and cannot: {error.message}") from None
        await self._wallet.check()
        log.info("rescanned the wallet", account=self._wallet.account)

    def _warn_of_others(self) -> None:
        log.warning(
            "the wallet has given out subaddresses before, and this database knows none of them: "
            "if it was lost, restore a backup",
            account=self._wallet.account,
            subaddresses=self._made,
        )

    async def _make_account(self, primary: str) -> None:
        """An account is made of its number, like everything in a wallet."""
        while not await self._wallet.recognise(primary):
            await self._rpc.call("create_account", {})

    async def _count(self) -> int:
        """How many there are, found out by asking for single ones: a list of all may be long."""
        least, most = 1, 2
        while await self._wallet.address_of(most - 1) is not None:
            least, most = most, most * 2
        while most - least > 1:
            middle = (least + most) // 2
            if await self._wallet.address_of(middle - 1) is not None:
                least = middle
            else:
                most = middle
        return least

    # Notes in the wallet's file

    @property
    def _key(self) -> str:
        return f"paydaemon.{self._wallet.account}.subaddresses"

    async def _noted(self) -> int | None:
        """How many it has watched for as long as they could be paid; None where nothing is noted.

        A note that was made for another wallet is none.
        """
        try:
            said = await self._rpc.call("get_attribute", {"key": self._key})
        except RpcError as error:
            if error.code != NO_ATTRIBUTE:
                raise
            return None
        value = understood("the wallet", lambda said: answers.text(said, "value"), said)
        count, _, whose = value.partition(" ")
        return int(count) if count.isascii() and count.isdigit() and whose in ("", self._primary) else None

    async def _note(self) -> None:
        await self._rpc.call("set_attribute", {"key": self._key, "value": f"{self._made} {self._primary}"})
        await self._rpc.call("store")
