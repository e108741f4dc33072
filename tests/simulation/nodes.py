"""The nodes of the network that relays go to: busy, deaf, slow to tell, and they see what they are handed.

A `RelayNetwork` with dice, which notes whatever a daemon must never do, by each of its calls: hand over what
is not journaled, or other bytes than were signed, or another transaction in the place of one that was taken,
or one as if for the first time that it may have handed over before. A call may also be what the daemon dies
of: before the nodes have heard of it, or after.
"""

import random
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import replace

from paydaemon.core.relay import Outcome, Relay, RelayStatus, SignedTransfer
from paydaemon.testing.fakerelay import SUCCESS, RelayNetwork

DIES = 0.03
"""How often the daemon dies of a call: once before it, and once after."""
REFUSED = "INSUFFICIENT_PAYER_BALANCE"

Recorded = Callable[[str], Awaitable[Relay | None]]
"""What the database holds of a transaction's id."""


class Nodes(RelayNetwork):
    """All of them. `faults` says what a daemon did wrong; `signed` has each envelope that clients made.

    `excused` are the transactions that were taken before a backup was restored."""

    def __init__(self, dice: random.Random, die: Callable[[], None], recorded: Recorded) -> None:
        super().__init__(dice)
        self.die = die
        self.recorded = recorded
        self.faults: list[str] = []
        self.signed: defaultdict[str, set[bytes]] = defaultdict(set)
        self.digests: dict[str, bytes] = {}
        self.doubtful: set[str] = set()
        self.excused: set[str] = set()

    def forget(self) -> None:
        """The daemon has forgotten what it handed over since its backup was made, and cannot know better."""
        self.excused |= set(self.applied)
        self.digests.clear()
        self.doubtful.clear()

    def draw_receipt(self, transaction_id: str) -> None:
        """What consensus will say of it, once it comes so far."""
        if self._happens(0.15):
            self.receipts[transaction_id] = REFUSED

    async def submit(self, transfer: SignedTransfer) -> Outcome:
        await self._look_at(transfer, in_doubt=self.doubted[-1])
        self._die_at_times()
        self.doubtful.add(transfer.transaction_id)
        outcome = await super().submit(transfer)
        self._die_at_times()
        if outcome.status is RelayStatus.FAILED:
            self.doubtful.discard(transfer.transaction_id)
        return outcome

    async def follow(self, transfer: SignedTransfer) -> Outcome:
        self._die_at_times()
        outcome = await super().follow(transfer)
        return replace(outcome, node="0.0.4") if self._happens(0.5) else outcome

    def _take(self, transfer: SignedTransfer) -> None:
        super()._take(transfer)
        self.digests.setdefault(transfer.transaction_id, transfer.digest)

    def is_paid(self, transaction_id: str) -> bool:
        """Whether it has moved anything."""
        return self.applied[transaction_id] > 0 and self.receipts[transaction_id] == SUCCESS

    async def _look_at(self, transfer: SignedTransfer, *, in_doubt: bool) -> None:
        id, relay = transfer.transaction_id, await self.recorded(transfer.transaction_id)
        wrong = {
            "before it was journaled": relay is None or relay.digest != transfer.digest,
            "when its outcome was known": relay is not None and relay.status.is_final,
            "in bytes that nobody signed": transfer.raw not in self.signed[id],
            "as another transaction than was taken": self.digests.get(id, transfer.digest) != transfer.digest,
            "again as if for the first time": id in self.doubtful and not in_doubt,
        }
        self.faults += [f"{id} was submitted {how}" for how, is_so in wrong.items() if is_so]

    def _die_at_times(self) -> None:
        if self._happens(DIES):
            self.die()
