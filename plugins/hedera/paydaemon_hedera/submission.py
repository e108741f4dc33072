"""Submission: handing a transaction to a node until it is known what became of that.

A signed transaction goes only to the node that its body names, so "again" means: the same bytes to the same
node. Another entry of the list is tried once the first was certainly not accepted, since two of them that
both reach consensus are both charged. From the first call without an answer on, the outcome is in doubt: then
no refusal proves anything, and only a receipt or the mirror will. It is in doubt from the beginning where it
may have been handed over before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import structlog
import trio

from paydaemon.core.relay import Outcome, RelayStatus
from paydaemon_hedera.codes import BUSY, ELSEWHERE, TAKEN, name_of
from paydaemon_hedera.errors import NodeAway, NodeSilent
from paydaemon_hedera.inspection import Choice
from paydaemon_hedera.limits import HederaLimits
from paydaemon_hedera.nodes import Nodes

log = structlog.get_logger(__name__)

_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 8.0


@dataclass(frozen=True, slots=True)
class _Said:
    """What came of handing it to one node. `precheck` is None where it has not answered."""

    node: str
    precheck: str | None
    in_doubt: bool
    error: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether handing it to the same node again would change nothing."""
        return self.precheck not in BUSY if self.precheck is not None else not self.in_doubt

    @property
    def may_go_elsewhere(self) -> bool:
        """Whether this node certainly has not got it, for a reason that need not hold for another one."""
        return not self.in_doubt and (self.precheck is None or self.precheck in BUSY | ELSEWHERE)


async def submit(choices: Iterator[Choice], nodes: Nodes, limits: HederaLimits, *, in_doubt: bool) -> Outcome:
    """Hand it to the first node that takes it; `choices` are by preference, at least one.

    `in_doubt` says that it may have been handed over before.
    """
    said = await _hand_over(next(choices), nodes, limits, in_doubt)
    others = islice(choices, limits.submit_nodes - 1)
    while said.may_go_elsewhere and (choice := next(others, None)) is not None:
        said = await _hand_over(choice, nodes, limits, in_doubt)
    return _outcome(said)


def _outcome(said: _Said) -> Outcome:
    if said.precheck in TAKEN:
        return Outcome(RelayStatus.ACCEPTED, said.precheck, node=said.node)
    error = said.error or f"node {said.node} does not take it: {said.precheck}"
    if said.in_doubt:
        return Outcome(RelayStatus.UNKNOWN, node=said.node, error=error)
    return Outcome(RelayStatus.FAILED, said.precheck, node=said.node, error=error)


async def _hand_over(choice: Choice, nodes: Nodes, limits: HederaLimits, in_doubt: bool) -> _Said:
    said = await _try_once(choice, nodes, in_doubt)
    for number in range(limits.submit_tries - 1):
        if said.is_final:
            break
        await trio.sleep(min(_FIRST_PAUSE_S * 2**number, _LONGEST_PAUSE_S))
        said = await _try_once(choice, nodes, said.in_doubt)
    return said


async def _try_once(choice: Choice, nodes: Nodes, in_doubt: bool) -> _Said:
    try:
        answer = await nodes.submit(choice)
    except NodeAway as away:
        return _Said(choice.node, None, in_doubt, away.reason)
    except NodeSilent as silent:
        log.info("a node has not answered", node=choice.node, reason=silent.reason)
        return _Said(choice.node, None, True, silent.reason)
    return _Said(choice.node, name_of(answer.nodeTransactionPrecheckCode), in_doubt)
