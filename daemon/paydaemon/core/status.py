"""Status from amounts: one table and the pure functions that read it.

A buyer may pay an invoice in several pieces and several assets. Each credit is its fraction of what its
option asks, the fractions add up exactly, and the invoice is covered when the sum reaches one less the
tolerance. How the coverage stands and how far the clock has run choose the status in `TABLE`; everything else
that may be true at the same time is a flag.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from paydaemon.core.invoice import PPM, Flag, Invoice, LatePolicy, Mark, Option, Stage, Standing, Status
from paydaemon.core.money import ceil
from paydaemon.core.payment import Payment, PaymentState


class Coverage(StrEnum):
    """How much of what is due has been paid."""

    NONE = "nothing"
    PARTIAL = "part of it"
    SEEN = "all of it, not yet final"
    FINAL = "all of it, final"


TABLE: dict[tuple[Coverage, Stage], Status] = {
    (Coverage.NONE, Stage.OPEN): Status.NEW,
    (Coverage.NONE, Stage.EXPIRED): Status.EXPIRED,
    (Coverage.NONE, Stage.CLOSED): Status.EXPIRED,
    (Coverage.PARTIAL, Stage.OPEN): Status.NEW,
    (Coverage.PARTIAL, Stage.EXPIRED): Status.EXPIRED,
    (Coverage.PARTIAL, Stage.CLOSED): Status.EXPIRED,
    (Coverage.SEEN, Stage.OPEN): Status.PROCESSING,
    (Coverage.SEEN, Stage.EXPIRED): Status.PROCESSING,
    (Coverage.SEEN, Stage.CLOSED): Status.INVALID,
    (Coverage.FINAL, Stage.OPEN): Status.SETTLED,
    (Coverage.FINAL, Stage.EXPIRED): Status.SETTLED,
    (Coverage.FINAL, Stage.CLOSED): Status.SETTLED,
}


@dataclass(frozen=True, slots=True)
class Tally:
    """An invoice's valid credits, as exact fractions of what is due; 1 is all of it.

    `in_time` and `total` count pending and confirmed credits, the `final` ones only confirmed credits.
    `coarsest` is one minor unit of the coarsest asset that was paid in; 0 while nothing is paid.
    """

    in_time: Fraction = Fraction(0)
    in_time_final: Fraction = Fraction(0)
    total: Fraction = Fraction(0)
    total_final: Fraction = Fraction(0)
    coarsest: Fraction = Fraction(0)

    @property
    def late(self) -> bool:
        """Whether any of it came after the invoice's expiry."""
        return self.total > self.in_time

    @property
    def over(self) -> bool:
        """Whether more was paid than is due.

        A buyer who pays in several assets is asked for the rest in whole minor units of the last one, so a
        sum just above 1 is not yet an excess: a whole minor unit of each asset paid in must be.
        """
        return 0 < self.coarsest <= self.total - 1


class _Kind(NamedTuple):
    """What credits must share to be added up as integers: the asset, and how they count."""

    asset: tuple[str, str]
    in_time: bool
    final: bool


def tally(invoice: Invoice, payments: Iterable[Payment]) -> Tally:
    """Add up the credits that count: valid, for an option of the invoice, seen while it was monitored.

    Integers are added first and fractions of the sums after, so that many small payments stay cheap.
    """
    due_minor = {option.asset.key: option.due_minor for option in invoice.options}
    paid = {
        kind: Fraction(amount_minor, due_minor[kind.asset])
        for kind, amount_minor in _paid_minor(invoice, payments).items()
        if kind.asset in due_minor and amount_minor
    }
    units = (Fraction(1, due_minor[kind.asset]) for kind in paid)
    return Tally(
        in_time=_sum(share for kind, share in paid.items() if kind.in_time),
        in_time_final=_sum(share for kind, share in paid.items() if kind.in_time and kind.final),
        total=_sum(paid.values()),
        total_final=_sum(share for kind, share in paid.items() if kind.final),
        coarsest=max(units, default=Fraction(0)),
    )


def threshold(invoice: Invoice) -> Fraction:
    """The fraction of what is due from which the invoice counts as covered."""
    return Fraction(PPM - invoice.tolerance_ppm, PPM)


def coverage(invoice: Invoice, sums: Tally) -> Coverage:
    """How much has been paid, late credits included only where the seller lets them settle."""
    with_late = invoice.late is LatePolicy.SETTLE
    seen = sums.total if with_late else sums.in_time
    final = sums.total_final if with_late else sums.in_time_final
    needed = threshold(invoice)
    if final >= needed:
        return Coverage.FINAL
    if seen >= needed:
        return Coverage.SEEN
    return Coverage.PARTIAL if seen else Coverage.NONE


def by_amounts(invoice: Invoice, sums: Tally, stage: Stage) -> Status:
    """The status before any mark: one look into the table."""
    return TABLE[coverage(invoice, sums), stage]


def stand(invoice: Invoice, payments: Sequence[Payment], stage: Stage, mark: Mark | None) -> Standing:
    """Where an invoice with these payments stands. A pure function of amounts, clock, mark and history.

    The only history is `Flag.REVERSED`, which stays for good once set (`paydaemon.core.ledger` sets it).
    """
    return stand_on(invoice, tally(invoice, payments), stage, mark)


def stand_on(invoice: Invoice, sums: Tally, stage: Stage, mark: Mark | None) -> Standing:
    """Where an invoice with this tally stands: `stand` for callers that have added up already."""
    status = by_amounts(invoice, sums, stage) if mark is None else Status(mark.value)
    true_of_it = {
        Flag.PARTIAL: 0 < sums.total < threshold(invoice),
        Flag.OVER: sums.over,
        Flag.LATE: sums.late,
        Flag.REVERSED: Flag.REVERSED in invoice.standing.flags,
        Flag.MARKED: mark is not None,
    }
    flags = frozenset(flag for flag, is_true in true_of_it.items() if is_true)
    return Standing(status=status, flags=flags, stage=stage, mark=mark)


def remaining_minor(invoice: Invoice, option: Option, sums: Tally) -> int:
    """What is still missing, in minor units of one option; rounds up, zero once the invoice is covered."""
    if sums.total >= threshold(invoice):
        return 0
    return ceil((1 - sums.total) * option.due_minor)


def _paid_minor(invoice: Invoice, payments: Iterable[Payment]) -> Mapping[_Kind, int]:
    paid: Counter[_Kind] = Counter()
    for payment in payments:
        if payment.counts and payment.seen_at_ms <= invoice.monitor_until_ms:
            in_time = payment.seen_at_ms <= invoice.expires_at_ms
            final = payment.state is PaymentState.CONFIRMED
            paid[_Kind(payment.asset.key, in_time, final)] += payment.amount_minor
    return paid


def _sum(shares: Iterable[Fraction]) -> Fraction:
    return sum(shares, Fraction(0))
