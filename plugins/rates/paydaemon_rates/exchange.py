"""What a source is, apart from how it is reached: which requests it takes, and how their answers are read.

An exchange is pure: a request is a path, an answer is bytes. So every answer that there can be is tried
without a server, and one runner (`paydaemon_rates.poller`) does for all of them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TypeVar

from paydaemon_rates.pairs import Pair

Entry = TypeVar("Entry")


class Unreadable(ValueError):
    """An answer, or what it says of one pair, that is not what is documented; says in a few words why."""


class NotTraded(Unreadable):
    """All of an answer is a refusal, as one of the pairs is not known there; it need not say which."""


@dataclass(frozen=True, slots=True)
class Request:
    """One GET: `target` is the path with its query, `pairs` are those that the answer is to be about."""

    target: str
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Price:
    """A price, and as of when the answer itself says that it is; None where it says nothing of that."""

    value: Decimal
    at_ms: int | None = None


Reading = Mapping[Pair, Price | Unreadable]
"""What an answer says of each pair, or why it says nothing of it."""


class Exchange(Protocol):
    """One source, as its public documentation describes it."""

    @property
    def name(self) -> str:
        """What quotes call it, and its table in the configuration."""

    @property
    def apart_s(self) -> float:
        """The least seconds between two of its requests: what it allows, and a good deal less than that."""

    def requests(self, pairs: Sequence[Pair]) -> Sequence[Request]:
        """What to ask for these pairs: as few requests as it takes."""

    def read(self, request: Request, body: bytes, now_ms: int) -> Reading:
        """What a successful answer says of the pairs of `request`. Raises `Unreadable` for all of it."""


def the_one(entries: Sequence[Entry]) -> Entry:
    """What an answer says of one pair. Raises `Unreadable` where it says nothing of it, or says it twice."""
    if not entries:
        raise Unreadable("its answer is not about this pair")
    if len(entries) > 1:
        raise Unreadable("its answer says the same twice")
    return entries[0]


def each(pairs: Iterable[Pair], read: Callable[[Pair], Price]) -> Reading:
    """What `read` makes of every pair: one that is wrong takes no other along."""
    found: dict[Pair, Price | Unreadable] = {}
    for pair in pairs:
        try:
            found[pair] = read(pair)
        except Unreadable as why:
            found[pair] = why
    return found
