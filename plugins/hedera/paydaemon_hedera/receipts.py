"""Receipts: what the network says of a transaction to whoever asks, be it relayed here or not.

Clients ask right after a node has taken it, and consensus comes some seconds later. So nodes are asked again
and again, and after a while the mirror too, which is behind but forgets nothing. What they say is told, and
nothing is concluded from it.
"""

import random
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle

import trio

from paydaemon_hedera.answers import Recorded
from paydaemon_hedera.codes import OK, WAIT, name_of
from paydaemon_hedera.errors import MirrorUnavailable, NodeAway, NodeSilent
from paydaemon_hedera.mirror import Mirror
from paydaemon_hedera.nodes import Nodes
from paydaemon_hedera.outcomes import first_of, pauses, receipt_query
from paydaemon_hedera.proto.basic_types_pb2 import AccountID, ContractID, FileID
from paydaemon_hedera.proto.transaction_receipt_pb2 import TransactionReceipt
from paydaemon_hedera.questions import ReceiptOf
from paydaemon_hedera.turns import Turns

UNKNOWN = "UNKNOWN"
_NODES = 2
"""How many nodes are asked in turn: the one that was named, and another one."""
_RECEIPTS_ALONE_S = 3.0
"""So long a mirror is behind anyway."""

_MADE = {
    "CRYPTOCREATEACCOUNT": "account",
    "FILECREATE": "file",
    "CONTRACTCREATEINSTANCE": "contract",
    "CONTRACTCALL": "contract",
    "ETHEREUMTRANSACTION": "contract",
}
"""What the mirror's entity is in a receipt, by the kind of the transaction."""

Entities = Mapping[str, str | None]
"""The account, the file and the contract that a receipt names, by these words."""


@dataclass(slots=True)
class Search:
    """One question for a receipt, and what is known by now. It `is_heard` once anybody has answered."""

    asked: ReceiptOf
    asker: Hashable
    status: str = UNKNOWN
    entities: Entities = field(default_factory=dict)
    is_heard: bool = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.status != UNKNOWN

    def hear(self, status: str, entities: Entities) -> None:
        """Take in what somebody says, unless that is that it is not known yet."""
        if status not in WAIT:
            self.status, self.entities = status, entities


Ask = Callable[[Search], Awaitable[None]]
"""Asks somebody once."""


class Receipts:
    """Asks nodes and mirror for them."""

    def __init__(self, nodes: Nodes, mirror: Mirror, turns: Turns) -> None:
        self._nodes = nodes
        self._mirror = mirror
        self._turns = turns

    async def seek(self, search: Search) -> None:
        """Until it is over. It can be cancelled at any time, and then says what is known."""
        nodes = [partial(self._ask, node) for node in self._whom(search.asked.node)]
        async with trio.open_nursery() as nursery:
            done = nursery.cancel_scope.cancel
            nursery.start_soon(_keep_asking, search, nodes, 0.0, done)
            after_s = _RECEIPTS_ALONE_S if nodes else 0.0
            nursery.start_soon(_keep_asking, search, [self._look_up], after_s, done)

    def _whom(self, named: str | None) -> list[str]:
        known = list(self._nodes.ids)
        others = random.sample(known, len(known))
        first = [named] if named in known and named is not None else []
        return [*first, *(one for one in others if one != named)][:_NODES]

    async def _ask(self, node: str, search: Search) -> None:
        try:
            answer = await self._nodes.receipt(node, receipt_query(search.asked.id))
        except (NodeAway, NodeSilent):
            return
        search.is_heard = True
        if name_of(answer.header.nodeTransactionPrecheckCode) == OK and answer.HasField("receipt"):
            search.hear(name_of(answer.receipt.status), _named_in(answer.receipt))

    async def _look_up(self, search: Search) -> None:
        try:
            async with self._turns.of(search.asker):
                found = await self._mirror.transaction(search.asked.id)
        except MirrorUnavailable:
            return
        search.is_heard = True
        first = first_of(found, search.asked.id)
        if first is not None:
            search.hear(first.result, _made_by(first))


async def _keep_asking(search: Search, whom: Sequence[Ask], after_s: float, done: Callable[[], None]) -> None:
    """These in turn, with pauses that grow, until it is over."""
    await trio.sleep(after_s)
    for ask, pause_s in zip(cycle(whom), pauses(), strict=False):
        await ask(search)
        if search.is_over:
            done()
        await trio.sleep(pause_s)


def _named_in(receipt: TransactionReceipt) -> Entities:
    return {
        "account": _entity(receipt.accountID, receipt.accountID.accountNum),
        "file": _entity(receipt.fileID, receipt.fileID.fileNum),
        "contract": _entity(receipt.contractID, receipt.contractID.contractNum),
    }


def _entity(id: AccountID | FileID | ContractID, number: int) -> str | None:
    return f"{id.shardNum}.{id.realmNum}.{number}" if number else None


def _made_by(recorded: Recorded) -> Entities:
    word = _MADE.get(recorded.kind) if recorded.succeeded else None
    return {} if word is None else {word: recorded.entity}
