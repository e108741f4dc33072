"""The watcher: one task that reconciles what the daemon was told with what the node and its wallet say.

A *look* asks the node how long the chain is, lets the wallet take in its newest blocks, lists what the wallet
has above the base, and asks the node about every credit that is in no block: the wallet says what a
transaction is worth, the node where it stands. The two are asked one after the other, so a look counts only
if the node is still at the block at which it began, and the wallet at the same height and the same wallet;
else it is begun anew. Then nothing can be lost in between, and only then something is told: also up to when
the chain was seen complete.

While it takes in blocks a wallet answers nothing else, so nobody can know whether it is at work or hangs. A
look waits for it as long as it takes, and tells that it waits.

Nothing pushes. A look costs some milliseconds and what changed, so it is made every few seconds, and at once
where somebody says that there is something to see.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NoReturn

import trio

from paydaemon.core.money import Asset
from paydaemon.core.payment import ChainTime
from paydaemon.hooks.ports import ChainHost
from paydaemon_monero.answers import Credit, NodeInfo, Transfer, Whereabouts
from paydaemon_monero.book import Book, Page
from paydaemon_monero.cursor import Cursor
from paydaemon_monero.errors import RpcError, Unavailable
from paydaemon_monero.limits import MoneroLimits
from paydaemon_monero.node import Node, lag
from paydaemon_monero.observations import (
    FINAL,
    Fate,
    Finding,
    Placed,
    in_block,
    in_pool,
    lost,
    placed,
    same_credit,
)
from paydaemon_monero.patience import Patience
from paydaemon_monero.teller import Teller
from paydaemon_monero.wallet import Wallet

POOL_KEEPS_MS = 7 * 86_400_000
"""For how long monerod keeps a transaction (``CRYPTONOTE_MEMPOOL_TX_FROM_ALT_BLOCK_LIVETIME``).

