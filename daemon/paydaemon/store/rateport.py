"""The part of the store's port that is about what rates there were."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from paydaemon.core.invoice import QuoteMethod


@dataclass(frozen=True, slots=True)
class KeptRate:
    """What a whole unit of `base` cost in `quote` at a time, before any seller's spread.

    `rate` is a decimal string; `source` names in words who said so.
    """

    base: str
    quote: str
    at_ms: int
    rate: str
    method: QuoteMethod
    source: str


class RateReader(Protocol):
    """What can be read of rates."""

    def last_rates(self) -> Sequence[KeptRate]:
        """The newest of each pair, by pair."""
        ...

    def rate_history(
        self, base: str, quote: str, *, from_ms: int, before_ms: int, limit: int
    ) -> Sequence[KeptRate]:
        """Those of a pair at `from_ms` or later, and before `before_ms`; the newest first."""
        ...


class RateWriter(Protocol):
    """What can be written of them."""

    def keep_rate(self, kept: KeptRate) -> None:
        """Keep a rate. Of a pair there is one for each time: what is there already stays."""
        ...

    def prune_rates(self, before_ms: int, limit: int) -> int:
        """Forget rates of before then, the oldest of a pair first, at most `limit`; returns how many."""
        ...
