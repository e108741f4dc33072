"""A sheet: balances as one transaction will leave them. Fees come first, then whatever it does."""

from typing import Self

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.sandbox.envelope import Envelope
from paydaemon_hedera.sandbox.fees import COLLECTOR
from paydaemon_hedera.sandbox.ledger import HBAR, Ledger
from paydaemon_hedera.sandbox.precheck import fees_for
from paydaemon_hedera.sandbox.refusal import Refused


class Sheet:
    """The ledger's balances, and what has changed so far. `fee_tinybars` is what the payer was charged."""

    def __init__(self, ledger: Ledger) -> None:
        self.changes: dict[tuple[int, int], int] = {}
        self.associations: list[tuple[int, int]] = []
        self.fee_tinybars = 0
        self._ledger = ledger

    def copy(self) -> Self:
        """As it is now, whatever happens to this one."""
        other = type(self)(self._ledger)
        other.changes = dict(self.changes)
        other.associations = list(self.associations)
        other.fee_tinybars = self.fee_tinybars
        return other

    def balance(self, account: int, token: int) -> int:
        """What an account would have."""
        return self._ledger.balance(account, token) + self.changes.get((account, token), 0)

    def add(self, account: int, token: int, amount: int) -> None:
        """Let an account gain, or lose where it is negative."""
        self.changes[account, token] = self.changes.get((account, token), 0) + amount

    def charge(self, envelope: Envelope, *, is_duplicate: bool) -> None:
        """Take the fees. Raises `Refused` once it has taken what there is."""
        fees = fees_for(envelope, self._ledger)
        owed = fees.without_service if is_duplicate else fees.total
        has = self.balance(envelope.name.payer, HBAR)
        offered = envelope.body.transactionFee
        if min(offered, has) >= owed:
            return self._take(envelope, owed, fees.node)
        self._take(envelope, min(has, offered, fees.without_service), fees.node)
        raise Refused(rc.INSUFFICIENT_TX_FEE if offered < owed else rc.INSUFFICIENT_PAYER_BALANCE)

    def charge_gas(self, envelope: Envelope, tinybars: int) -> None:
        """Take that much for gas, or what there is. It is beside the fee that was offered."""
        self._take(envelope, min(tinybars, self.balance(envelope.name.payer, HBAR)), 0)

    def _take(self, envelope: Envelope, amount: int, for_node: int) -> None:
        for_node = min(for_node, amount)
        self.add(envelope.name.payer, HBAR, -amount)
        self.add(envelope.node, HBAR, for_node)
        self.add(COLLECTOR, HBAR, amount - for_node)
        self.fee_tinybars += amount