For as long the node is asked about what was lost: the wallet does not list a second time what comes back.
"""

_PROMPTED_GAP_S = 1.0
"""Between two looks where nobody but a client says that there is something to see."""


class Watcher:
    """Watches one account. Made by `load`, and kept while the node and the wallet come and go."""

    def __init__(
        self,
        node: Node,
        wallet: Wallet,
        teller: Teller,
        network: str,
        limits: MoneroLimits,
        patience: Patience,
    ) -> None:
        self._node = node
        self._wallet = wallet
        self._teller = teller
        self._book = teller.book
        self._network = network
        self._limits = limits
        self._patience = patience
        self._blocks: dict[int, str] = {}
        self._prompted = trio.Event()

    @classmethod
    async def load(
        cls,
        node: Node,
        wallet: Wallet,
        host: ChainHost,
        asset: Asset,
        network: str,
        limits: MoneroLimits,
        patience: Patience,
    ) -> "Watcher":
        """The watcher as it left off: with every recorded payment that may still change.

        `patience` is told while the wallet takes in blocks for long.
        """
        cursor = Cursor.load((await host.saved()).cursor)
        told = await host.unfinal()
        view = max([cursor.view, *(observation.position for observation in told)])
        cursor = Cursor(cursor.height, cursor.tip, view)
        teller = Teller(host, asset, Book(told), cursor, limits.told_at_once)
        return cls(node, wallet, teller, network, limits, patience)

    def prompt(self) -> None:
        """Somebody says that there is something to see."""
        self._prompted.set()

    async def follow(
        self,
        poll_interval_s: float,
        looked: Callable[[str | None], None],
        between: Callable[[], Awaitable[None]],
    ) -> NoReturn:
        """Watch until cancelled, and tell `looked` after each look what is behind, if anything.

        `between` is done between two looks. Raises `Unavailable` or `RpcError` where somebody cannot be
        asked; call it again when they can.
        """
        while True:
            began = trio.current_time()
            self._prompted = trio.Event()
            looked(await self.look())
            self._teller.looked(trio.current_time() - began)
            await between()
            await self._pause(began, poll_interval_s)

    async def look(self) -> str | None:
        """Look at everything once, and tell what is news. Returns what is behind the chain, in words."""
        for _ in range(self._limits.look_tries):
            at_ms = _before(time.time_ns())
            info = await self._node.info()
            behind = lag(info, self._network) or await self._wallet_behind(info)
            if behind is not None:
                return behind
            findings = await self._find(info)
            if (await self._node.info()).tip == info.tip:
                await self._wallet.check()
                await self._teller.complete(findings, ChainTime(at_ms, info.height), info.tip)
                return None
        raise Unavailable("the chain moves on faster than it can be read")

    async def _pause(self, began: float, poll_interval_s: float) -> None:
        with trio.move_on_at(began + poll_interval_s):
            await self._prompted.wait()
            await trio.sleep_until(began + min(_PROMPTED_GAP_S, poll_interval_s))

    async def _wallet_behind(self, info: NodeInfo) -> str | None:
        """What keeps the wallet from saying the same as the node; None where nothing."""
        await self._wallet.check()
        blocks = await self._caught_up(await self._wallet.height(), info.blocks)
        if blocks == info.blocks or (await self._node.info()).tip != info.tip:
            return None  # or the look is begun anew
        return f"the wallet knows {blocks} blocks, and monerod {info.blocks}"

    async def _caught_up(self, known: int, blocks: int) -> int:
        """How many blocks the wallet knows once it has caught up."""
        behind = f"the wallet catches up with the chain ({known} of {blocks} blocks)"
        silent = f"{behind}, or hangs" if known < blocks else "the wallet does not answer in time"
        if known + FINAL < blocks:
            self._patience.tell(behind)

        async def why() -> str:
            """The wallet waits for the node, where that does not answer either."""
            try:
                await self._node.info()
            except (Unavailable, RpcError) as away:
                return str(away)
            return silent

        return await self._patience.wait(self._wallet.catch_up, silent, why)

    # Finding out

    async def _find(self, info: NodeInfo) -> Sequence[Finding]:
        """Where every credit stands that is listed, or was told and may change."""
        if await self._is_reorganised(info):
            self._blocks.clear()
            self._book.unplace()
        listed = await self._wallet.transfers(self._teller.base)
        there = {one.credit.ref: one for one in listed if one.height is not None}
        waiting = {
            one.credit.ref: one for one in listed if one.height is None and one.credit.ref not in there
        }
        may_be_back = self._book.lost(info.clock_s * 1000 - POOL_KEEPS_MS)
        watched = [*self._book.open(), *may_be_back]
        unlisted = [page for page in watched if page.credit.ref not in there | waiting]
        found = [await self._listed(one, info) for one in there.values()]
        found += [await self._deep(page, page.placed, info) for page in unlisted if page.placed is not None]
        asked = [(page.credit, None) for page in unlisted if page.placed is None]
        return found + await self._ask([*((one.credit, one) for one in waiting.values()), *asked], info)

    async def _is_reorganised(self, info: NodeInfo) -> bool:
        cursor = self._teller.cursor
        if cursor.height is None or cursor.tip is None or cursor.tip == info.tip:
            return False
        return not await self._node.has_block(cursor.height, cursor.tip)

    async def _listed(self, transfer: Transfer, info: NodeInfo) -> Finding:
        """One that the wallet has in a block."""
        place = placed(transfer)
        assert place is not None
        return await self._found_in_block(transfer.credit, place, info)

    async def _deep(self, page: Page, place: Placed, info: NodeInfo) -> Finding:
        """One that lies deeper than what is listed, and waits to be unlocked."""
        return await self._found_in_block(page.credit, place, info)

    async def _found_in_block(self, credit: Credit, place: Placed, info: NodeInfo) -> Finding:
        return Finding(credit, in_block(place, await self._block(place.height), info), place)

    async def _ask(self, asked: Sequence[tuple[Credit, Transfer | None]], info: NodeInfo) -> list[Finding]:
        """What the node says of those that the wallet has in the pool, or does not list."""
        txids = list(dict.fromkeys(credit.txid for credit, _ in asked))
        where = await self._node.whereabouts(txids) if txids else {}
        found = [await self._elsewhere(credit, transfer, where, info) for credit, transfer in asked]
        return [finding for finding in found if finding is not None]

    async def _elsewhere(
        self, credit: Credit, transfer: Transfer | None, where: Mapping[str, Whereabouts], info: NodeInfo
    ) -> Finding | None:
        page, place = self._book.page(credit.ref), where.get(credit.txid)
        if place is not None and place.height is not None:
            return await self._credited(credit, place.height, page, info)
        contested = page is not None and page.contested
        first_ms = page.fate.seen_at_ms if page is not None else 0
        if place is None:
            return (
                None
                if page is None
                else Finding(credit, lost(first_ms, contested=contested), None, contested)
            )
        first_ms = first_ms or (transfer.time_s * 1000 if transfer is not None else 0)
        return Finding(credit, in_pool(place, first_ms), None, contested or place.double_spend_seen)

    async def _credited(
        self, credit: Credit, height: int, page: Page | None, info: NodeInfo
    ) -> Finding | None:
        """One that the node has in a block: the wallet knows more of it, or credits nothing there.

        What was told of a block before stays, whatever the wallet has forgotten: the chain holds it.
        """
        found = same_credit(credit, await self._wallet.transfer(credit.txid))
        if found is not None:
            return await self._listed(found, info)
        if page is None:
            return None
        if page.fate.height is None:
            return Finding(credit, lost(page.fate.seen_at_ms, contested=False))
        block = await self._block(height)
        return Finding(credit, Fate(page.fate.state, page.fate.seen_at_ms, height, block))

    async def _block(self, height: int) -> str:
        """The hash of the block of that number; asked once, as long as the chain is not reorganised."""
        if height not in self._blocks:
            self._blocks = {at: block for at, block in self._blocks.items() if at > self._teller.base}
            self._blocks[height] = await self._node.block_at(height)
        return self._blocks[height]


def _before(now_ns: int) -> int:
    """The last millisecond of the second before: monero tells times in whole seconds.

    What the node's pool takes from now on has a time of the current second or later, so this much is surely
    complete.
    """
    return now_ns // 1_000_000_000 * 1000 - 1
