"""Steps of the ledger: which events each difference makes true, in which order, and with what data."""

import json
import time
from dataclasses import replace

import pytest

from paydaemon.core import ledger
from paydaemon.core.events import Draft
from paydaemon.core.invoice import Flag, LatePolicy, Mark, Stage, Status
from paydaemon.core.ledger import PAYMENTS_TOLD, advance
from paydaemon.core.payment import Payment, PaymentState
from paydaemon.core.public import Json
from tests.core.samples import (
    AFTER_ALL_MS,
    BTC,
    LATE_MS,
    TIPS,
    confirmed,
    invoice,
    option,
    payment,
)
from tests.core.story import Story

DUE = 20_834
PENDING, CONFIRMED = PaymentState.PENDING, PaymentState.CONFIRMED
REPLACED, CONFLICTED, DROPPED = PaymentState.REPLACED, PaymentState.CONFLICTED, PaymentState.DROPPED


def shown(event: Draft, what: str) -> Json:
    data = event.data[what]
    assert isinstance(data, dict)
    return data


# --- The straight way


def test_creation_is_told() -> None:
    step = ledger.create(invoice())
    assert [event.type.value for event in step.events] == ["invoice.created"]
    assert (step.events[0].invoice_id, step.events[0].seller_id) == ("inv_1", "shop")
    assert shown(step.events[0], "invoice")["status"] == "new"


def test_seen_then_settled() -> None:
    story = Story()
    assert story.tell(payment()) == ["payment_seen", "processing"]
    assert story.tell(payment(height=95)) == [], "a block alone is told live, not journaled"
    assert story.tell(confirmed()) == ["payment.confirmed", "settled"]
    assert story.standing == ("settled", set())


def test_found_settled_after_having_been_away() -> None:
    assert Story().tell(confirmed()) == ["payment_seen", "payment.confirmed", "settled"]


def test_in_pieces() -> None:
    story = Story()
    first, second = payment(1, id="a"), payment(2, id="b")
    assert story.tell(first) == ["payment_seen", "partially_paid"]
    assert story.tell(first, second) == ["payment_seen", "partially_paid"]
    assert story.tell(first, second, payment(DUE - 3, id="c")) == ["payment_seen", "processing"]


def test_two_outputs_at_once_are_two_payments_and_one_standing() -> None:
    story = Story()
    told = story.tell(payment(DUE - 1, id="a"), payment(1, id="b"))
    assert told == ["payment_seen", "payment_seen", "processing"]


def test_too_much_is_told_each_time_it_grows() -> None:
    story = Story()
    much, more = payment(DUE + 1, id="a"), payment(1, id="b")
    assert story.tell(much) == ["payment_seen", "processing", "overpaid"]
    assert story.tell(much, more) == ["payment_seen", "overpaid"]
    assert story.tell(confirmed(DUE + 1, id="a"), more) == ["payment.confirmed", "settled"]


def test_a_worthless_credit_is_told_and_changes_nothing() -> None:
    story = Story()
    assert story.tell(confirmed(0)) == ["payment_seen", "payment.confirmed"]
    assert story.standing == ("new", set())


# --- The clock


def test_expiry_is_told_once() -> None:
    story = Story()
    assert story.tell(stage=Stage.EXPIRED) == ["expired"]
    assert story.tell(stage=Stage.CLOSED) == []


def test_the_clock_never_runs_back() -> None:
    story = Story(invoice(stage=Stage.CLOSED))
    story.step()
    assert story.tell(stage=Stage.OPEN) == []
    assert story.invoice.standing.stage is Stage.CLOSED


def test_seen_in_time_and_final_after_expiry() -> None:
    story = Story()
    story.step(payment())
    assert story.tell(payment(), stage=Stage.EXPIRED) == []
    assert story.tell(confirmed()) == ["payment.confirmed", "settled"]
    assert story.standing == ("settled", set())


def test_never_final_is_invalid_when_monitoring_ends() -> None:
    story = Story()
    story.step(payment(), stage=Stage.EXPIRED)
    assert story.tell(payment(), stage=Stage.CLOSED) == ["invalid"]
    assert story.tell(confirmed()) == ["payment.confirmed", "settled"], "it was seen while it counted"


