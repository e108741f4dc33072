"""The watcher: follows accounts of ours by consensus time, through the mirror node.

A mirror takes in whole blocks, in order, and says up to which it has come; so everything of an account up to
then is seen once its pages are read. What answers is often one of several machines, though, so the cursor
moves only as far as all of them have come (`paydaemon_hedera.reach`), and every now and then a longer while
before it is looked at once more. What is found twice changes nothing.
"""

import random
from collections.abc import Callable, Iterator
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
NS_PER_WINDOW = 86_400 * _NS_PER_S
"""The most that is looked through before the cursor moves. Mirrors refuse much more than a week at once."""
_SOON_S = 0.5
_APART_S = 0.25
"""However much is expected, it is not looked more often than this: a mirror is seconds behind anyway."""
_EXPECTED_FOR_S = 60.0
_MOST_EXPECTED = 10_000


class Watcher:
    """Tells the daemon of every credit to accounts of ours, and up to when it has seen them all."""

    def __init__(
        self, mirror: Mirror, host: ChainHost, assets: Assets, cursor: Cursor, limits: HederaLimits
    ) -> None:
        self._mirror = mirror
        self._host = host
        self._assets = assets
        self._cursor = cursor
        self._limits = limits
        self._again_at = -1.0
        self._wake = trio.Event()
        self._expected: dict[str, float] = {}

    @classmethod
    async def load(
        cls, mirror: Mirror, host: ChainHost, assets: Assets, account: str, limits: HederaLimits
    ) -> "Watcher | None":
        """One that goes on from where an earlier run left off, with `account` watched too.

        None where nothing was ever seen and the network has no block yet.
        """
        newest_ns, saved = await mirror.newest_ns(), (await host.saved()).cursor
        if saved is not None:
            cursor = Cursor.parse(saved)
            return cls(mirror, host, assets, cursor.watching(account), limits)
        if newest_ns is None:
            return None
        return cls(mirror, host, assets, Cursor(newest_ns, newest_ns, frozenset([account])), limits)

    def expect(self, id: str) -> None:
        """Look more often until this transaction is seen: consensus has it, and the mirror will soon."""
        if len(self._expected) < _MOST_EXPECTED:
            self._expected[id] = trio.current_time() + _EXPECTED_FOR_S
            self._wake.set()

    def look_soon(self) -> None:
        """Look without waiting for the next time. However often it is called, looks keep their distance."""
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
                await trio.sleep_until(began_at + _APART_S)

    async def look(self) -> None:
        """See everything that the mirror has beyond the cursor. Raises `MirrorUnavailable`."""
        await self._ask_how_far()
        reach = self._mirror.reach
        for after_ns, until_ns in _windows(self._from_ns(), reach.newest_ns or 0):
            for account in sorted(self._cursor.accounts):
                await self._tell_of(account, after_ns, until_ns)
            await self._come_to(min(until_ns, reach.complete_ns or 0))

    async def _ask_how_far(self) -> None:
        """Once or twice, by chance: machines may take turns, and we would always ask the same one this."""
        for _ in range(random.randint(1, 2)):
            await self._mirror.newest_ns()

    async def _come_to(self, complete_ns: int) -> None:
        seen_ns = max(self._cursor.seen_ns, complete_ns)
        self._cursor = replace(self._cursor, seen_ns=seen_ns)
        await self._host.observe([], ChainTime(seen_ns // _NS_PER_MS), str(self._cursor))

    def _pause_s(self, every_s: float) -> float:
        now = trio.current_time()
        self._expected = {id: until for id, until in self._expected.items() if until > now}
        return min(every_s, _SOON_S) if self._expected else every_s

    def _from_ns(self) -> int:
        """The cursor, or from time to time some while before it."""
        if trio.current_time() < self._again_at:
            return self._cursor.seen_ns
        self._again_at = trio.current_time() + self._limits.overlap_s / 2
        return max(self._cursor.first_ns, self._cursor.seen_ns - self._limits.overlap_s * _NS_PER_S)

    async def _tell_of(self, account: str, after_ns: int, until_ns: int) -> None:
        has_more = True
        while has_more:
            page = await self._mirror.transactions(account, after_ns, until_ns)
            await self._tell(page.transactions)
            has_more = page.has_more
            after_ns = page.transactions[-1].consensus_ns if has_more else until_ns

    async def _tell(self, found: tuple[Recorded, ...]) -> None:
        gained = [(one, moved) for one in found for moved in gains(one, self._cursor.accounts)]
        assets = await self._assets.learn({moved.asset_code for _, moved in gained}, self._mirror)
        told = [observation(one, moved, assets) for one, moved in gained]
        for batch in _batches(told, self._limits.told_at_once):
            await self._host.observe(batch, None, None)
        for one in found:
            self._expected.pop(str(one.id), None)


def _windows(after_ns: int, until_ns: int) -> Iterator[tuple[int, int]]:
    """The time in between, in pieces."""
    while after_ns < until_ns:
        end_ns = min(until_ns, after_ns + NS_PER_WINDOW)
        yield after_ns, end_ns
        after_ns = end_ns


def _batches(told: list[Observation], most: int) -> list[list[Observation]]:
    return [told[start : start + most] for start in range(0, len(told), most)]
