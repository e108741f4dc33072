"""Telling the daemon: only the difference to the book, losses first, in batches, each at a new view.

The watcher finds out, the book remembers what was told, and the teller stands between them and the daemon.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from paydaemon.core.money import Asset
from paydaemon.core.payment import ChainTime, Observation, ObservedState
from paydaemon.hooks.ports import ChainHost
from paydaemon_monero.book import Book
from paydaemon_monero.cursor import Cursor
from paydaemon_monero.limits import MoneroLimits
from paydaemon_monero.observations import FINAL, Finding, observation

T = TypeVar("T")

MARGIN = 10
"""How many blocks below what is watched are listed too."""


class Teller:
    """Tells one chain's findings; keeps the book and the cursor in step with what was told.

    Losses come before gains, so that a payment and what took its place never count at the same time. Every
    telling raises the view and saves it with what was told, so no later one can seem older, whatever the
    height of the chain and whenever the daemon is killed.
    """

    def __init__(
        self,
        host: ChainHost,
        asset: Asset,
        book: Book,
        cursor: Cursor,
        at_once: int = MoneroLimits().told_at_once,
    ) -> None:
        """Tells at most so many observations in one go."""
        self.book = book
        self.cursor = cursor
        self._at_once = at_once
        self._host = host
        self._asset = asset

    @property
    def base(self) -> int:
        """The block below which everything was seen and is final; those above it are listed at each look."""
        return 0 if self.cursor.height is None else max(0, self.cursor.height - FINAL - MARGIN)

    async def complete(self, findings: Sequence[Finding], as_of: ChainTime, tip: str) -> None:
        """Tell what is news in these findings, and that with them the chain has been seen complete."""
        *first, last = parts(self._news(findings), self._at_once) or [()]
        for batch in first:
            await self._observe(batch, None, self.cursor)
        await self._observe(last, as_of, replace(self.cursor, height=as_of.height, tip=tip))
        for finding in findings:
            self.book.write(finding)
        self.book.forget(self.base)

    def looked(self, took_s: float) -> None:
        """Tell how many seconds a look took."""
        self._host.looked(took_s)

    def _news(self, findings: Sequence[Finding]) -> list[Observation]:
        news = [observation(finding, self._asset, 0) for finding in findings if self.book.is_news(finding)]
        return sorted(news, key=lambda said: said.state is ObservedState.SEEN)

    async def _observe(self, batch: Sequence[Observation], as_of: ChainTime | None, cursor: Cursor) -> None:
        cursor = replace(cursor, view=self.cursor.view + 1)
        said = [replace(observation, position=cursor.view) for observation in batch]
        await self._host.observe(said, as_of, cursor.dump())
        self.cursor = cursor


def parts(things: Sequence[T], most: int) -> list[Sequence[T]]:
    """The things in order, in parts of at most so many."""
    return [things[start : start + most] for start in range(0, len(things), most)]
