"""One step of the ledger: what changed, what now stands, and what is to be told.

A step takes an invoice with its payments as they were and as they are, and returns the invoice as it now
stands together with the events that the difference makes true. The engine stores both in one transaction.
Saying the same thing twice makes no difference, and so no event.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from paydaemon.core.events import Draft, EventType
from paydaemon.core.invoice import Flag, Invoice, Mark, Stage, Standing, Status
from paydaemon.core.payment import Payment, PaymentState
from paydaemon.core.public import Json, Tips, public_invoice, public_payment
from paydaemon.core.status import Tally, by_amounts, stand_on, tally, threshold

PAYMENTS_TOLD = 20
"""How many payments of each option the invoice in an event lists at most, the newest. Every event holds the
whole invoice, so without a limit a thousand tiny payments would fill the journal with a million.
"""


@dataclass(frozen=True, slots=True)
class Step:
    """The outcome of one step: the invoice as it now stands, and the events to journal with it."""

    invoice: Invoice
    events: tuple[Draft, ...]


def create(invoice: Invoice) -> Step:
    """The step that brings an invoice into being."""
    return Step(invoice, _drafts(invoice, (), {}, [(EventType.INVOICE_CREATED, None)]))


def advance(
    invoice: Invoice,
    before: Sequence[Payment],
    after: Sequence[Payment],
    tips: Tips,
    *,
    stage: Stage | None = None,
    mark: Mark | None = None,
) -> Step:
    """The step from `before` to `after`, with a later stage or a new mark where one is given.

    `before` and `after` are all of the invoice's payments; one that is only in `after` is new to it. An
    earlier stage than the invoice's own is ignored: its clock never runs back.
    """
    was, now = tally(invoice, before), tally(invoice, after)
    moved = replace(invoice, standing=_standing(invoice, was, now, stage, mark))
    told: list[_Told] = [
        *_payment_events(before, after),
        *((type, None) for type in _invoice_events(invoice, moved, was, now)),
    ]
    if not told and moved.standing.flags != invoice.standing.flags:
        told = list(_seen_earlier(before, after))
    return Step(moved, _drafts(moved, after, tips, told, {one.id for one in before}))


def unmatched(payment: Payment, tips: Tips) -> Draft:
    """The event of a credit that belongs to no invoice; only the operator may read it."""
    return Draft(EventType.PAYMENT_UNMATCHED, {"payment": public_payment(payment, tips)})


def unmatched_moved(before: Payment, after: Payment, tips: Tips) -> tuple[Draft, ...]:
    """The events of an unmatched credit whose state changed. One that is valid again is told as at first."""
    data = {"payment": public_payment(after, tips)}
    types = _payment_types(before, after, seen_as=EventType.PAYMENT_UNMATCHED)
    return tuple(Draft(type, data) for type in types)


def _standing(invoice: Invoice, was: Tally, now: Tally, stage: Stage | None, mark: Mark | None) -> Standing:
    old = invoice.standing
    new = stand_on(invoice, now, _later(old.stage, stage), mark or old.mark)
    if _reverses(invoice, was, now, new.stage):
        return replace(new, flags=new.flags | {Flag.REVERSED})
    return new


def _later(stage: Stage, other: Stage | None) -> Stage:
    order = list(Stage)
    return stage if other is None else max(stage, other, key=order.index)


def _reverses(invoice: Invoice, was: Tally, now: Tally, stage: Stage) -> bool:
    """Whether the amounts alone had settled the invoice and no longer do."""
    settled_before = by_amounts(invoice, was, invoice.standing.stage) is Status.SETTLED
    return settled_before and by_amounts(invoice, now, stage) is not Status.SETTLED


def _invoice_events(before: Invoice, after: Invoice, was: Tally, now: Tally) -> Iterator[EventType]:
    """What the difference makes true of the invoice, in the order it is told."""
    needed = threshold(after)
    if was.total < now.total < needed:
        yield EventType.INVOICE_PARTIALLY_PAID
    if after.standing.mark is not before.standing.mark:
        yield EventType.INVOICE_MARKED
    if _reverses(before, was, now, after.standing.stage):
        yield EventType.INVOICE_REVERSED
    yield from _status_event(before.standing, after.standing)
    if _covered_late(now, needed) and not _covered_late(was, needed):
        yield EventType.INVOICE_PAID_LATE
    if now.over and now.total > was.total:
        yield EventType.INVOICE_OVERPAID


_TOLD_AS = {
    Status.PROCESSING: EventType.INVOICE_PROCESSING,
    Status.SETTLED: EventType.INVOICE_SETTLED,
    Status.EXPIRED: EventType.INVOICE_EXPIRED,
    Status.INVALID: EventType.INVOICE_INVALID,
}


def _status_event(was: Standing, now: Standing) -> Iterator[EventType]:
    """The event of a new status. Going back to `new` has none: the payment's own event tells it."""
    if now.status is not was.status and now.status in _TOLD_AS:
        yield _TOLD_AS[now.status]


