"""The watcher: one task that reconciles what the daemon was told with what the node says.

The truth is what RPC answers; ZMQ only says when to ask. A *pass* lists what the wallet knows since the last
one, asks about every transaction that is open in the book, and tells the difference; only a pass may say up
to when the chain was seen complete. In between, single *suspects* are looked at: a transaction that ZMQ
brought and that pays a destination, one that left the mempool, one whose rival came. The wallet may hear of
those a tenth of a second later than we do, so for them the mempool decides.

A pass begins at the last tip, and so costs by what changed; at start, after a reorganisation, and whenever
something may have been missed it begins at the base, below everything that is still watched. A loss is told
only by a node that is not catching up, and of which this is surely still the same run: one that was
restarted lacks its mempool for a while.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import NoReturn

import trio

from paydaemon.core.money import Asset
from paydaemon.core.payment import ChainTime
from paydaemon.hooks.ports import ChainHost
from paydaemon_bitcoin.book import Book, Place
from paydaemon_bitcoin.cursor import Cursor
from paydaemon_bitcoin.errors import NodeUnavailable
from paydaemon_bitcoin.heirs import inherit, losses
from paydaemon_bitcoin.inbox import Inbox, Suspects
from paydaemon_bitcoin.inquiry import Finding, Inquiry
from paydaemon_bitcoin.limits import BitcoinLimits
from paydaemon_bitcoin.node import Listing, Look, Node
from paydaemon_bitcoin.observations import FINAL, Credit, in_block
from paydaemon_bitcoin.rpc import gather
from paydaemon_bitcoin.scripts import Scripts
from paydaemon_bitcoin.teller import Teller, parts

MARGIN = 10
"""How many blocks the base lies deeper than what is watched."""

_LEAST_GAP_S = 0.05  # between passes, however often we are woken
_LAGGING_GAP_S = 1.0  # the same, while a node that catches up takes in many blocks
_PROMPTED_GAP_S = 1.0  # the same, where nobody but a client says that there is something to see


class Watcher:
    """Watches one chain. Made by `load`, and kept while the node comes and goes."""

    def __init__(self, node: Node, teller: Teller, scripts: Scripts, limits: BitcoinLimits) -> None:
        self.inbox = Inbox(scripts, teller.book, limits.suspects)
        self._limits = limits
        self._node = node
        self._teller = teller
        self._book = teller.book
        self._inquiry = Inquiry(node, teller.book, scripts)
        self._look: Look | None = None
        self._owed = False
        self._fresh: set[str] = set()

    @classmethod
    async def load(
        cls,
        node: Node,
        host: ChainHost,
        scripts: Scripts,
        asset: Asset,
        limits: BitcoinLimits = BitcoinLimits(),  # noqa: B008 - it is frozen
    ) -> "Watcher":
        """The watcher as it left off: with every recorded payment that may still change."""
        cursor = Cursor.load((await host.saved()).cursor)
        told = await host.unfinal()
        view = max([cursor.view, *(observation.position for observation in told)])
        teller = Teller(host, asset, Book(told), replace(cursor, view=view), limits.told_at_once)
        return cls(node, teller, scripts, limits)

    @property
    def base(self) -> str | None:
        """The block up to which everything was seen and is final; None before the first pass."""
        return self._teller.cursor.base

    async def follow(self, poll_interval_s: float, looked: Callable[[str | None], None]) -> NoReturn:
        """Watch until cancelled, and tell `looked` after each pass what the node lags behind by, if anything.

        Raises `NodeUnavailable` or `RpcError` where the node cannot be asked; call it again when it can.
        """
        self.inbox.look_at_everything()
        while True:
            began = trio.current_time()
            looked(await self._pass())
            self._teller.looked(trio.current_time() - began)
            await self._between_passes(poll_interval_s)

    async def _between_passes(self, poll_interval_s: float) -> None:
        """Look at suspects until the next pass is due."""
        lagging = self._look is not None and self._look.lag is not None
        now = trio.current_time()
        earliest, latest = now + (_LAGGING_GAP_S if lagging else _LEAST_GAP_S), now + poll_interval_s
        prompted = min(latest, now + _PROMPTED_GAP_S)
        while trio.current_time() < (until := self._next_at(earliest, prompted, latest)):
            with trio.move_on_at(until):
                await self.inbox.wait()
            await self._look_at_suspects()

    def _next_at(self, earliest: float, prompted: float, latest: float) -> float:
        if self.inbox.chain_due:
            return earliest
        return prompted if self.inbox.is_prompted else latest

    # A pass

    async def _pass(self) -> str | None:
        """Look at the chain, and at everything where that is due. Returns what the node lags behind by."""
        everything = self.inbox.take_due() or self._owed
        self._owed = False
        self._fresh.clear()
        look, listing, everything = await self._list(everything)
        self._look = look
        paid = _credits(listing)
        for part in parts(self._open(listing, everything), self._limits.asked_at_once):
            questions = [partial(self._inquiry.known, txid, paid.get(txid, ())) for txid in part]
            found = [finding for finding in await gather(questions) if finding is not None]
            await self._tell([*found, *await self._successors(found)])
            await self._look_at_suspects()
        await self._close(look, _confirmed(listing, paid))
        return look.lag

    async def _list(self, everything: bool) -> tuple[Look, Listing, bool]:
        """The node and its wallet's list, both at one block; and whether the list begins at the base."""
        for _ in range(self._limits.list_tries):
            look = await self._node.look()
            cursor = self._teller.cursor
            listing = await self._node.listing(cursor.base if everything else cursor.tip)
            if listing is None or (not everything and await self._reorganised(look, listing)):
                everything = True
                listing = await self._node.listing(cursor.base) or await self._node.listing(None)
            if listing is not None and listing.tip == look.tip:
                return look, listing, everything
        raise NodeUnavailable("the chain moves on faster than it can be read")

    async def _reorganised(self, look: Look, listing: Listing) -> bool:
        last = self._teller.cursor.tip
        if last is None or look.tip == last:
            return False
        return bool(listing.removed) or not await self._node.in_chain(last)

    def _open(self, listing: Listing, everything: bool) -> list[str]:
        """The transactions to ask about: those known to count first, then those met for the first time.

        Whatever the list shows in a block needs no question. What was lost is asked about as blocks come; if
        it returns sooner, it is a suspect.
        """
        places = {Place.MEMPOOL}
        if everything or listing.tip != self._teller.cursor.tip:
            places.add(Place.LOST)
        if everything:
            places.add(Place.BLOCK)
        in_block = {entry.credit.txid: entry.recorded.confirmations > 0 for entry in listing.entries}
        removed = (txid for txid in listing.removed if self._book.page(txid) is not None)
        met = (txid for txid in in_block if self._book.page(txid) is None)
        asked = dict.fromkeys([*removed, *self._book.at(*places), *met])
        return [txid for txid in asked if not in_block.get(txid, False)]

    async def _close(self, look: Look, confirmed: Sequence[Finding]) -> None:
        """Tell what the list shows in blocks, and that the chain was seen complete, where that is so.

        What a suspect's answer told since the list was made is newer than the list.
        """
        confirmed = [finding for finding in confirmed if finding.txid not in self._fresh]
        if not self._trusted(look):
            self._owe_another()
            if look.lag is not None:  # else the next pass comes at once, and may tell losses too
                await self._teller.tell(self._unopposed(confirmed))
            return
        cursor = self._teller.cursor
        base = cursor.base
        if base is None or look.tip != cursor.tip:
            base = await self._node.block_at(look.height - FINAL - MARGIN)
        await self._teller.complete(confirmed, ChainTime(look.at_ms, look.height), look.tip, base)
        self._book.forget_final(look.height)

    # Suspects

    async def _look_at_suspects(self) -> None:
        """Look at the single transactions that woke us."""
        found: list[Finding | None] = []
        for part in parts(self._questions(self.inbox.take_suspects()), self._limits.asked_at_once):
            found += await gather(part)
        if None in found:
            self.inbox.chain_due = True  # neither in the mempool nor known to be lost: a block may have it
        findings = [finding for finding in found if finding is not None]
        findings += await self._successors(findings)
        self._fresh.update(finding.txid for finding in findings)
        await self._tell(findings)

    def _questions(self, suspects: Suspects) -> list[Callable[[], Awaitable[Finding | None]]]:
        """A new transaction is looked at together with those whose place it takes."""
        rivals = {
            rival: txid
            for txid, transaction in suspects.new.items()
            for rival in self._book.rivals(txid, transaction.spends)
        }
        known = (suspects.known | rivals.keys()) - suspects.new.keys()
        return [
            *(partial(self._inquiry.known, txid, (), rivals.get(txid)) for txid in known),
            *(partial(self._inquiry.new, new) for new in suspects.new.values()),
        ]

    async def _successors(self, findings: Sequence[Finding]) -> list[Finding]:
        """What took the place of these losses, so that a raised fee is told as one thing and not as two."""
        heirs = losses(findings, self._book).keys() - {finding.txid for finding in findings}
        questions = [partial(self._inquiry.successor, heir) for heir in heirs]
        return [finding for finding in await gather(questions) if finding is not None]

    # Telling

    async def _tell(self, findings: Sequence[Finding]) -> None:
        """Tell these findings, without losses where the node may just not know better."""
        if not self._trusted(self._look) and not all(finding.counts for finding in findings):
            self._owe_another()
            findings = [finding for finding in findings if finding.counts]
        await self._teller.tell(self._unopposed(inherit(findings, self._book)))

    def _unopposed(self, findings: Sequence[Finding]) -> Sequence[Finding]:
        """Without gains whose rival still counts, since its loss could not be told: they wait for it.

        Whoever pays once must not be counted twice, not even for a moment.
        """
        lost = {finding.txid for finding in findings if not finding.counts}
        told = [finding for finding in findings if not finding.counts or self._rivals(finding) <= lost]
        if len(told) < len(findings):
            self._owe_another()
        return told

    def _rivals(self, finding: Finding) -> set[str]:
        page = self._book.page(finding.txid)
        spends = finding.spends or (page.spends if page is not None else None)
        return self._book.rivals(finding.txid, spends or ())

    def _trusted(self, look: Look | None) -> bool:
        return look is not None and look.lag is None and self._node.unbroken_since(look)

    def _owe_another(self) -> None:
        """The next pass looks at everything; it comes at once where nothing but the connection was amiss."""
        self._owed = True
        if self._look is not None and self._look.lag is None:
            self.inbox.chain_due = True


def _credits(listing: Listing) -> dict[str, list[Credit]]:
    """The listed credits by transaction."""
    paid: dict[str, list[Credit]] = {}
    for entry in listing.entries:
        paid.setdefault(entry.credit.txid, []).append(entry.credit)
    return paid


def _confirmed(listing: Listing, paid: dict[str, list[Credit]]) -> list[Finding]:
    """What the list shows in blocks: it says all there is to say of those."""
    recorded = {entry.credit.txid: entry.recorded for entry in listing.entries}
    return [
        Finding(txid, paid[txid], in_block(said)) for txid, said in recorded.items() if said.confirmations > 0
    ]
