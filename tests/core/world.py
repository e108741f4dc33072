"""A small world of blocks and credits: what is true on a chain, whatever a ledger thinks of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from paydaemon.core.money import Asset
from paydaemon.core.payment import ObservedState

START = 100
"""The height below which nothing happens."""


@dataclass
class Credit:
    """What is true of one credit on its chain, whatever the ledger thinks."""

    ref: str
    asset: Asset
    amount_minor: int
    seen_at_ms: int
    ours: bool
    height: int | None = None
    fate: ObservedState = ObservedState.SEEN


@dataclass
class World:
    """The chain itself: its blocks by name, and every credit."""

    blocks: list[str] = field(default_factory=list)
    credits: dict[str, Credit] = field(default_factory=dict)
    buried: set[tuple[str, str]] = field(default_factory=set)
    made: int = 0

    @property
    def tip(self) -> int:
        return START + len(self.blocks)

    def block(self, credit: Credit) -> str | None:
        return None if credit.height is None else self.blocks[credit.height - START - 1]

    def mine(self, taken: Iterable[Credit]) -> None:
        self.made += 1
        self.blocks.append(f"block-{self.made}")
        for credit in taken:
            credit.height = self.tip

    def undo(self, depth: int) -> list[Credit]:
        """Take the newest blocks away; returns what was in them, now waiting for a block."""
        del self.blocks[len(self.blocks) - depth :]
        loose = [c for c in self.credits.values() if c.height is not None and c.height > self.tip]
        for credit in loose:
            credit.height = None
        return loose
