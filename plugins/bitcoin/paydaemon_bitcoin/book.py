"""The book: what the daemon has been told of each transaction that may still change.

It is what makes a look at the chain cost by what changed: only the difference to the book is told, and only
transactions that are open in it are asked about. All of it is in memory and can be made anew from what the
daemon has recorded.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from paydaemon.core.payment import Observation, ObservedState
from paydaemon_bitcoin.observations import FINAL, Credit, Fate


class Place(StrEnum):
    """Where a transaction was when it was last told."""

    MEMPOOL = "mempool"
    BLOCK = "block"
    LOST = "lost"


@dataclass(slots=True)
class Page:
    """One transaction: the credits of it that were told, their fate, and what it spends where that is known.

    `told` is False where it was lost before it was met: what never counted need not be taken back.
    """

    fate: Fate
    credits: dict[int, Credit] = field(default_factory=dict)
    spends: frozenset[bytes] | None = None
    told: bool = True

    @property
    def place(self) -> Place:
        """Where it was when it was last told."""
        if self.fate.state is not ObservedState.SEEN:
            return Place.LOST
        return Place.MEMPOOL if self.fate.block is None else Place.BLOCK


class Book:
    """All pages, by transaction id; and who spends what, of those in the mempool."""

    def __init__(self, told: Iterable[Observation] = ()) -> None:
        self._pages: dict[str, Page] = {}
        self._spenders: dict[bytes, str] = {}
        for observation in told:
            self.write(observation.transaction_id, [_credit(observation)], _fate(observation))

    def __len__(self) -> int:
        return len(self._pages)

    def page(self, txid: str) -> Page | None:
        """What is known of one transaction."""
        return self._pages.get(txid)

    def counts(self, txid: str) -> bool:
        """Whether this transaction was last told to count."""
        page = self._pages.get(txid)
        return page is not None and page.place is not Place.LOST

    def at(self, *places: Place) -> Iterator[str]:
        """The transactions that were last told to be in one of these places."""
        return (txid for txid, page in self._pages.items() if page.place in places)

    def news(self, txid: str, paid: Sequence[Credit], fate: Fate) -> Sequence[Credit]:
        """Which credits must be told if this is their fate: all where it changed, else those not told yet."""
        page = self._pages.get(txid) or Page(fate, told=False)
        known = page.credits
        fresh = [credit for credit in paid if credit.vout not in known]
        if not page.told:
            return [*known.values(), *fresh] if fate.state is ObservedState.SEEN else ()
        return [*known.values(), *fresh] if _differs(page.fate, fate) else fresh

    def write(
        self,
        txid: str,
        paid: Sequence[Credit],
        fate: Fate,
        spends: frozenset[bytes] | None = None,
        *,
        told: bool = True,
    ) -> None:
        """Note what was told of a transaction, and what it spends where that became known."""
        page = self._pages.setdefault(txid, Page(fate, told=told))
        page.fate = replace(fate, seen_at_ms=min(fate.seen_at_ms, page.fate.seen_at_ms))
        page.told = told or page.told
        page.spends = spends or page.spends
        page.credits.update((credit.vout, credit) for credit in paid)
        self._index(txid, page)

    def rivals(self, txid: str, spends: Iterable[bytes]) -> set[str]:
        """The other transactions, last told to be in the mempool, that spend some of the same."""
        return {self._spenders[point] for point in spends if point in self._spenders} - {txid}

    def forget_final(self, tip: int) -> None:
        """Close every page that no further block can change while the newest is number `tip`."""
        done = [txid for txid, page in self._pages.items() if _is_final(page.fate, tip)]
        for txid in done:
            self._index(txid, replace(self._pages.pop(txid), fate=_GONE))

    def _index(self, txid: str, page: Page) -> None:
        for point in page.spends or ():
            if page.place is Place.MEMPOOL:
                self._spenders[point] = txid
            elif self._spenders.get(point) == txid:
                del self._spenders[point]


_GONE = Fate(ObservedState.DROPPED, 0)


def _differs(one: Fate, other: Fate) -> bool:
    """Whether it is worth telling. A different time of first sight alone is not: the first one stands."""
    return replace(one, seen_at_ms=0) != replace(other, seen_at_ms=0)


def _is_final(fate: Fate, tip: int) -> bool:
    return fate.final or (fate.height is not None and tip - fate.height + 1 >= FINAL)


def _credit(told: Observation) -> Credit:
    vout = int(told.ref.rpartition(":")[2])
    return Credit(told.transaction_id, vout, told.amount_minor, told.destination_key)


def _fate(told: Observation) -> Fate:
    return Fate(told.state, told.seen_at_ms, told.height, told.block, told.final, told.replaced_by)
