"""The book: what the daemon has been told of each credit that may still change, a page for each.

It is what makes a look at the chain cost by what changed: only the difference to the book is told. All of it
is in memory, and can be made anew from what the daemon has recorded.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from paydaemon.core.payment import Observation, ObservedState
from paydaemon_monero.answers import Credit
from paydaemon_monero.observations import Fate, Finding, Placed, credit_of, fate_of


@dataclass(frozen=True, slots=True)
class Page:
    """One credit as it was last told. `placed` is where in the chain this run has seen it."""

    credit: Credit
    fate: Fate
    placed: Placed | None = None
    contested: bool = False


class Book:
    """All pages, by the credits' refs: `Teller` tells what is not in it yet, and then it is written there."""

    def __init__(self, told: Iterable[Observation] = ()) -> None:
        self._pages = {one.ref: Page(credit_of(one), fate_of(one)) for one in told}

    def __len__(self) -> int:
        return len(self._pages)

    def page(self, ref: str) -> Page | None:
        """What is known of one credit."""
        return self._pages.get(ref)

    def open(self) -> Iterator[Page]:
        """The credits that were last told to count, and that may still change."""
        return (
            page
            for page in self._pages.values()
            if page.fate.state is ObservedState.SEEN and not page.fate.final
        )

    def lost(self, since_ms: int) -> Iterator[Page]:
        """Those that were told to be lost, and were first seen since then."""
        return (
            page
            for page in self._pages.values()
            if page.fate.state is not ObservedState.SEEN and page.fate.seen_at_ms >= since_ms
        )

    def is_news(self, finding: Finding) -> bool:
        """Whether it is worth telling. What never counted need not be taken back."""
        page = self._pages.get(finding.credit.ref)
        if page is None:
            return finding.counts
        return _timeless(page.fate) != _timeless(finding.fate)

    def write(self, finding: Finding) -> None:
        """Note what was found out of a credit, and told where that was news."""
        page = self._pages.get(finding.credit.ref)
        if page is None and not finding.counts:
            return
        earliest = (
            finding.fate.seen_at_ms if page is None else min(finding.fate.seen_at_ms, page.fate.seen_at_ms)
        )
        fate = replace(finding.fate, seen_at_ms=earliest)
        self._pages[finding.credit.ref] = Page(finding.credit, fate, finding.placed, finding.contested)

    def unplace(self) -> None:
        """The chain was reorganised: nothing is known to be where it was."""
        self._pages = {ref: replace(page, placed=None) for ref, page in self._pages.items()}

    def forget(self, base: int) -> None:
        """Close every page that is final, and in no block above `base`, the ones that are looked at."""
        done = [
            ref
            for ref, page in self._pages.items()
            if page.fate.final and page.fate.height is not None and page.fate.height <= base
        ]
        for ref in done:
            del self._pages[ref]


def _timeless(fate: Fate) -> Fate:
    """A different time of first sight alone is no news: the first one stands."""
    return replace(fate, seen_at_ms=0)
