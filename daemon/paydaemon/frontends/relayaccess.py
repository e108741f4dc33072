"""Access to the relay: signed transactions are handed in by whoever has a key or an invoice's link.

The first passes on what the operator's policy lets through. The second passes on what pays exactly its one
invoice and does nothing else, whatever the policy, and tells of nothing but that.
"""

from dataclasses import dataclass
from typing import Protocol

from paydaemon.core.access import PUBLIC, Principal
from paydaemon.core.errors import invalid
from paydaemon.engine.relays import Handed, Relays


class RelayAccess(Protocol):
    """Takes transactions, and tells what became of those it has taken. Both raise `Refusal`."""

    async def hand_in(self, given: bytes | str, invoice_id: str | None) -> Handed:
        """Take a signed transaction, which is to pay this invoice where one is named."""

    async def find(self, transaction_id: str) -> Handed:
        """One that was handed in before."""


@dataclass(frozen=True, slots=True)
class KeyRelay:
    """For a principal, on one chain."""

    relays: Relays
    principal: Principal
    chain: str

    async def hand_in(self, given: bytes | str, invoice_id: str | None) -> Handed:
        """Take what the policy lets through."""
        return await self.relays.hand_in(self.principal, self.chain, given, invoice_id)

    async def find(self, transaction_id: str) -> Handed:
        """Any that the principal may see."""
        return await self.relays.find(self.principal, self.chain, transaction_id)


@dataclass(frozen=True, slots=True)
class PayerRelay:
    """For whoever has the link of one invoice, on one chain."""

    relays: Relays
    invoice_id: str
    chain: str

    async def hand_in(self, given: bytes | str, invoice_id: str | None) -> Handed:
        """Take what pays the invoice exactly, and does nothing else."""
        if invoice_id not in (None, self.invoice_id):
            raise invalid("invoice_id", "must be the invoice in the path, or left out", "invalid_value")
        return await self.relays.hand_in(PUBLIC, self.chain, given, self.invoice_id, alone=True)

    async def find(self, transaction_id: str) -> Handed:
        """One of those that were to pay the invoice."""
        return await self.relays.find_towards(self.invoice_id, self.chain, transaction_id)
