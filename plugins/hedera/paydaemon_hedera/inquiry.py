"""Inquiries: what the daemon asks of a chain in the name of clients that speak the network's own form.

Whoever knows it is asked: the mirror for balances, which nodes tell no more; nodes and then the mirror for
receipts; a node for what a file holds, since it wants to be paid. How many are answered at once is bounded,
and so is how long each may take, whoever asks (`paydaemon.hooks.ports.Inquiry`).
"""

import random
from collections.abc import Collection, Hashable, Iterator
from contextlib import contextmanager

import trio

from paydaemon.core.errors import Refusal, invalid, unavailable
from paydaemon.hooks.ports import Reply
from paydaemon_hedera import questions
from paydaemon_hedera.codes import OK, name_of
from paydaemon_hedera.errors import MirrorUnavailable, NodeAway, NodeSilent
from paydaemon_hedera.kinds import BALANCE, CONTENTS, RECEIPT
from paydaemon_hedera.limits import HederaLimits
from paydaemon_hedera.mirror import Mirror
from paydaemon_hedera.nodes import Nodes
from paydaemon_hedera.proto.file_get_contents_pb2 import FileGetContentsResponse
from paydaemon_hedera.questions import PAYMENT, BalanceOf, ContentsOf, Question, ReceiptOf
from paydaemon_hedera.receipts import Receipts, Search
from paydaemon_hedera.turns import Turns

_NODES = 3
"""How many nodes are asked, one after the other, where the asker names none and none answers."""


class HederaInquiry:
    """Answers questions."""

    def __init__(self, nodes: Nodes, mirror: Mirror, limits: HederaLimits) -> None:
        # Turns of their own, and few: neither the watcher nor what relays need is to wait for them.
        self._turns = Turns(max(1, limits.mirror_calls // 4))
        self._nodes = nodes
        self._mirror = mirror
        self._limits = limits
        self._receipts = Receipts(nodes, mirror, self._turns)
        self._under_way = 0

    async def ask(self, question: bytes, kinds: Collection[str], *, may_pay: bool, asker: Hashable) -> Reply:
        """What the network answers; see `docs/hedera.md` for what each kind is answered by."""
        asked = questions.read(question, kinds)
        with self._place():
            return await self._answer(asked, may_pay=may_pay, asker=asker)

    @contextmanager
    def _place(self) -> Iterator[None]:
        if self._under_way >= self._limits.asks:
            raise _full()
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

    async def _answer(self, asked: Question, *, may_pay: bool, asker: Hashable) -> Reply:
        match asked:
            case BalanceOf():
                return await self._balance(asked, asker)
            case ReceiptOf():
                return await self._receipt(asked, asker)
            case ContentsOf():
                return await self._contents(asked, may_pay=may_pay)

    # --- Balances

    async def _balance(self, asked: BalanceOf, asker: Hashable) -> Reply:
        has_turn = False
        with trio.move_on_after(self._limits.ask_s):
            async with self._turns.of(asker):
                has_turn = True
                return await self._looked_up(asked)
        raise _late("the mirror does not answer") if has_turn else _full()

    async def _looked_up(self, asked: BalanceOf) -> Reply:
        try:
            found = await self._mirror.account(asked.entity)
        except MirrorUnavailable as away:
            raise unavailable("chain_unavailable", away.reason) from away
        what = "CONTRACT" if asked.is_contract else "ACCOUNT"
        code, tinybars = f"INVALID_{what}_ID", None
        if found is not None:
            code, tinybars = (f"{what}_DELETED", None) if found.is_deleted else (OK, found.tinybars)
        return Reply(BALANCE, code, {"account": asked.entity, "balance_minor": tinybars})

    # --- Receipts

    async def _receipt(self, asked: ReceiptOf, asker: Hashable) -> Reply:
        search = Search(asked, asker)
        with trio.move_on_after(self._limits.ask_s):
            await self._receipts.seek(search)
        if not search.is_heard:
            raise _late("neither a node nor the mirror answers")
        nothing = dict.fromkeys(("account", "file", "contract"))
        return Reply(RECEIPT, OK, {"status": search.status, **nothing, **search.entities})

    # --- Files

    async def _contents(self, asked: ContentsOf, *, may_pay: bool) -> Reply:
        if asked.pays and not may_pay:
            message = "pays for the answer, and that is passed on under the policy 'open' alone"
            raise invalid(PAYMENT, message, "payment_not_allowed")
        with trio.move_on_after(self._limits.ask_s):
            return _told(asked.file, await self._from_a_node(asked))
        raise _late("the node does not answer")

    async def _from_a_node(self, asked: ContentsOf) -> FileGetContentsResponse:
        """From the one that is paid, or else from any that answers."""
        refusal: Refusal | None = None
        for node in self._whom(asked):
            try:
                return await self._nodes.contents(node, asked.query)
            except (NodeAway, NodeSilent) as error:
                refusal = unavailable("chain_unavailable", error.reason)
        raise refusal or unavailable("chain_unavailable", "the network's nodes are not known yet")

    def _whom(self, asked: ContentsOf) -> list[str]:
        known = list(self._nodes.ids)
        if asked.node in known:
            return [asked.node]
        if asked.pays and known:
            message = "is for none of the network's nodes that are known"
            raise invalid(PAYMENT, message, "invalid_question")
        return random.sample(known, min(_NODES, len(known)))


def _told(file: str, answer: FileGetContentsResponse) -> Reply:
    contents = answer.fileContents.contents if answer.HasField("fileContents") else None
    content = {"file": file, "contents": contents, "cost_minor": answer.header.cost}
    return Reply(CONTENTS, name_of(answer.header.nodeTransactionPrecheckCode), content)


def _full() -> Refusal:
    return unavailable("too_many_questions", "too many questions are being answered already")


def _late(words: str) -> Refusal:
    return unavailable("chain_unavailable", f"{words} in time")
