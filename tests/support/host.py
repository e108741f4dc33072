"""A host in memory: the ledger as the daemon keeps it, folded through the core, without store or clock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from paydaemon.core.invoice import Destination
from paydaemon.core.payment import (
    ChainTime,
    Observation,
    Payment,
    PaymentState,
    absorb,
    as_observed,
    confirmations,
    deepen,
    first_sight,
)
from paydaemon.hooks.ports import ChainMismatch, SavedChain

REQUIRED = 6
FINAL = 100


@dataclass(frozen=True, slots=True)
class Told:
    """One call of `observe`."""

    observations: Sequence[Observation]
    as_of: ChainTime | None
    cursor: str | None


@dataclass
class FakeHost:
    """`paydaemon.hooks.ports.ChainHost`, in memory. It survives the chain, as a database would."""

    identity: str | None = None
    cursor: str | None = None
    next_index: int = 0
    as_of: ChainTime | None = None
    issued: list[Destination] = field(default_factory=list)
    payments: dict[str, Payment] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    most_counted_minor: dict[str, int] = field(default_factory=dict)

    async def identify(self, identity: str) -> None:
        if self.identity not in (None, identity):
            raise ChainMismatch(f"{identity} is not {self.identity}", self.identity)
        self.identity = identity

    async def saved(self) -> SavedChain:
        return SavedChain(self.cursor, self.next_index)

    async def destinations(self, *, after_index: int = -1, limit: int = 10_000) -> Sequence[Destination]:
        return [destination for destination in self.issued if destination.index > after_index][:limit]

    async def unfinal(self) -> Sequence[Observation]:
        tip = self.as_of.height if self.as_of is not None and self.as_of.height is not None else 0
        return [
            as_observed(payment)
            for payment in self.payments.values()
            if not payment.final and (payment.height is None or payment.height > tip - FINAL)
        ]

    async def observe(
        self, observations: Sequence[Observation], as_of: ChainTime | None, cursor: str | None
    ) -> None:
        self.told.append(Told(observations, as_of, cursor))
        self.cursor = cursor or self.cursor
        self.as_of = as_of or self.as_of
        for seen in observations:
            self.payments[seen.ref] = self._fold(seen)
        for ref, payment in self.payments.items():
            if self.height is not None:
                self.payments[ref] = deepen(payment, self.height)
        for address in {seen.destination_key for seen in observations}:
            counted = self.counted_minor(address)
            self.most_counted_minor[address] = max(counted, self.most_counted_minor.get(address, 0))

    def looked(self, took_s: float) -> None:
        assert took_s >= 0

    # What tests ask

    @property
    def height(self) -> int | None:
        return None if self.as_of is None else self.as_of.height

    def to(self, address: str) -> list[Payment]:
        """Every payment to an address, in the order in which they were first seen."""
        return [payment for payment in self.payments.values() if payment.destination_key == address]

    def only(self, address: str) -> Payment:
        """The one payment to an address."""
        (payment,) = self.to(address)
        return payment

    def counted_minor(self, address: str) -> int:
        """How much counts at an address."""
        return sum(payment.amount_minor for payment in self.to(address) if payment.counts)

    def states(self, address: str) -> dict[str, PaymentState]:
        """The state of each payment to an address, by transaction id."""
        return {payment.transaction_id: payment.state for payment in self.to(address)}

    def depth(self, address: str) -> int:
        """How many confirmations the one payment to an address has."""
        return confirmations(self.only(address), self.height)

    def said(self, address: str) -> Iterator[Observation]:
        """Every observation of payments to an address, in order."""
        for told in self.told:
            yield from (seen for seen in told.observations if seen.destination_key == address)

    def _fold(self, seen: Observation) -> Payment:
        known = self.payments.get(seen.ref)
        if known is not None:
            return absorb(known, seen, self.height)
        return first_sight(seen.ref, seen.asset.chain, seen, None, REQUIRED, self.height, 0)
