"""Outcomes: what became of a transaction that was handed over, from whoever can prove it.

Receipts are free, and come first: nodes keep them for 180 s. The mirror node has what consensus did for ever,
some seconds later. Where no node has said that it took this very transaction, the id may stand for another
one: then only the mirror proves a success. That it has nothing of a transaction proves something only where
all of its machines have come past the time at which the transaction expired, by a margin, and it was asked
several times: then the transaction never reached consensus and never will. Nothing else proves a failure.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import trio

from paydaemon.core.relay import Outcome, RelayStatus
from paydaemon_hedera.again import Again
from paydaemon_hedera.answers import Recorded
from paydaemon_hedera.codes import OK, SUCCESS, TAKEN, WAIT, name_of
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


@dataclass(frozen=True, slots=True)
class Sought:
    """A transaction whose outcome is looked for; `nodes` are whom to ask for a receipt.

    Where it `is_taken`, a node has said itself that it took this very one. Otherwise another one may stand
    under its id, and `is_it` tells by the mirror's record; `again` hands it over once more.
    """

    id: TransactionId
    nodes: Sequence[str]
    expires_at_ms: int
    is_taken: bool
    is_it: Callable[[Recorded], bool]
    again: Again | None = None


class _Search:
    """What one search has come to. `absent` is how often in a row the mirror had nothing of it."""

    def __init__(self, sought: Sought) -> None:
        self.sought = sought
        self.began_at = trio.current_time()
        self.receipt: str | None = None
        self.absent = 0
        self._is_taken = sought.is_taken
        self._again = sought.again

    @property
    def receipt_proves(self) -> bool:
        """Whether what a node has under the id is what became of this one: if it failed, nothing else can."""
        if self.receipt is None or self.receipt in WAIT:
            return False
        return self._is_taken or self.receipt != SUCCESS

    async def hand_over_again(self) -> None:
        """Where nobody has a receipt, and until the node says that it has it."""
        if self._again is None or self.receipt is not None:
            return
        said = await self._again.hand_over()
        self._is_taken = self._is_taken or said == OK
        if said in TAKEN:
            self._again = None


class Outcomes:
    """Asks the nodes for receipts, and the mirror for what happened."""

    def __init__(
        self, nodes: Nodes, mirror: Mirror, turns: trio.CapacityLimiter, limits: HederaLimits
    ) -> None:
        self._nodes = nodes
        self._mirror = mirror
        self._turns = turns
        self._limits = limits

    async def follow(self, sought: Sought) -> Outcome:
        """What became of it, once that is proven; `unknown` where it is not within some patience."""
        search = _Search(sought)
        for turn, pause_s in enumerate(pauses()):
            outcome = await self._look(search, turn)
            if outcome is not None:
                return outcome
            if trio.current_time() + pause_s > search.began_at + self._limits.follow_s:
                break
            await search.hand_over_again()
            await trio.sleep(pause_s)
        return Outcome(RelayStatus.UNKNOWN, error="neither the nodes nor the mirror can tell yet")

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

    async def _look(self, search: "_Search", turn: int) -> Outcome | None:
        """What a node's receipt proves, or else the mirror."""
        sought = search.sought
        node = sought.nodes[turn % len(sought.nodes)] if sought.nodes else None
        search.receipt = None if node is None else await self._status(sought.id, node)
        if search.receipt_proves:
            return proven(search.receipt or "", node)
        if search.receipt == SUCCESS or trio.current_time() >= search.began_at + _RECEIPTS_ALONE_S:
            return await self._history(search)
        return None

    async def _status(self, id: TransactionId, node: str) -> str | None:
        """What stands in a node's receipt; None where it has none."""
        try:
            answer = await self._nodes.receipt(node, receipt_query(id))
        except (NodeAway, NodeSilent):
            return None
        is_there = name_of(answer.header.nodeTransactionPrecheckCode) == OK and answer.HasField("receipt")
        return name_of(answer.receipt.status) if is_there else None

    async def _history(self, search: "_Search") -> Outcome | None:
        """What the mirror proves: what consensus did, or that it never heard of it."""
        sought = search.sought
        try:
            async with self._turns:
                await self._mirror.newest_ns()
                found = await self._mirror.transaction(sought.id)
        except MirrorUnavailable:
            search.absent = 0
            return None
        search.absent = 0 if found else search.absent + 1
        own = first_of(found, sought.id)
        if own is not None:
            return _recorded(sought, own)
        if search.absent >= ABSENT_TIMES and self._is_past(sought.expires_at_ms):
            return Outcome(RelayStatus.FAILED, error="it never reached consensus before it expired")
        return None

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


def first_of(found: Iterable[Recorded], id: TransactionId) -> Recorded | None:
    """What consensus made of an id itself: neither what that brought about, nor its duplicates."""
    own = (one for one in found if one.id == id and one.result != _DUPLICATE)
    return min(own, key=lambda one: one.consensus_ns, default=None)


def proven(status: str, node: str | None) -> Outcome:
    """What consensus said, whoever tells it."""
    if status == SUCCESS:
        return Outcome(RelayStatus.SUCCEEDED, receipt=status, node=node)
    return Outcome(RelayStatus.FAILED, receipt=status, node=node, error=f"consensus refused it: {status}")


def _recorded(sought: Sought, first: Recorded) -> Outcome:
    """What came of the first under an id that reached consensus. Every later one is a duplicate."""
    if not first.succeeded or sought.is_it(first):
        return proven(first.result, None)
    error = "another transaction was carried out under this id"
    return Outcome(RelayStatus.FAILED, receipt=_DUPLICATE, error=error)


def pauses() -> Iterator[float]:
    """Between two looks at what became of something, in seconds: longer and longer, within bounds."""
    pause_s = _FIRST_PAUSE_S
    while True:
        yield pause_s
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
