"""Where an invoice must stand, worked out a second time from nothing but the credits that it was told of.

docs/status.md in twenty lines, so that a mistake of the core's is not repeated.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from paydaemon.core.invoice import Invoice, LatePolicy, Mark, Stage
from tests.simulation.account import Known


@dataclass(frozen=True, slots=True)
class Expected:
    """Status and flags, all but `reversed`; and whether the amounts alone say that it is settled."""

    status: str
    flags: frozenset[str]
    is_paid: bool


def expected(invoice: Invoice, paid: Sequence[Known], stage: Stage, mark: Mark | None) -> Expected:
    """What follows from credits, clock and mark."""
    valid = [one for one in paid if one.counts and one.seen_at_ms <= invoice.monitor_until_ms]
    in_time = [one for one in valid if one.seen_at_ms <= invoice.expires_at_ms]
    counting = valid if invoice.late is LatePolicy.SETTLE else in_time
    needed = 1 - Fraction(invoice.tolerance_ppm, 1_000_000)
    total = share(invoice, valid)
    is_paid = share(invoice, [one for one in counting if one.confirmed]) >= needed
    status = "new" if stage is Stage.OPEN else "expired"
    if share(invoice, counting) >= needed:
        status = "invalid" if stage is Stage.CLOSED else "processing"
    if is_paid:
        status = "settled"
    flags = {
        "partial": 0 < total < needed,
        "over": total > 1 and total - 1 >= coarsest(invoice, valid),
        "late": total > share(invoice, in_time),
        "marked": mark is not None,
    }
    true = frozenset(flag for flag, is_true in flags.items() if is_true)
    return Expected(status if mark is None else mark.value, true, is_paid)


def share(invoice: Invoice, paid: Iterable[Known]) -> Fraction:
    """How much of the invoice these credits are; 1 is all of it."""
    due = {option.asset.key: option.due_minor for option in invoice.options}
    return sum((Fraction(one.word.amount_minor, due[one.word.asset.key]) for one in paid), Fraction(0))


def coarsest(invoice: Invoice, paid: Iterable[Known]) -> Fraction:
    """The greatest share that one smallest unit of an asset makes in which something was paid."""
    due = {option.asset.key: option.due_minor for option in invoice.options}
    return max(Fraction(1, due[one.word.asset.key]) for one in paid if one.word.amount_minor)
