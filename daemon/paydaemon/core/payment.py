"""Payments: what the ledger holds of each on-chain credit, and how an observation changes it.

A chain speaks in *observations*: each says, whole, what the chain now knows of one credit. `absorb` folds an
observation into the payment; `deepen` lets the chain's height carry a payment to its depth. Both are pure and
both may be repeated without effect.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from paydaemon.core.money import Asset


class PaymentState(StrEnum):
    """Where one credit stands. Only `pending` and `confirmed` ones count."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    REPLACED = "replaced"
    CONFLICTED = "conflicted"
    DROPPED = "dropped"


class ObservedState(StrEnum):
    """What a chain says of a credit. Whether `seen` is deep enough is decided here, not by the chain."""

    SEEN = "seen"
    REPLACED = "replaced"
    CONFLICTED = "conflicted"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class ChainTime:
    """Up to when a chain has been seen complete.

    `at_ms` is in milliseconds since the Unix epoch. `height` is the number of the newest block, or None where
    the chain has none: there an observation is `final` or it is not.
    """

    at_ms: int
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """What a chain now knows of one credit, whole.

    The transaction `transaction_id` pays `amount_minor`, in the smallest unit of `asset`, to the destination
    whose key is `destination_key`; where payers write that (a memo), it may be anything. `state` says whether
    it still does. `ref` is unique on its chain (Bitcoin: ``txid:vout``) and `position` only ever grows as the
    chain's view moves on: an observation with a smaller one than the ledger holds is old and ignored, and one
    with the same is taken. `seen_at_ms` is the chain's own time of first sight or of the block. `height` is
    that of the block that holds the credit, None while none does, and `block` is that block's hash.
    `replaced_by` is what took the transaction's place, where that is known. `final` says that no number of
    further blocks matters.

    Raises `ValueError` for a negative amount: a credit never takes from another.
    """

    ref: str
    transaction_id: str
    asset: Asset
    amount_minor: int
    destination_key: str
    state: ObservedState
    seen_at_ms: int
    position: int
    height: int | None = None
    block: str | None = None
    final: bool = False
    replaced_by: str | None = None

    def __post_init__(self) -> None:
        if self.amount_minor < 0:
            raise ValueError(f"amount_minor of {self.ref} must not be negative, not {self.amount_minor}")


@dataclass(frozen=True, slots=True)
class Payment:
    """One on-chain credit in the ledger; `invoice_id` is None while it is unmatched.

    A payment belongs to the option of that invoice which has its chain and asset. `confirmations_required`
    is that option's, or the chain's default while unmatched. `position` is that of the newest observation.
    """

    id: str
    chain: str
    ref: str
    transaction_id: str
    asset: Asset
    amount_minor: int
    destination_key: str
    invoice_id: str | None
    confirmations_required: int
    state: PaymentState
    seen_at_ms: int
    recorded_at_ms: int
    position: int
    height: int | None
    block: str | None
    final: bool
    replaced_by: str | None

    @property
    def counts(self) -> bool:
        """Whether the chain holds this credit valid now."""
        return self.state in (PaymentState.PENDING, PaymentState.CONFIRMED)


def confirmations(payment: Payment, tip: int | None) -> int:
    """How many blocks, its own included, stand on a payment while the newest block is number `tip`.

    What is final without any, as on a chain that has no heights, has all that it needs.
    """
    if payment.height is None:
        return payment.confirmations_required if payment.final and payment.counts else 0
    if tip is None:
        return 0
    return max(0, tip - payment.height + 1)


def first_sight(
    id: str,
    chain: str,
    seen: Observation,
    invoice_id: str | None,
    required: int,
    tip: int | None,
    now_ms: int,
) -> Payment:
    """The payment that an observation of an unknown credit brings into the ledger."""
    fresh = Payment(
        id=id,
        chain=chain,
        ref=seen.ref,
        transaction_id=seen.transaction_id,
        asset=seen.asset,
        amount_minor=seen.amount_minor,
        destination_key=seen.destination_key,
        invoice_id=invoice_id,
        confirmations_required=required,
        state=PaymentState.PENDING,
        seen_at_ms=seen.seen_at_ms,
        recorded_at_ms=now_ms,
        position=seen.position,
        height=seen.height,
        block=seen.block,
        final=seen.final,
        replaced_by=seen.replaced_by,
    )
    return replace(fresh, state=_state(fresh, seen.state, tip))


def absorb(payment: Payment, seen: Observation, tip: int | None) -> Payment:
    """The payment as a newer observation leaves it; the same object where the observation is old.

    The time of first sight only moves back: a payment once seen in time stays in time, whatever block it
    lands in.
    """
    if seen.position < payment.position:
        return payment
    moved = replace(
        payment,
        seen_at_ms=min(payment.seen_at_ms, seen.seen_at_ms),
        position=seen.position,
        height=seen.height,
        block=seen.block,
        final=seen.final,
        replaced_by=seen.replaced_by,
    )
    if _same_confirmed_block(payment, moved, seen):
        return moved
    return replace(moved, state=_state(moved, seen.state, tip))


def deepen(payment: Payment, tip: int) -> Payment:
    """The payment after the chain grew to `tip`: a pending one in a block may have reached its depth.

    Only promotes. A confirmed payment whose block is still in the chain stays confirmed; one whose block is
    gone is observed anew by its chain.
    """
    if payment.state is not PaymentState.PENDING:
        return payment
    return replace(payment, state=_state(payment, ObservedState.SEEN, tip))


def require(payment: Payment, invoice_id: str, required: int, tip: int | None) -> Payment:
    """The payment assigned to an invoice whose option asks for `required` confirmations."""
    moved = replace(payment, invoice_id=invoice_id, confirmations_required=required)
    if not payment.counts:
        return moved
    return replace(moved, state=_state(moved, ObservedState.SEEN, tip))


def as_observed(payment: Payment) -> Observation:
    """What a chain would say to leave the payment as it is: the newest that is known of the credit."""
    return Observation(
        ref=payment.ref,
        transaction_id=payment.transaction_id,
        asset=payment.asset,
        amount_minor=payment.amount_minor,
        destination_key=payment.destination_key,
        state=_OBSERVED[payment.state],
        seen_at_ms=payment.seen_at_ms,
        position=payment.position,
        height=payment.height,
        block=payment.block,
        final=payment.final,
        replaced_by=payment.replaced_by,
    )


_OBSERVED = {
    PaymentState.PENDING: ObservedState.SEEN,
    PaymentState.CONFIRMED: ObservedState.SEEN,
    PaymentState.REPLACED: ObservedState.REPLACED,
    PaymentState.CONFLICTED: ObservedState.CONFLICTED,
    PaymentState.DROPPED: ObservedState.DROPPED,
}


def _same_confirmed_block(before: Payment, after: Payment, seen: Observation) -> bool:
    return (
        before.state is PaymentState.CONFIRMED
        and seen.state is ObservedState.SEEN
        and before.block is not None
        and before.block == after.block
    )


def _state(payment: Payment, observed: ObservedState, tip: int | None) -> PaymentState:
    match observed:
        case ObservedState.SEEN:
            deep = payment.final or confirmations(payment, tip) >= payment.confirmations_required
            return PaymentState.CONFIRMED if deep else PaymentState.PENDING
        case ObservedState.REPLACED:
            return PaymentState.REPLACED
        case ObservedState.CONFLICTED:
            return PaymentState.CONFLICTED
        case ObservedState.DROPPED:
            return PaymentState.DROPPED
