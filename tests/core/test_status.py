"""Status from amounts: the table, the flags beside it, and what must hold for every invoice."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from paydaemon.core.invoice import PPM, Flag, Invoice, LatePolicy, Mark, Stage, Standing, Status
from paydaemon.core.payment import Payment, PaymentState
from paydaemon.core.status import (
    TABLE,
    Coverage,
    by_amounts,
    coverage,
    remaining_minor,
    stand,
    stand_on,
    tally,
    threshold,
)
from tests.core.samples import (
    AFTER_ALL_MS,
    BTC,
    EXPIRES_MS,
    FOREIGN,
    HBAR,
    LATE_MS,
    MONITOR_MS,
    amounts,
    confirmed,
    invoice,
    invoices,
    marks,
    option,
    payment,
    payments,
    stages,
)

DUE = 20_834
PENDING, CONFIRMED = PaymentState.PENDING, PaymentState.CONFIRMED
OPEN, EXPIRED, CLOSED = Stage.OPEN, Stage.EXPIRED, Stage.CLOSED


def where(
    paid: Sequence[Payment], stage: Stage = OPEN, of: Invoice | None = None, mark: Mark | None = None
) -> tuple[str, set[str]]:
    standing = stand(of or invoice(), paid, stage, mark)
    return standing.status.value, {flag.value for flag in standing.flags}


# --- By example


def test_the_table_has_an_answer_for_everything() -> None:
    assert set(TABLE) == set(product(Coverage, Stage))
    assert set(TABLE.values()) == set(Status)


@pytest.mark.parametrize(
    ("paid", "stage", "status", "flags"),
    [
        ([], OPEN, "new", set()),
        ([], EXPIRED, "expired", set()),
        ([], CLOSED, "expired", set()),
        ([payment(DUE - 1)], OPEN, "new", {"partial"}),
        ([payment(DUE - 1)], EXPIRED, "expired", {"partial"}),
        ([confirmed(DUE - 1)], CLOSED, "expired", {"partial"}),
        ([payment(DUE)], OPEN, "processing", set()),
        ([payment(DUE)], EXPIRED, "processing", set()),
        ([payment(DUE)], CLOSED, "invalid", set()),
        ([confirmed(DUE)], OPEN, "settled", set()),
        ([confirmed(DUE)], EXPIRED, "settled", set()),
        ([confirmed(DUE)], CLOSED, "settled", set()),
        ([confirmed(DUE + 1)], OPEN, "settled", {"over"}),
        ([confirmed(DUE - 1), payment(1)], OPEN, "processing", set()),
        ([confirmed(DUE), payment(1)], OPEN, "settled", {"over"}),
        ([confirmed(0)], OPEN, "new", set()),
    ],
)
def test_amounts_and_clock_decide(
    paid: Sequence[Payment], stage: Stage, status: str, flags: set[str]
) -> None:
    assert where(paid, stage) == (status, flags)


@pytest.mark.parametrize("state", [PaymentState.REPLACED, PaymentState.CONFLICTED, PaymentState.DROPPED])
def test_what_the_chain_no_longer_holds_does_not_count(state: PaymentState) -> None:
    assert where([payment(DUE, state)]) == ("new", set())


def test_a_credit_in_an_asset_no_option_takes_does_not_count() -> None:
    assert where([confirmed(DUE, asset=FOREIGN)]) == ("new", set())


@pytest.mark.parametrize(
    ("seen_at_ms", "status", "flags"),
    [
        (EXPIRES_MS, "settled", set()),
        (EXPIRES_MS + 1, "expired", {"late"}),
        (MONITOR_MS, "expired", {"late"}),
        (MONITOR_MS + 1, "expired", set()),
    ],
)
def test_first_sight_decides_what_is_late(seen_at_ms: int, status: str, flags: set[str]) -> None:
    assert where([confirmed(DUE, seen_at_ms=seen_at_ms)], EXPIRED) == (status, flags)


def test_late_coverage_waits_for_a_mark() -> None:
    late = [confirmed(DUE, seen_at_ms=LATE_MS)]
    assert where(late, EXPIRED) == ("expired", {"late"})
    assert where(late, EXPIRED, mark=Mark.SETTLED) == ("settled", {"late", "marked"})


@pytest.mark.parametrize(("state", "status"), [(PENDING, "processing"), (CONFIRMED, "settled")])
def test_late_coverage_settles_where_the_seller_lets_it(state: PaymentState, status: str) -> None:
    lenient = invoice(late=LatePolicy.SETTLE)
    assert where([payment(DUE, state, seen_at_ms=LATE_MS)], EXPIRED, lenient) == (status, {"late"})


def test_even_then_nothing_counts_that_came_after_monitoring() -> None:
    lenient = invoice(late=LatePolicy.SETTLE)
    assert where([confirmed(DUE, seen_at_ms=AFTER_ALL_MS)], CLOSED, lenient) == ("expired", set())


def test_part_in_time_and_the_rest_late_is_all_of_it_but_late() -> None:
    paid = [confirmed(DUE - 1), confirmed(1, id="pay_2", seen_at_ms=LATE_MS)]
    assert where(paid, EXPIRED) == ("expired", {"late"})


def test_too_little_and_late_and_marked_can_stand_together() -> None:
    paid = [confirmed(1, seen_at_ms=LATE_MS)]
    assert where(paid, EXPIRED, mark=Mark.INVALID) == ("invalid", {"partial", "late", "marked"})


def test_half_in_one_asset_and_half_in_another_settles() -> None:
    two = invoice(option(BTC, 20_834), option(HBAR, 17_000_000_001))
    half = [confirmed(10_417), confirmed(8_500_000_000, asset=HBAR)]
    assert where(half, of=two) == ("new", {"partial"})
    assert where([half[0], replace(half[1], amount_minor=8_500_000_001)], of=two) == ("settled", set())


def test_thirds_add_up_exactly() -> None:
    three = invoice(option(BTC, 3), option(HBAR, 3 * 10**30))
    assert where([confirmed(1), confirmed(2 * 10**30, asset=HBAR)], of=three) == ("settled", set())


def test_whichever_asset_comes_last_makes_no_difference() -> None:
    """Less than one unit of the coarse asset too much is no excess, in whatever order it was paid."""
    two = invoice(option(BTC, 3), option(HBAR, 300_000_000))
    paid = [confirmed(2), confirmed(100_000_001, asset=HBAR)]
    assert where(paid, of=two) == where(paid[::-1], of=two) == ("settled", set())


def test_the_tolerance_covers_exactly_what_it_says() -> None:
    lenient = invoice(option(BTC, 10_000), tolerance_ppm=10_000)
    assert where([confirmed(9_899)], of=lenient) == ("new", {"partial"})
    assert where([confirmed(9_900)], of=lenient) == ("settled", set())
    remaining = [
        remaining_minor(lenient, lenient.options[0], tally(lenient, [confirmed(paid)]))
        for paid in (9_899, 9_900)
    ]
    assert remaining == [101, 0], "all of it is asked for until enough is there"
    assert where([confirmed(10_001)], of=lenient) == ("settled", {"over"})


@pytest.mark.parametrize("tolerance_ppm", [-1, PPM, PPM + 1])
def test_no_tolerance_settles_an_unpaid_invoice(tolerance_ppm: int) -> None:
    with pytest.raises(ValueError, match="tolerance_ppm"):
        invoice(tolerance_ppm=tolerance_ppm)


@pytest.mark.parametrize("due_minor", [0, -1])
def test_an_option_always_asks_for_something(due_minor: int) -> None:
    with pytest.raises(ValueError, match="due_minor"):
        option(BTC, due_minor)


def test_what_remains_is_asked_in_every_option() -> None:
    two = invoice(option(BTC, 3), option(HBAR, 1_000))
    sums = tally(two, [confirmed(1)])
    assert [remaining_minor(two, each, sums) for each in two.options] == [2, 667]


# --- For every invoice


def standings(of: Invoice, paid: Sequence[Payment], mark: Mark | None = None) -> list[Standing]:
    return [stand(of, paid, stage, mark) for stage in Stage]


@given(invoices(), payments(), marks, st.data())
def test_the_order_of_payments_makes_no_difference(
    of: Invoice, paid: Sequence[Payment], mark: Mark | None, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(paid))
    assert standings(of, shuffled, mark) == standings(of, paid, mark)


def _kind(of: Invoice, one: Payment) -> tuple[object, ...]:
    reached = (one.seen_at_ms > of.expires_at_ms, one.seen_at_ms > of.monitor_until_ms)
    return one.asset.key, one.state, reached


@given(invoices(), payments(), marks)
def test_many_small_payments_are_as_good_as_one(
    of: Invoice, paid: Sequence[Payment], mark: Mark | None
) -> None:
    at_once: dict[object, Payment] = {}
    for one in paid:
        had = at_once.get(_kind(of, one))
        at_once[_kind(of, one)] = (
            one if had is None else replace(had, amount_minor=had.amount_minor + one.amount_minor)
        )
    assert standings(of, list(at_once.values()), mark) == standings(of, paid, mark)


@given(invoices(), payments(), stages, marks)
def test_nothing_but_amounts_clock_and_marks_matters(
    of: Invoice, paid: Sequence[Payment], stage: Stage, mark: Mark | None
) -> None:
    """Not what the invoice was before, save that it was once reversed."""
    before = Standing(Status.SETTLED, frozenset(Flag) - {Flag.REVERSED}, Stage.EXPIRED, Mark.SETTLED)
    elsewhere = replace(of, id="inv_2", note="other", amount_minor=1, standing=before)
    renamed = [replace(one, id="x" + one.id, height=1, block="b", position=9) for one in paid]
    assert stand(elsewhere, renamed, stage, mark) == stand(of, paid, stage, mark)


@given(invoices(), payments(), stages, marks)
def test_reversed_stays_for_good(
    of: Invoice, paid: Sequence[Payment], stage: Stage, mark: Mark | None
) -> None:
    scarred = replace(of, standing=replace(of.standing, flags=frozenset({Flag.REVERSED})))
    clean, marked = stand(of, paid, stage, mark), stand(scarred, paid, stage, mark)
    assert Flag.REVERSED not in clean.flags
    assert marked == replace(clean, flags=clean.flags | {Flag.REVERSED})


@given(invoices(), payments(), stages, st.sampled_from(list(Mark)))
def test_a_mark_wins_over_the_amounts_and_hides_nothing_else(
    of: Invoice, paid: Sequence[Payment], stage: Stage, mark: Mark
) -> None:
    plain, marked = stand(of, paid, stage, None), stand(of, paid, stage, mark)
    assert marked.status.value == mark.value
    assert marked.flags == plain.flags | {Flag.MARKED}


def _part(of: Invoice, paid: Sequence[Payment], *, late: bool) -> tuple[int, int]:
    """How much was paid of how much, as whole numbers: an independent sum over a common denominator."""
    whole = 1
    for each in of.options:
        whole *= each.due_minor
    part = 0
    for one in paid:
        asked = of.option(one.asset)
        if asked is not None and (late or one.seen_at_ms <= of.expires_at_ms):
            part += one.amount_minor * whole // asked.due_minor
    return part, whole


@given(invoices(), payments(most=12), stages)
def test_settled_is_exactly_the_confirmed_amounts_reaching_the_threshold(
    of: Invoice, paid: Sequence[Payment], stage: Stage
) -> None:
    final = [one for one in paid if one.state is CONFIRMED and one.seen_at_ms <= of.monitor_until_ms]
    part, whole = _part(of, final, late=of.late is LatePolicy.SETTLE)
    enough = part * PPM >= whole * (PPM - of.tolerance_ppm)
    assert (stand(of, paid, stage, None).status is Status.SETTLED) is enough


@given(invoices(), payments(most=12))
def test_flags_say_what_the_sums_say(of: Invoice, paid: Sequence[Payment]) -> None:
    valid = [one for one in paid if one.counts and one.seen_at_ms <= of.monitor_until_ms]
    part, whole = _part(of, valid, late=True)
    flags = stand(of, paid, OPEN, None).flags
    assert (Flag.PARTIAL in flags) is (part > 0 and part * PPM < whole * (PPM - of.tolerance_ppm))
    assert (Flag.LATE in flags) is (part > _part(of, valid, late=False)[0])
    used = [o.due_minor for o in of.options if any(p.asset == o.asset and p.amount_minor for p in valid)]
    assert (Flag.OVER in flags) is (part > 0 and all((part - whole) * due >= whole for due in used))
    assert not flags >= {Flag.OVER, Flag.PARTIAL}


_RANK = {Coverage.NONE: 0, Coverage.PARTIAL: 1, Coverage.SEEN: 2, Coverage.FINAL: 3}


@given(invoices(), payments(), payments(most=2))
def test_more_money_never_covers_less(of: Invoice, paid: Sequence[Payment], more: Sequence[Payment]) -> None:
    before, after = tally(of, paid), tally(of, [*paid, *more])
    assert _RANK[coverage(of, before)] <= _RANK[coverage(of, after)]
    for name in ("in_time", "in_time_final", "total", "total_final"):
        assert getattr(before, name) <= getattr(after, name)
    for each in of.options:
        assert remaining_minor(of, each, after) <= remaining_minor(of, each, before)


@given(invoices(), payments(), amounts, st.data())
def test_no_payment_covers_less_for_being_larger_or_final(
    of: Invoice, paid: Sequence[Payment], extra: int, data: st.DataObject
) -> None:
    assume(paid)
    chosen = data.draw(st.sampled_from(range(len(paid))))
    better = list(paid)
    better[chosen] = replace(paid[chosen], amount_minor=paid[chosen].amount_minor + extra)
    if better[chosen].state is PENDING:
        better[chosen] = replace(better[chosen], state=CONFIRMED)
    assert _RANK[coverage(of, tally(of, paid))] <= _RANK[coverage(of, tally(of, better))]


@given(invoices(), payments())
def test_final_is_never_more_than_seen(of: Invoice, paid: Sequence[Payment]) -> None:
    sums = tally(of, paid)
    assert 0 <= sums.in_time_final <= sums.in_time <= sums.total
    assert sums.in_time_final <= sums.total_final <= sums.total


@given(invoices(), payments(), st.data())
def test_paying_what_remains_covers_and_is_never_too_much(
    of: Invoice, paid: Sequence[Payment], data: st.DataObject
) -> None:
    asked = data.draw(st.sampled_from(of.options))
    sums = tally(of, paid)
    rest = remaining_minor(of, asked, sums)
    assert (rest == 0) is (sums.total >= threshold(of))
    assume(rest > 0)
    after = [*paid, payment(rest, id="rest", asset=asked.asset)]
    assert tally(of, after).total >= 1
    assert Flag.OVER not in stand(of, after, OPEN, None).flags
    short = [*paid, payment(rest - 1, id="rest", asset=asked.asset)]
    assert tally(of, short).total < 1


@given(invoices(), payments(), stages, marks)
def test_standing_is_a_pure_function(
    of: Invoice, paid: Sequence[Payment], stage: Stage, mark: Mark | None
) -> None:
    kept = (replace(of), [replace(one) for one in paid])
    first = stand(of, paid, stage, mark)
    assert stand(of, paid, stage, mark) == stand_on(of, tally(of, paid), stage, mark) == first
    assert (of, list(paid)) == kept
    if mark is None:
        assert first.status is by_amounts(of, tally(of, paid), stage)
    assert (first.stage, first.mark) == (stage, mark)


@given(invoices())
def test_the_threshold_is_what_the_tolerance_leaves(of: Invoice) -> None:
    assert threshold(of) + Fraction(of.tolerance_ppm, PPM) == 1
    assert threshold(of) > 0
