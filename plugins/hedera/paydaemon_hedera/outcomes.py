"""Outcomes: what became of a transaction that was handed over, from whoever can prove it.

Receipts are free, and come first: nodes keep them for 180 s. The mirror node has what consensus did for ever,
some seconds later. Where it has everything up to long after the transaction expired, and this one is not
among it, then it never reached consensus and never will. Nothing else proves a failure.
"""

from collections.abc import Sequence

import trio
from google.protobuf.message import DecodeError

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
_NS_PER_MS = 1_000_000
_DUPLICATE = "DUPLICATE_TRANSACTION"


class Outcomes:
    """Asks the nodes for receipts, and the mirror for what happened."""

    def __init__(self, nodes: Nodes, mirror: Mirror, limits: HederaLimits) -> None:
        self._nodes = nodes
        self._mirror = mirror
        self._limits = limits

    async def follow(self, id: TransactionId, nodes: Sequence[str], expires_at_ms: int) -> Outcome:
        """What became of it, once that is proven; `unknown` where it is not within some patience."""
        until = trio.current_time() + self._limits.follow_s
        began_at = trio.current_time()
        pause_s, turn = _FIRST_PAUSE_S, 0
        while True:
            outcome = await self._receipt(id, nodes[turn % len(nodes)])
            if outcome is None and trio.current_time() >= began_at + _RECEIPTS_ALONE_S:
                outcome = await self._history(id, expires_at_ms)
            if outcome is not None:
                return outcome
            if trio.current_time() + pause_s > until:
                return Outcome(RelayStatus.UNKNOWN, error="neither the nodes nor the mirror can tell yet")
            await trio.sleep(pause_s)
            pause_s, turn = min(2 * pause_s, _LONGEST_PAUSE_S), turn + 1

    async def _receipt(self, id: TransactionId, node: str) -> Outcome | None:
        """What a node's receipt proves; None where it proves nothing."""
        try:
            answer = await self._nodes.receipt(node, receipt_query(id))
        except (NodeAway, NodeSilent, DecodeError):
            return None
        if name_of(answer.header.nodeTransactionPrecheckCode) != OK:
            return None
        status = name_of(answer.receipt.status)
        return None if status in WAIT else proven(status, node)

    async def _history(self, id: TransactionId, expires_at_ms: int) -> Outcome | None:
        """What the mirror proves; None where it proves nothing."""
        try:
            newest_ns = await self._mirror.newest_ns()
            found = await self._mirror.transaction(id)
        except MirrorUnavailable:
            return None
        own = [one for one in found if one.id == id and one.result != _DUPLICATE]
        if own:
            return proven(min(own, key=_by_time).result, None)
        margin_ms = 1_000 * self._limits.absence_after_s
        if newest_ns is not None and newest_ns // _NS_PER_MS > expires_at_ms + margin_ms:
            return Outcome(RelayStatus.FAILED, error="it never reached consensus before it expired")
        return None


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
