"""From what the wallet and its node say of a transaction to what the daemon is told of its credits. Pure.

The wallet says what a transaction is worth to us, the node where it stands. The words of both were tried one
situation at a time; this is what they mean:

======================  =============================================================  =====================
situation               what is said                                                   told as
======================  =============================================================  =====================
in the pool             the wallet lists it in ``pool``; the node has it ``in_pool``   seen, in no block
in a block              the wallet lists it in ``in``, with its height                 seen, in that block
in a block and locked   the same, with an ``unlock_time`` that is not reached          seen, in no block
double spent            neither knows it; the node had said ``double_spend_seen``      conflicted
gone from the pool      neither knows it                                               dropped
back in the pool        the wallet lists it nowhere for a moment; the node has it      seen, in no block
worth nothing in block  the node has it in a block, and the wallet credits nothing     dropped
======================  =============================================================  =====================

The wallet goes on listing in ``pool``, for one look, what has left it. Every state may turn into any other
until it is `final`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from paydaemon.core.money import Asset
from paydaemon.core.payment import Observation, ObservedState
from paydaemon_monero.answers import Credit, NodeInfo, Transfer, Whereabouts
from paydaemon_monero.locks import is_locked

FINAL = 100
"""Confirmations from which a payment is watched no more.

Ten times the depth at which Monero itself lets an output be spent, and more than five times the deepest
reorganisation that its main network is known to have had (18 blocks, in September 2025). Sellers may ask for
as many.
"""


@dataclass(frozen=True, slots=True)
class Fate:
    """Where a credit stands."""

    state: ObservedState
    seen_at_ms: int
    height: int | None = None
    block: str | None = None
    final: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """Where in the chain a credit is: what its fate follows from, as the chain grows."""

    height: int
    time_s: int
    unlock_time: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out of one credit. `contested` is whether a double spend of it was seen."""

    credit: Credit
    fate: Fate
    placed: Placed | None = None
    contested: bool = False

    @property
    def counts(self) -> bool:
        """Whether it is a gain, or goes on being one; else it is a loss."""
        return self.fate.state is ObservedState.SEEN


def placed(transfer: Transfer) -> Placed | None:
    """Where the wallet has it in the chain; None while it is in the pool."""
    if transfer.height is None:
        return None
    return Placed(transfer.height, transfer.time_s, transfer.unlock_time)


def in_block(place: Placed, block: str, now: NodeInfo) -> Fate:
    """The fate of what is in the block of that hash."""
    seen_at_ms = place.time_s * 1000
    if is_locked(place.unlock_time, place.height, now.blocks, now.clock_s):
        return Fate(ObservedState.SEEN, seen_at_ms)
    return Fate(
        ObservedState.SEEN, seen_at_ms, place.height, block, final=now.height - place.height + 1 >= FINAL
    )


def in_pool(there: Whereabouts, first_seen_ms: int) -> Fate:
    """The fate of what is in the pool. The node's own time of it stands, where it tells one."""
    seen_at_ms = first_seen_ms if there.received_s is None else there.received_s * 1000
    return Fate(ObservedState.SEEN, seen_at_ms)


def lost(seen_at_ms: int, *, contested: bool) -> Fate:
    """The fate of what neither pool nor chain has."""
    return Fate(ObservedState.CONFLICTED if contested else ObservedState.DROPPED, seen_at_ms)


def same_credit(credit: Credit, listed: Sequence[Transfer]) -> Transfer | None:
    """The entry of this very credit, of the same amount, in a block."""
    found = (one for one in listed if one.credit.ref == credit.ref and one.height is not None)
    return next(found, None)


def observation(finding: Finding, asset: Asset, position: int) -> Observation:
    """What the daemon is told of one finding."""
    credit, fate = finding.credit, finding.fate
    return Observation(
        ref=credit.ref,
        transaction_id=credit.txid,
        asset=asset,
        amount_minor=credit.amount_minor,
        destination_key=credit.address,
        state=fate.state,
        seen_at_ms=fate.seen_at_ms,
        position=position,
        height=fate.height,
        block=fate.block,
        final=fate.final,
    )


def credit_of(told: Observation) -> Credit:
    """The credit that an observation was made of."""
    minor = int(told.ref.split(":")[1])
    return Credit(told.transaction_id, minor, told.amount_minor, told.destination_key)


def fate_of(told: Observation) -> Fate:
    """The fate that an observation was made of."""
    return Fate(told.state, told.seen_at_ms, told.height, told.block, told.final)
