"""Again: a transaction that nobody is known to have taken goes to its node once more, while it is valid.

The same bytes do no harm there: a node knows what it has taken, and says `DUPLICATE_TRANSACTION`. No other
node gets it, since the first may have it all the same; and once it has expired nobody does.
"""

from collections.abc import Callable

from paydaemon_hedera.codes import name_of
from paydaemon_hedera.errors import NodeAway, NodeSilent
from paydaemon_hedera.inspection import Choice
from paydaemon_hedera.nodes import Nodes


class Again:
    """One entry, for the node that it was handed to before."""

    def __init__(self, nodes: Nodes, choice: Choice, expires_at_ms: int, now_ms: Callable[[], int]) -> None:
        self._nodes = nodes
        self._choice = choice
        self._expires_at_ms = expires_at_ms
        self._now_ms = now_ms

    async def hand_over(self) -> str | None:
        """What the node says to it; None where it says nothing, and where it is not asked any more."""
        if self._now_ms() >= self._expires_at_ms:
            return None
        try:
            answer = await self._nodes.submit(self._choice)
        except (NodeAway, NodeSilent):
            return None
        return name_of(answer.nodeTransactionPrecheckCode)