def test_late_coverage_is_told_and_held() -> None:
    story = Story()
    story.step(stage=Stage.EXPIRED)
    late = payment(seen_at_ms=LATE_MS)
    assert story.tell(late) == ["payment_seen", "paid_late"]
    assert story.tell(replace(late, state=CONFIRMED)) == ["payment.confirmed"]
    assert story.standing == ("expired", {"late"})
    assert story.tell(*story.paid, mark=Mark.SETTLED) == ["marked", "settled"]


def test_late_coverage_settles_by_itself_where_allowed() -> None:
    story = Story(invoice(late=LatePolicy.SETTLE))
    story.step(stage=Stage.EXPIRED)
    late = payment(seen_at_ms=LATE_MS)
    assert story.tell(late) == ["payment_seen", "processing", "paid_late"]
    assert story.tell(replace(late, state=CONFIRMED)) == ["payment.confirmed", "settled"]
    assert story.standing == ("settled", {"late"})


def test_late_is_told_when_coverage_is_reached_and_not_before() -> None:
    story = Story()
    early = payment(DUE - 2, id="a")
    story.step(early, stage=Stage.EXPIRED)
    some, rest = (payment(1, id=id, seen_at_ms=LATE_MS) for id in "bc")
    assert story.tell(early, some) == ["payment_seen", "partially_paid"]
    assert story.standing == ("expired", {"partial", "late"})
    assert story.tell(early, some, rest) == ["payment_seen", "paid_late"]
    assert story.standing == ("expired", {"late"})


def test_late_that_goes_by_an_earlier_first_sight_is_told() -> None:
    """Otherwise whoever goes by events would hold the invoice for late until something else happens."""
    story = Story()
    enough, more = payment(DUE, id="a", state=CONFIRMED), payment(1, id="b", seen_at_ms=LATE_MS)
    story.step(enough, more, stage=Stage.EXPIRED)
    assert story.standing == ("settled", {"over", "late"})
    earlier = replace(more, seen_at_ms=enough.seen_at_ms)
    [event] = story.step(enough, earlier).events
    assert event.type == "invoice.payment_seen"
    assert event.data["again"] is True
    assert shown(event, "payment")["id"] == "b"
    assert shown(event, "invoice")["flags"] == ["over"]


def test_after_monitoring_payments_are_told_and_shown_and_change_nothing() -> None:
    story = Story()
    story.step(stage=Stage.CLOSED)
    standing = story.standing
    seen = payment(5 * DUE, seen_at_ms=AFTER_ALL_MS)
    assert story.tell(seen) == ["payment_seen"]
    step = story.step(replace(seen, state=CONFIRMED))
    assert [event.type.value for event in step.events] == ["payment.confirmed"]
    assert story.standing == standing == ("expired", set())
    options = shown(step.events[0], "invoice")["options"]
    assert isinstance(options, list)
    assert options[0]["confirmed_minor"] == str(5 * DUE)


# --- What the chain takes back


@pytest.mark.parametrize("gone", [REPLACED, CONFLICTED, DROPPED])
def test_a_payment_that_goes_and_returns_is_told_both_times(gone: PaymentState) -> None:
    story = Story()
    story.step(payment())
    assert story.tell(payment(state=gone)) == [f"payment.{gone.value}"]
    assert story.standing == ("new", set())
    assert story.tell(payment()) == ["payment_seen", "processing"]
    story.step(payment(state=gone))
    assert story.tell(confirmed()) == ["payment_seen", "payment.confirmed", "settled"]


def test_a_payment_that_returns_is_told_as_seen_again() -> None:
    story = Story()
    found = [story.step(payment(state=state)).events[0] for state in (PENDING, DROPPED, PENDING)]
    assert [event.data.get("again") for event in found] == [False, None, True]


def test_a_payment_first_seen_when_it_is_gone_already() -> None:
    assert Story().tell(payment(state=CONFLICTED)) == ["payment.conflicted"]