def _covered_late(paid: Tally, needed: Fraction) -> bool:
    return paid.in_time < needed <= paid.total


_Told = tuple[EventType, Payment | None]
"""One event to tell, with the payment it is about where it is about one."""


def _payment_events(before: Sequence[Payment], after: Sequence[Payment]) -> Iterator[_Told]:
    known = {payment.id: payment for payment in before}
    for payment in after:
        for type in _payment_types(known.get(payment.id), payment, seen_as=EventType.INVOICE_PAYMENT_SEEN):
            yield type, payment


def _payment_types(was: Payment | None, now: Payment, *, seen_as: EventType) -> Iterator[EventType]:
    """What the difference makes true of one payment; `seen_as` tells that it counts, or counts again."""
    if now.counts and (was is None or not was.counts):
        yield seen_as
    if was is not None and _fell_back(was, now):
        yield EventType.PAYMENT_UNCONFIRMED
    if (was is None or now.state is not was.state) and now.state in _STATE_TOLD_AS:
        yield _STATE_TOLD_AS[now.state]


def _seen_earlier(before: Sequence[Payment], after: Sequence[Payment]) -> Iterator[_Told]:
    """Payments that are told again since their first sight moved back: `late` may have gone by that alone."""
    known = {payment.id: payment for payment in before}
    for payment in after:
        if payment.id in known and payment.seen_at_ms < known[payment.id].seen_at_ms:
            yield EventType.INVOICE_PAYMENT_SEEN, payment


_STATE_TOLD_AS = {
    PaymentState.CONFIRMED: EventType.PAYMENT_CONFIRMED,
    PaymentState.REPLACED: EventType.PAYMENT_REPLACED,
    PaymentState.CONFLICTED: EventType.PAYMENT_CONFLICTED,
    PaymentState.DROPPED: EventType.PAYMENT_DROPPED,
}


def _fell_back(was: Payment, now: Payment) -> bool:
    """Whether a payment that still counts fell back: from its depth, or out of its block."""
    if now.state is was.state:
        return now.counts and was.height is not None and now.height is None
    return (was.state, now.state) == (PaymentState.CONFIRMED, PaymentState.PENDING)


def _drafts(
    invoice: Invoice,
    payments: Sequence[Payment],
    tips: Tips,
    told: Sequence[_Told],
    known: Collection[str] = (),
) -> tuple[Draft, ...]:
    """The events with their data: the invoice as it now stands, and the payment where there is one.

    `known` are the ids of the payments that the invoice had before.
    """
    if not told:
        return ()
    whole = public_invoice(invoice, payments, tips, newest=PAYMENTS_TOLD)
    return tuple(
        Draft(type, _data(type, whole, payment, tips, known), invoice.id, invoice.seller_id)
        for type, payment in told
    )


def _data(type: EventType, whole: Json, payment: Payment | None, tips: Tips, known: Collection[str]) -> Json:
    if payment is None:
        return {"invoice": whole}
    data: Json = {"invoice": whole, "payment": public_payment(payment, tips)}
    return {**data, "again": payment.id in known} if type is EventType.INVOICE_PAYMENT_SEEN else data
