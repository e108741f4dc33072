"""Relaying: what the daemon asks of a chain that passes on what clients have signed (`hooks.ports.Relay`)."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain, islice

from paydaemon.core.errors import Refusal, unavailable
from paydaemon.core.relay import Outcome, RelayStatus, SignedTransfer
from paydaemon.hooks.ports import Health, HealthState
from paydaemon_hedera import inspection
from paydaemon_hedera.accounts import Accounts
from paydaemon_hedera.again import Again
from paydaemon_hedera.codes import INVALID_SIGNATURE, OK
from paydaemon_hedera.identity import is_same
from paydaemon_hedera.ids import parse_transaction_id
from paydaemon_hedera.inspection import Choice, Inspected
from paydaemon_hedera.limits import HederaLimits
from paydaemon_hedera.memory import Memory
from paydaemon_hedera.nodes import Nodes
from paydaemon_hedera.outcomes import Outcomes, Sought
from paydaemon_hedera.refusals import SIGNATURES
from paydaemon_hedera.submission import submit

Settled = Callable[[SignedTransfer], None]
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
        self._memory = Memory(limits)

    def health(self) -> Health:
        """Whether there is anybody to hand a transaction to."""
        if not self._nodes.is_open:
            return Health(HealthState.STARTING, "the chain does not run yet")
        if not self._nodes.ids:
            return Health(HealthState.STARTING, "the network's nodes are not known yet")
        return Health(HealthState.HEALTHY)

    def inspect(self, given: bytes | str, now_ms: int) -> SignedTransfer:
        """What a client has signed, as far as its bytes can tell."""
        inspected = inspection.inspect(given, self._known_nodes(), now_ms, self._accounts.known)
        self._memory.keep(inspected)
        return inspected.transfer

    async def verify(self, transfer: SignedTransfer) -> None:
        """Hold the signatures to the accounts' keys, where it is not known already that they are theirs."""
        if not transfer.is_proven:
            await self._verified(self._recall(transfer))

    async def submit(self, transfer: SignedTransfer, *, in_doubt: bool) -> Outcome:
        """Hand it to a node. One that may have been handed over before is asked about first."""
        inspected = self._recall(transfer)
        choices = await self._choices(inspected)
        if in_doubt:
            nodes = [choice.node for choice in inspected.choices]
            node = await self._outcomes.known_to(parse_transaction_id(transfer.transaction_id), nodes)
            if node is not None:
                return Outcome(RelayStatus.ACCEPTED, node=node)
        outcome = await submit(choices, self._nodes, self._limits, in_doubt=in_doubt)
        if outcome.precheck == INVALID_SIGNATURE:
            self._accounts.forget(transfer.payer)
        return outcome

    async def follow(self, transfer: SignedTransfer, so_far: Outcome) -> Outcome:
        """What became of it. What nobody is known to have taken is handed over again meanwhile."""
        outcome = await self._outcomes.follow(self._sought(transfer, so_far))
        if outcome.status.is_final:
            self._memory.forget(transfer)
        if outcome.status is RelayStatus.SUCCEEDED:
            self._settled(transfer)
        return outcome

    async def _verified(self, inspected: Inspected) -> Sequence[Choice]:
        """By the keys that are remembered, or else by those of now: an account may have got another one."""
        try:
            return await self._by_keys(inspected)
        except Refusal as refusal:
            concerned = (*inspected.debited, *inspected.credited)
            if refusal.param != SIGNATURES or not self._accounts.doubt(concerned):
                raise
            return await self._by_keys(inspected)

    async def _by_keys(self, inspected: Inspected) -> Sequence[Choice]:
        keys = await self._accounts.keys(inspected.debited, inspected.credited)
        return tuple(islice(inspection.verified(inspected, keys), self._limits.submit_nodes))

    async def _choices(self, inspected: Inspected) -> Iterator[Choice]:
        """Those to be handed over. It was verified once: where keys cannot be told now, nodes will tell."""
        if not inspected.transfer.is_proven:
            try:
                return iter(await self._verified(inspected))
            except Refusal:
                pass
        return _sound(inspected)

    def _recall(self, transfer: SignedTransfer) -> Inspected:
        """What was inspected a moment ago, or by an earlier run of the daemon. Raises `Refusal`."""
        found = self._memory.recall(transfer)
        if found is None:
            found = inspection.read(transfer.raw, self._known_nodes())
            with suppress(Refusal):  # they were right once, and the nodes may be others now
                found = inspection.signed(found)
            self._memory.keep(found)
        return found

    def _known_nodes(self) -> frozenset[str]:
        if not self._nodes.ids:
            raise unavailable("no_nodes", "the network's nodes are not known yet")
        return frozenset(self._nodes.ids)

    def _sought(self, transfer: SignedTransfer, so_far: Outcome) -> Sought:
        """Those it was for are asked, or any where they cannot be told: after consensus all of them know."""
        choices: tuple[Choice, ...] = ()
        call = None
        with suppress(Refusal):
            inspected = self._recall(transfer)
            choices, call = inspected.choices, inspected.body.call
        return Sought(
            parse_transaction_id(transfer.transaction_id),
            [choice.node for choice in choices] or list(self._nodes.ids),
            transfer.expires_at_ms,
            is_taken=so_far.precheck == OK,
            is_it=partial(is_same, transfer, call, choices),
            again=self._again(transfer, choices, so_far),
        )

    def _again(self, transfer: SignedTransfer, choices: Sequence[Choice], so_far: Outcome) -> Again | None:
        """For the node that may have it, where that has never answered."""
        if so_far.status is not RelayStatus.UNKNOWN or so_far.precheck is not None:
            return None
        before = (choice for choice in choices if choice.node == so_far.node)
        choice = next(before, None)
        return None if choice is None else Again(self._nodes, choice, transfer.expires_at_ms, _now_ms)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _sound(inspected: Inspected) -> Iterator[Choice]:
    """The choices that are not certainly wrong; all of them where none is left."""
    right = inspection.sound(inspected)
    first = next(right, None)
    return iter(inspected.choices) if first is None else chain((first,), right)