def test_one_fate_after_another() -> None:
    story = Story()
    story.step(payment())
    story.step(payment(state=REPLACED))
    assert story.tell(payment(state=CONFLICTED)) == ["payment.conflicted"]
    assert story.tell(payment(state=DROPPED)) == ["payment.dropped"]


def test_a_raised_fee_counts_once() -> None:
    story = Story()
    old, new = payment(id="a"), payment(id="b")
    story.step(old)
    assert story.tell(replace(old, state=REPLACED), new) == ["payment.replaced", "payment_seen"]
    assert story.standing == ("processing", set())


def test_lost_coverage_after_expiry_is_expired() -> None:
    story = Story()
    story.step(payment(), stage=Stage.EXPIRED)
    assert story.tell(payment(state=DROPPED)) == ["payment.dropped", "expired"]


def test_a_block_that_leaves_before_its_depth() -> None:
    story = Story()
    story.step(payment(height=99))
    assert story.tell(payment()) == ["payment.unconfirmed"]
    assert story.tell(payment(height=100)) == []


def test_from_one_block_into_another_while_pending() -> None:
    story = Story()
    story.step(payment(height=99))
    assert story.tell(payment(height=100)) == []


def test_a_reversal_is_told_and_never_forgotten() -> None:
    story = Story()
    story.step(confirmed())
    assert story.tell(payment()) == ["payment.unconfirmed", "reversed", "processing"]
    assert story.standing == ("processing", {"reversed"})
    assert story.tell(confirmed()) == ["payment.confirmed", "settled"]
    assert story.standing == ("settled", {"reversed"})
    assert story.tell(payment(state=CONFLICTED)) == ["payment.conflicted", "reversed"]
    assert story.standing == ("new", {"reversed"})


@pytest.mark.parametrize(
    ("stage", "status"), [(Stage.OPEN, "new"), (Stage.EXPIRED, "expired"), (Stage.CLOSED, "expired")]
)
def test_a_reversal_falls_back_to_what_the_amounts_say(stage: Stage, status: str) -> None:
    story = Story()
    story.step(confirmed(), stage=stage)
    told = story.tell(payment(state=CONFLICTED))
    assert told[:2] == ["payment.conflicted", "reversed"]
    assert story.standing == (status, {"reversed"})


def test_an_excess_that_is_taken_back_reverses_nothing() -> None:
    story = Story()
    story.step(confirmed(id="a"), confirmed(1, id="b"))
    assert story.tell(confirmed(id="a"), payment(1, CONFLICTED, id="b")) == ["payment.conflicted"]
    assert story.standing == ("settled", set())


def test_a_zero_confirmation_sale_can_be_reversed_too() -> None:
    story = Story(invoice(option(BTC, DUE, required=0)))
    assert story.tell(payment(state=CONFIRMED)) == ["payment_seen", "payment.confirmed", "settled"]
    assert story.tell(payment(state=REPLACED)) == ["payment.replaced", "reversed"]


# --- Marks


def test_a_mark_wins_until_the_opposite_mark() -> None:
    story = Story()
    assert story.tell(mark=Mark.INVALID) == ["marked", "invalid"]
    assert story.tell(mark=Mark.INVALID) == []
    assert story.tell(payment()) == ["payment_seen"]
    assert story.tell(confirmed()) == ["payment.confirmed"]
    assert story.standing == ("invalid", {"marked"})
    assert story.tell(confirmed(), mark=Mark.SETTLED) == ["marked", "settled"]
    assert story.tell(confirmed(), stage=Stage.CLOSED) == []


def test_a_mark_that_agrees_is_told_alone() -> None:
    story = Story()
    story.step(confirmed())
    assert story.tell(confirmed(), mark=Mark.SETTLED) == ["marked"]
    assert story.standing == ("settled", {"marked"})


def test_amounts_go_on_being_told_under_a_mark() -> None:
    story = Story()
    story.step(mark=Mark.SETTLED)
    assert story.tell(payment(1)) == ["payment_seen", "partially_paid"]
    assert story.tell(payment(1), payment(DUE, id="b")) == ["payment_seen", "overpaid"]
    assert story.standing == ("settled", {"marked", "over"})


