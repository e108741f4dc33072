"""The older system's words: the table is whole, says nothing that misleads, and is true of real invoices."""

import re
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.core.invoice import Flag, Invoice, LatePolicy, Mark, Stage, Status
from paydaemon.core.payment import Payment, PaymentState
from paydaemon.core.public import public_invoice
from paydaemon.core.status import TABLE as BY_AMOUNTS
from paydaemon.core.status import Coverage, stand
from paydaemon_spellbook.shown import SELLER_ID, payment_request
from paydaemon_spellbook.words import EXCESS, RECEIVED, TABLE, Came, Words, words
from tests.core import samples

COUNTED = re.compile(r"([0-9]+) of ([0-9]+) confirmations")
STATUSES, CAMES = st.sampled_from(Status), st.sampled_from(Came)
FLAGS = st.sets(st.sampled_from(Flag))
DEPTHS, REQUIRED = st.integers(0, 1_000), st.integers(0, 100)
HEIGHT = 100
TIPS = {"bitcoin": HEIGHT}


def test_the_table_has_a_word_for_everything() -> None:
    assert set(TABLE) == set(product(Status, Came))


# --- Of anything, possible or not


@given(STATUSES, FLAGS, CAMES, DEPTHS, REQUIRED)
def test_there_is_always_a_word_and_one_of_those_there_were(
    status: Status, flags: set[Flag], came: Came, depth: int, required: int
) -> None:
    said = words(status, flags, came, depth, required)
    plain = {"Created", "Insufficient amount received", RECEIVED, EXCESS, "Confirmed"}
    counted = COUNTED.fullmatch(said.status)
    assert (said.status in plain) != (counted is not None)
    if counted is not None:
        assert 1 <= int(counted[1]) < int(counted[2])
        assert (int(counted[1]), int(counted[2])) == (said.confirmations, required)


@given(STATUSES, FLAGS, CAMES, DEPTHS, REQUIRED)
def test_confirmed_is_what_is_settled_and_nothing_else(
    status: Status, flags: set[Flag], came: Came, depth: int, required: int
) -> None:
    said = words(status, flags, came, depth, required)
    assert (said.status == "Confirmed") == (status is Status.SETTLED)


@given(STATUSES, FLAGS, CAMES, DEPTHS, st.integers(1, 100))
def test_the_number_alone_never_says_that_it_is_paid(
    status: Status, flags: set[Flag], came: Came, depth: int, required: int
) -> None:
    said = words(status, flags, came, depth, required)
    assert 0 <= said.confirmations <= depth
    assert said.confirmations < required or status is Status.SETTLED


@given(STATUSES, FLAGS, CAMES, DEPTHS, REQUIRED)
def test_a_transaction_is_named_where_all_is_there_and_nobody_refused_it(
    status: Status, flags: set[Flag], came: Came, depth: int, required: int
) -> None:
    refused = status is Status.INVALID and Flag.MARKED in flags
    named = words(status, flags, came, depth, required).names_transaction
    assert named == (status is Status.SETTLED or (came is Came.ALL and not refused))


@given(STATUSES, FLAGS, CAMES, DEPTHS, REQUIRED)
def test_too_much_is_a_word_for_what_no_block_holds(
    status: Status, flags: set[Flag], came: Came, depth: int, required: int
) -> None:
    said = words(status, flags, came, depth, required)
    if said.status in (EXCESS, RECEIVED):
        assert (said.status == EXCESS) == (Flag.OVER in flags)
        assert said.confirmations == 0


@pytest.mark.parametrize(
    ("depth", "required", "said"),
    [
        (0, 6, RECEIVED),
        (1, 6, "1 of 6 confirmations"),
        (5, 6, "5 of 6 confirmations"),
        (7, 6, "5 of 6 confirmations"),
        (0, 1, RECEIVED),
        (1, 1, RECEIVED),
        (0, 0, RECEIVED),
        (3, 100, "3 of 100 confirmations"),
    ],
)
def test_what_is_on_its_way_has_not_arrived(depth: int, required: int, said: str) -> None:
    assert words(Status.PROCESSING, (), Came.ALL, depth, required).status == said


# --- Of invoices that the core decides on


@st.composite
def paid(draw: st.DrawFn) -> list[Payment]:
    """Payments of an invoice over 20 satoshi, as deep as their state allows."""
    found = []
    for number in range(draw(st.integers(0, 4))):
        depth = draw(st.integers(0, 8))
        state = draw(st.sampled_from(PaymentState))
        if state in (PaymentState.PENDING, PaymentState.CONFIRMED):
            state = PaymentState.CONFIRMED if depth >= 6 else PaymentState.PENDING
        one = samples.payment(draw(st.integers(0, 30)), state, id=f"pay_{number}")
        height = None if depth == 0 else HEIGHT + 1 - depth
        found.append(replace(one, height=height, seen_at_ms=draw(samples.times)))
    return found


def asked(late: LatePolicy = LatePolicy.HOLD) -> Invoice:
    return replace(samples.invoice(samples.option(due_minor=20), late=late), metadata={SELLER_ID: "company1"})


def said_of(invoice: Invoice, payments: list[Payment]) -> tuple[str, int, str | None]:
    found = payment_request(public_invoice(invoice, payments, TIPS))
    assert isinstance(found["status"], str)
    assert isinstance(found["confirmations"], int)
    txid = found["txid"]
    assert txid is None or isinstance(txid, str)
    return found["status"], found["confirmations"], txid


@given(paid(), st.sampled_from(Stage), samples.marks, st.sampled_from(LatePolicy))
def test_what_is_said_is_true_of_the_payments(
    payments: list[Payment], stage: Stage, mark: Mark | None, late: LatePolicy
) -> None:
    invoice = asked(late)
    standing = stand(invoice, payments, stage, mark)
    status, confirmations, txid = said_of(replace(invoice, standing=standing), payments)
    valid = [one for one in payments if one.counts]
    monitored = [one for one in valid if one.seen_at_ms <= invoice.monitor_until_ms]
    total = sum(one.amount_minor for one in monitored)
    assert (status == "Confirmed") == (standing.status is Status.SETTLED)
    if mark is None:
        assert (status == "Created") == (total == 0)
        assert (status == "Insufficient amount received") == (0 < total < 20)
        assert (txid is None) == (total < 20)
    assert txid is None or txid in {one.transaction_id for one in valid}
    if status != "Confirmed" and confirmations:
        deep = [one for one in valid if one.height is not None and HEIGHT - one.height + 1 >= confirmations]
        assert sum(one.amount_minor for one in deep) >= 20


@given(paid(), st.sampled_from(Stage), samples.marks, st.sampled_from(LatePolicy))
def test_only_what_is_settled_has_all_its_confirmations(
    payments: list[Payment], stage: Stage, mark: Mark | None, late: LatePolicy
) -> None:
    invoice = asked(late)
    standing = stand(invoice, payments, stage, mark)
    status, confirmations, _ = said_of(replace(invoice, standing=standing), payments)
    if confirmations >= 6:
        assert status == "Confirmed"
    if status == "Confirmed" and mark is None and late is LatePolicy.SETTLE:
        assert confirmations >= 6


def test_the_core_cannot_do_what_the_table_has_for_wholeness_only() -> None:
    assert BY_AMOUNTS[Coverage.PARTIAL, Stage.OPEN] is Status.NEW
    assert Status.PROCESSING not in {BY_AMOUNTS[Coverage.PARTIAL, stage] for stage in Stage}
    assert words(Status.PROCESSING, {Flag.PARTIAL}, Came.PART, 9, 6) == Words("Insufficient amount received")
