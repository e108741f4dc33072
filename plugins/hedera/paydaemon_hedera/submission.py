"""Submission: handing a transaction to a node until it is known what became of that.

A signed transaction goes only to the node that its body names, so "again" means: the same bytes to the same
node. Another entry of the list is tried once the first was certainly not accepted, since two of them that
both reach consensus are both charged. From the first call without an answer on, the outcome is in doubt: then
no refusal proves anything, and only a receipt or the mirror will.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import structlog
import trio
from google.protobuf.message import DecodeError

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
    """What came of handing it to one node. `doubt`: a call stayed without an answer."""

    node: str
    precheck: str | None
    doubt: bool
    error: str | None = None

    @property
    def taken(self) -> bool:
        """Whether it certainly has it."""
        return self.precheck in TAKEN

    @property
    def may_go_elsewhere(self) -> bool:
        """Whether it certainly has not got it, for a reason that need not hold for another node."""
        return not self.doubt and (self.precheck is None or self.precheck in BUSY | ELSEWHERE)


async def submit(choices: Iterable[Choice], nodes: Nodes, limits: HederaLimits) -> Outcome:
    """Hand it to the first node that takes it; `choices` are by preference, at least one."""
    said: _Said | None = None
    for choice, _ in zip(choices, range(limits.submit_nodes), strict=False):
        said = await _hand_over(choice, nodes, limits)
        if not said.may_go_elsewhere:
            break
    assert said is not None
    return _outcome(said)


def _outcome(said: _Said) -> Outcome:
    if said.taken:
        return Outcome(RelayStatus.ACCEPTED, said.precheck, node=said.node)
    if said.doubt:
        return Outcome(RelayStatus.UNKNOWN, node=said.node, error=said.error)
    error = said.error or f"node {said.node} does not take it: {said.precheck}"
    return Outcome(RelayStatus.FAILED, said.precheck, node=said.node, error=error)


async def _hand_over(choice: Choice, nodes: Nodes, limits: HederaLimits) -> _Said:
    said = _Said(choice.node, None, doubt=False)
    for number in range(limits.submit_tries):
        said = await _try_once(choice, nodes, said.doubt)
        if said.precheck is not None and said.precheck not in BUSY:
            return said
        if said.precheck is None and not said.doubt:
            return said  # cannot be reached
        await trio.sleep(min(_FIRST_PAUSE_S * 2**number, _LONGEST_PAUSE_S))
    return said


async def _try_once(choice: Choice, nodes: Nodes, doubt: bool) -> _Said:
    try:
        answer = await nodes.submit(choice.node, choice.envelope)
    except NodeAway as away:
        return _Said(choice.node, None, doubt, away.reason)
    except (NodeSilent, DecodeError) as silent:
        log.info("a node has not answered", node=choice.node, error=str(silent))
        return _Said(choice.node, None, doubt=True, error=str(silent))
    return _Said(choice.node, name_of(answer.nodeTransactionPrecheckCode), doubt)