@pytest.mark.parametrize("mark", list(Mark))
def test_a_reversal_under_a_mark_is_told_and_leaves_the_mark(mark: Mark) -> None:
    story = Story()
    story.step(confirmed(), mark=mark)
    assert story.tell(payment(state=CONFLICTED)) == ["payment.conflicted", "reversed"]
    assert story.standing == (mark.value, {"marked", "reversed"})


# --- Payments that found no invoice


def test_an_unmatched_payment_is_for_the_operator_alone() -> None:
    loose = replace(payment(), invoice_id=None)
    draft = ledger.unmatched(loose, TIPS)
    assert (draft.type.value, draft.invoice_id, draft.seller_id) == ("payment.unmatched", None, None)
    assert shown(draft, "payment")["invoice_id"] is None


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (payment(), payment(), []),
        (payment(), confirmed(), ["payment.confirmed"]),
        (confirmed(), payment(), ["payment.unconfirmed"]),
        (payment(height=99), payment(), ["payment.unconfirmed"]),
        (payment(), payment(state=REPLACED), ["payment.replaced"]),
        (confirmed(), payment(state=CONFLICTED), ["payment.conflicted"]),
        (payment(), payment(state=DROPPED), ["payment.dropped"]),
        (payment(state=DROPPED), payment(), ["payment.unmatched"]),
        (payment(state=REPLACED), confirmed(), ["payment.unmatched", "payment.confirmed"]),
    ],
)
def test_what_becomes_of_an_unmatched_payment_is_told(
    before: Payment, after: Payment, told: list[str]
) -> None:
    drafts = ledger.unmatched_moved(before, after, TIPS)
    assert [draft.type.value for draft in drafts] == told
    assert all(draft.seller_id is None for draft in drafts)


def test_an_assigned_payment_is_new_to_its_invoice() -> None:
    story = Story()
    story.step(payment(1, id="a"))
    assigned = confirmed(DUE - 1, id="b")
    assert story.tell(*story.paid, assigned) == ["payment_seen", "payment.confirmed", "processing"]


# --- What events carry


def test_every_event_of_a_step_shows_the_invoice_as_it_now_stands() -> None:
    step = Story().step(confirmed(DUE + 1))
    assert {event.type.value for event in step.events} >= {"invoice.settled", "invoice.overpaid"}
    for event in step.events:
        assert (event.invoice_id, event.seller_id) == ("inv_1", "shop")
        assert shown(event, "invoice")["status"] == "settled"
        assert shown(event, "invoice")["flags"] == ["over"]
        json.dumps(event.data)


def test_a_payments_event_shows_that_payment() -> None:
    first, second = payment(1, id="a"), payment(2, id="b")
    step = Story().step(first, second)
    assert [shown(event, "payment")["id"] for event in step.events if "payment" in event.data] == ["a", "b"]
    assert [event.type.value for event in step.events if "payment" not in event.data] == [
        "invoice.partially_paid"
    ]


def test_a_flood_of_tiny_payments_stays_cheap() -> None:
    """Two thousand outputs to one invoice, then one more: neither step takes long or fills the journal."""
    flood = [confirmed(1, id=f"pay_{number}") for number in range(2_000)]
    story = Story(invoice(option(BTC, 10**9)))
    started = time.perf_counter()
    first = story.step(*flood)
    last = story.step(*flood, payment(1, id="last"))
    assert time.perf_counter() - started < 5
    assert len(first.events) == 2 * len(flood) + 1
    for event in last.events:
        options = shown(event, "invoice")["options"]
        assert isinstance(options, list)
        assert len(options[0]["payments"]) == PAYMENTS_TOLD
        assert options[0]["payments"][-1]["id"] == "last"
        assert (options[0]["confirmed_minor"], options[0]["pending_minor"]) == ("2000", "1")
        assert len(json.dumps(event.data)) < 20_000


def test_the_ledger_never_touches_what_it_is_given() -> None:
    before, after = invoice(), [payment()]
    step = advance(before, [], after, TIPS, stage=Stage.EXPIRED, mark=Mark.INVALID)
    assert before == invoice()
    assert after == [payment()]
    assert step.invoice.standing.status is Status.INVALID
    assert Flag.MARKED in step.invoice.standing.flags
