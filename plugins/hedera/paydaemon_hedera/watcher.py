"""The watcher: follows accounts of ours by consensus time, through the mirror node.

A mirror takes in whole blocks, in order, and says up to which it has come; so everything of an account up to
then is seen once its pages are read, and the cursor moves there. What answers is often one of several
machines behind one address, though, of which one lags behind another. So every now and then the time before
the cursor is looked at once more; what is found twice changes nothing.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import structlog
import trio

from paydaemon.core.payment import ChainTime, Observation
from paydaemon.hooks.ports import ChainHost
from paydaemon_hedera.answers import Recorded
from paydaemon_hedera.assets import Assets
from paydaemon_hedera.credits import gains, observation
from paydaemon_hedera.cursor import Cursor
from paydaemon_hedera.limits import HederaLimits
from paydaemon_hedera.mirror import Mirror

log = structlog.get_logger(__name__)

_NS_PER_MS = 1_000_000
_NS_PER_S = 1_000_000_000
_NS_PER_WINDOW = 7 * 86_400 * _NS_PER_S
"""Mirrors refuse to look through too long a time at once."""
_SOON_S = 0.5
_EXPECTED_FOR_S = 60.0
_MOST_EXPECTED = 10_000


class Watcher:
    """Tells the daemon of every credit to `accounts`, and up to when it has seen them all."""

    def __init__(self, mirror: Mirror, host: ChainHost, assets: Assets, limits: HederaLimits) -> None:
        self._mirror = mirror
        self._host = host
        self._assets = assets
        self._limits = limits
        self._cursor: Cursor | None = None
        self._again_at = 0.0
        self._wake = trio.Event()
        self._expected: dict[str, float] = {}

    async def load(self, account: str) -> None:
        """Go on from where an earlier run left off, with `account` watched too."""
        saved = (await self._host.saved()).cursor
        if saved is not None:
            cursor = Cursor.parse(saved)
            self._cursor = replace(cursor, accounts=cursor.accounts | {account})
            return
        newest_ns = await self._mirror.newest_ns() or 0
        self._cursor = Cursor(newest_ns, newest_ns, frozenset([account]))

    def expect(self, id: str) -> None:
        """Look more often until this transaction is seen: consensus has it, and the mirror will in a moment."""
        if len(self._expected) < _MOST_EXPECTED:
            self._expected[id] = trio.current_time() + _EXPECTED_FOR_S
            self._wake.set()

    async def follow(self, every_s: float, looked: Callable[[], None]) -> None:
        """Look every so often until cancelled. Raises `MirrorUnavailable`."""
        while True:
            self._wake = trio.Event()
            began_at = trio.current_time()
            await self.look()
            self._host.looked(trio.current_time() - began_at)
            looked()
            with trio.move_on_after(self._pause_s(every_s)):
                await self._wake.wait()

    async def look(self) -> None:
        """See everything that the mirror has beyond the cursor, and tell of it."""
        assert self._cursor is not None
        newest_ns = await self._mirror.newest_ns()
        if newest_ns is None or newest_ns < self._cursor.seen_ns:
            return  # a machine that lags behind the one asked before
        for account in sorted(self._cursor.accounts):
            await self._tell_of(account, self._from_ns(), newest_ns)
        self._cursor = replace(self._cursor, seen_ns=newest_ns)
        await self._host.observe([], ChainTime(newest_ns // _NS_PER_MS), str(self._cursor))

    def _pause_s(self, every_s: float) -> float:
        now = trio.current_time()
        self._expected = {id: until for id, until in self._expected.items() if until > now}
        return min(every_s, _SOON_S) if self._expected else every_s

    def _from_ns(self) -> int:
        """The cursor, or from time to time some while before it."""
        assert self._cursor is not None
        if trio.current_time() < self._again_at:
            return self._cursor.seen_ns
        self._again_at = trio.current_time() + self._limits.overlap_s / 2
        return max(self._cursor.first_ns, self._cursor.seen_ns - self._limits.overlap_s * _NS_PER_S)

    async def _tell_of(self, account: str, after_ns: int, until_ns: int) -> None:
        async for found in self._pages(account, after_ns, until_ns):
            await self._tell(found)

    async def _pages(self, account: str, after_ns: int, until_ns: int) -> AsyncIterator[tuple[Recorded, ...]]:
        while after_ns < until_ns:
            end_ns = min(until_ns, after_ns + _NS_PER_WINDOW)
            page = await self._mirror.transactions(account, after_ns, end_ns)
            yield page.transactions
            while page.following is not None:
                page = await self._mirror.following(page.following)
                yield page.transactions
            after_ns = end_ns

    async def _tell(self, found: tuple[Recorded, ...]) -> None:
        assert self._cursor is not None
        for one in found:
            self._expected.pop(str(one.id), None)
        gained = [(one, moved) for one in found for moved in gains(one, self._cursor.accounts)]
        assets = await self._assets.learn({moved.asset_code for _, moved in gained}, self._mirror)
        told = [observation(one, moved, assets) for one, moved in gained]
        for batch in _batches(told, self._limits.told_at_once):
            await self._host.observe(batch, None, None)


def _batches(told: list[Observation], most: int) -> list[list[Observation]]:
    return [told[start : start + most] for start in range(0, len(told), most)]
