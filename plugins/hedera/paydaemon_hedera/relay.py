"""Relaying: what the daemon asks of a chain that passes on what clients have signed (`hooks.ports.Relay`)."""

from collections import OrderedDict
from collections.abc import Callable, Iterator

from paydaemon.core.errors import unavailable
from paydaemon.core.relay import Outcome, RelayStatus, SignedTransfer
from paydaemon_hedera import inspection
from paydaemon_hedera.accounts import Accounts
from paydaemon_hedera.ids import TransactionId, parse_transaction_id
from paydaemon_hedera.inspection import Choice, Inspected
from paydaemon_hedera.limits import HederaLimits
from paydaemon_hedera.nodes import Nodes
from paydaemon_hedera.outcomes import Outcomes
from paydaemon_hedera.submission import submit

Settled = Callable[[TransactionId], None]
"""Told of each transaction that has come through, so that its credits are looked for at once."""


class HederaRelay:
    """Passes transactions on, and finds out what became of them."""

    def __init__(
        self, nodes: Nodes, accounts: Accounts, outcomes: Outcomes, limits: HederaLimits, settled: Settled
    ) -> None:
        self._nodes = nodes
        self._accounts = accounts
        self._outcomes = outcomes
        self._limits = limits
        self._settled = settled
        self._inspected: OrderedDict[bytes, Inspected] = OrderedDict()

    def inspect(self, given: bytes | str, now_ms: int) -> SignedTransfer:
        """What a client has signed, as far as its bytes can tell."""
        if not self._nodes.ids:
            raise unavailable("no_nodes", "the network's nodes are not known yet")
        inspected = inspection.inspect(given, set(self._nodes.ids), now_ms)
        self._remember(inspected)
        return inspected.transfer

    async def verify(self, transfer: SignedTransfer) -> None:
        """Hold the signatures to the accounts' keys, where the bytes alone do not prove enough."""
        inspected = self._recall(transfer)
        if needs_keys(inspected):
            await self._proven(inspected)

    async def submit(self, transfer: SignedTransfer) -> Outcome:
        """Hand it to a node."""
        inspected = self._recall(transfer)
        choices = await self._proven(inspected) if needs_keys(inspected) else iter(inspected.choices)
        return await submit(choices, self._nodes, self._limits)

    async def follow(self, transfer: SignedTransfer) -> Outcome:
        """What became of it."""
        inspected = self._recall(transfer)
        nodes = [choice.node for choice in inspected.choices]
        id = parse_transaction_id(transfer.transaction_id)
        outcome = await self._outcomes.follow(id, nodes, transfer.expires_at_ms)
        if outcome.status is RelayStatus.SUCCEEDED:
            self._settled(id)
        return outcome

    async def _proven(self, inspected: Inspected) -> Iterator[Choice]:
        return inspection.verified(inspected, await self._accounts.keys(inspected.debited))

    def _recall(self, transfer: SignedTransfer) -> Inspected:
        """What was inspected a moment ago, or by an earlier run of the daemon."""
        found = self._inspected.get(transfer.raw)
        if found is None:
            found = inspection.read(transfer.raw, set(self._nodes.ids))
            self._remember(found)
        return found

    def _remember(self, inspected: Inspected) -> None:
        self._inspected[inspected.transfer.raw] = inspected
        if len(self._inspected) > self._limits.inspected_remembered:
            self._inspected.popitem(last=False)


def needs_keys(inspected: Inspected) -> bool:
    """Whether only the accounts' own keys can tell that enough is signed.

    A payer who alone pays, with one signature by a whole key that verifies: then the node that it is handed to
    checks the rest at once and for free.
    """
    (first, *_) = inspected.choices
    alone = inspected.debited == (inspected.transfer.payer,)
    return not (alone and len(first.signatures) == 1 and first.signatures[0].key is not None)
