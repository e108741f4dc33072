"""Outcomes: what became of a transaction that was handed over, from whoever can prove it.

Receipts are free, and come first: nodes keep them for 180 s. The mirror node has what consensus did for ever,
some seconds later. That it has nothing of a transaction proves something only where all of its machines have
come past the time at which the transaction expired, by a margin, and it was asked several times: then the
transaction never reached consensus and never will. Nothing else proves a failure.
"""

from collections.abc import Sequence

import trio

from paydaemon.core.relay import Outcome, RelayStatus
from paydaemon_hedera.answers import Recorded
from paydaemon_hedera.codes import OK, SUCCESS, WAIT, name_of
from paydaemon_hedera.errors import MirrorUnavailable, NodeAway, NodeSilent
from paydaemon_hedera.ids import TransactionId
from paydaemon_hedera.limits import HederaLimits
from paydaemon_hedera.mirror import Mirror
from paydaemon_hedera.nodes import Nodes
from paydaemon_hedera.proto.basic_types_pb2 import AccountID, TransactionID
from paydaemon_hedera.proto.query_pb2 import Query
from paydaemon_hedera.proto.timestamp_pb2 import Timestamp
from paydaemon_hedera.proto.transaction_get_receipt_pb2 import TransactionGetReceiptQuery

_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 8.0
_RECEIPTS_ALONE_S = 3.0
"""So long a mirror is behind anyway."""
ABSENT_TIMES = 3
"""How often in a row the mirror must have nothing of a transaction."""
_NS_PER_MS = 1_000_000
_DUPLICATE = "DUPLICATE_TRANSACTION"


class Outcomes:
    """Asks the nodes for receipts, and the mirror for what happened."""

    def __init__(
        self, nodes: Nodes, mirror: Mirror, turns: trio.CapacityLimiter, limits: HederaLimits
    ) -> None:
        self._nodes = nodes
        self._mirror = mirror
        self._turns = turns
        self._limits = limits

    async def follow(self, id: TransactionId, nodes: Sequence[str], expires_at_ms: int) -> Outcome:
        """What became of it, once that is proven; `unknown` where it is not within some patience."""
        began_at = trio.current_time()
        pause_s, turn, absent = _FIRST_PAUSE_S, 0, 0
        while True:
            outcome = await self._receipt(id, nodes[turn % len(nodes)]) if nodes else None
            if outcome is None and trio.current_time() >= began_at + _RECEIPTS_ALONE_S:
                outcome, is_absent = await self._history(id)
                absent = absent + 1 if is_absent else 0
            if outcome is None and absent >= ABSENT_TIMES and self._is_past(expires_at_ms):
                outcome = Outcome(RelayStatus.FAILED, error="it never reached consensus before it expired")
            if outcome is not None:
                return outcome
            if trio.current_time() + pause_s > began_at + self._limits.follow_s:
                return Outcome(RelayStatus.UNKNOWN, error="neither the nodes nor the mirror can tell yet")
            await trio.sleep(pause_s)
            pause_s, turn = min(2 * pause_s, _LONGEST_PAUSE_S), turn + 1

    async def known_to(self, id: TransactionId, nodes: Sequence[str]) -> str | None:
        """A node that has taken it, or knows what became of it; None where none says so."""
        knowing: list[str] = []

        async def ask(node: str) -> None:
            if await self._status(id, node) is not None:
                knowing.append(node)

        async with trio.open_nursery() as nursery:
            for node in nodes:
                nursery.start_soon(ask, node)
        return knowing[0] if knowing else None

    async def _receipt(self, id: TransactionId, node: str) -> Outcome | None:
        """What a node's receipt proves; None where it proves nothing."""
        status = await self._status(id, node)
        return None if status is None or status in WAIT else proven(status, node)

    async def _status(self, id: TransactionId, node: str) -> str | None:
        """What stands in a node's receipt; None where it has none."""
        try:
            answer = await self._nodes.receipt(node, receipt_query(id))
        except (NodeAway, NodeSilent):
            return None
        is_there = name_of(answer.header.nodeTransactionPrecheckCode) == OK and answer.HasField("receipt")
        return name_of(answer.receipt.status) if is_there else None

    async def _history(self, id: TransactionId) -> tuple[Outcome | None, bool]:
        """What the mirror proves, and whether it has nothing at all of this transaction."""
        try:
            async with self._turns:
                await self._mirror.newest_ns()
                found = await self._mirror.transaction(id)
        except MirrorUnavailable:
            return None, False
        own = [one for one in found if one.id == id and one.result != _DUPLICATE]
        return (proven(min(own, key=_by_time).result, None) if own else None), not found

    def _is_past(self, expires_at_ms: int) -> bool:
        """Whether every machine of the mirror has come past an expiry, and the margin."""
        come_to_ms = (self._mirror.reach.everywhere_ns or 0) // _NS_PER_MS
        return come_to_ms > expires_at_ms + 1_000 * self._limits.absence_after_s


def receipt_query(id: TransactionId) -> Query:
    """The question for a transaction's receipt."""
    shard, realm, number = map(int, id.payer.split("."))
    start = Timestamp(seconds=id.seconds, nanos=id.nanos)
    payer = AccountID(shardNum=shard, realmNum=realm, accountNum=number)
    asked = TransactionID(transactionValidStart=start, accountID=payer)
    return Query(transactionGetReceipt=TransactionGetReceiptQuery(transactionID=asked))


def proven(status: str, node: str | None) -> Outcome:
    """What consensus said, whoever tells it."""
    if status == SUCCESS:
        return Outcome(RelayStatus.SUCCEEDED, receipt=status, node=node)
    return Outcome(RelayStatus.FAILED, receipt=status, node=node, error=f"consensus refused it: {status}")


def _by_time(recorded: Recorded) -> int:
    return recorded.consensus_ns
