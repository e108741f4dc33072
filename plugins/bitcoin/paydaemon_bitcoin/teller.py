"""Telling the daemon: only the difference to the book, losses first, in batches, each at a new view."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from paydaemon.core.money import Asset
from paydaemon.core.payment import ChainTime, Observation, ObservedState
from paydaemon.hooks.ports import ChainHost
from paydaemon_bitcoin.book import Book
from paydaemon_bitcoin.cursor import Cursor
from paydaemon_bitcoin.inquiry import Finding
from paydaemon_bitcoin.limits import BitcoinLimits
from paydaemon_bitcoin.observations import observation

T = TypeVar("T")


class Teller:
    """Tells one chain's findings; keeps the book and the cursor in step with what was told.

    Losses come before gains, so that a payment and what replaced it never count at the same time. Every
    telling raises the view and saves it with what was told, so no later one can seem older, whatever the
    height of the chain and whenever the daemon is killed.
    """

    def __init__(
        self,
        host: ChainHost,
        asset: Asset,
        book: Book,
        cursor: Cursor,
        at_once: int = BitcoinLimits().told_at_once,
    ) -> None:
        """Tells at most so many observations in one go."""
        self._at_once = at_once
        self.book = book
        self.cursor = cursor
        self._host = host
        self._asset = asset

    async def tell(self, findings: Sequence[Finding]) -> None:
        """Tell what is news in these findings."""
        for batch in parts(self._news(findings), self._at_once):
            await self._observe(batch, None, self.cursor)
        self._note(findings)

    async def complete(self, findings: Sequence[Finding], as_of: ChainTime, tip: str, base: str) -> None:
        """Tell what is news in these findings, and that with them the chain has been seen complete."""
        *first, last = parts(self._news(findings), self._at_once) or [()]
        for batch in first:
            await self._observe(batch, None, self.cursor)
        await self._observe(last, as_of, replace(self.cursor, tip=tip, base=base))
        self._note(findings)

    def looked(self, took_s: float) -> None:
        """Tell how many seconds a pass took."""
        self._host.looked(took_s)

    def _news(self, findings: Sequence[Finding]) -> list[Observation]:
        news = [
            observation(credit, finding.fate, self._asset, 0)
            for finding in findings
            for credit in self.book.news(finding.txid, finding.credits, finding.fate)
        ]
        return sorted(news, key=lambda said: said.state is ObservedState.SEEN)

    async def _observe(self, batch: Sequence[Observation], as_of: ChainTime | None, cursor: Cursor) -> None:
        cursor = replace(cursor, view=self.cursor.view + 1)
        said = [replace(observation, position=cursor.view) for observation in batch]
        await self._host.observe(said, as_of, cursor.dump())
        self.cursor = cursor

    def _note(self, findings: Sequence[Finding]) -> None:
        for found in findings:
            self.book.write(found.txid, found.credits, found.fate, found.spends, told=found.counts)


def parts(things: Sequence[T], most: int) -> list[Sequence[T]]:
    """The things in order, in parts of at most so many."""
    return [things[start : start + most] for start in range(0, len(things), most)]
