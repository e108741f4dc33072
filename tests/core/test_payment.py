"""One credit: what an observation makes of it, and what the chain's growth does."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.core.payment import (
    Observation,
    ObservedState,
    Payment,
    PaymentState,
    absorb,
    as_observed,
    confirmations,
    deepen,
    first_sight,
    require,
)
from tests.core.samples import (
    BTC,
    CREATED_MS,
    EXPIRES_MS,
    IN_TIME_MS,
    LATE_MS,
    observation,
    payment,
    recorded,
)

PENDING, CONFIRMED = PaymentState.PENDING, PaymentState.CONFIRMED

heights = st.none() | st.integers(1, 120)
tips = st.none() | st.integers(1, 120)
depths = st.integers(0, 100)


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    return observation(
        draw(st.sampled_from(list(ObservedState))),
        position=draw(st.integers(0, 5)),
        height=draw(heights),
        block=draw(st.sampled_from(["a", "b"])),
        seen_at_ms=draw(st.integers(CREATED_MS, EXPIRES_MS)),
        final=draw(st.booleans()),
    )


# --- First sight


def test_first_sight_takes_over_what_the_chain_says() -> None:
    seen = observation(height=98)
    fresh = first_sight("pay_1", "bitcoin", seen, "inv_1", 6, 100, CREATED_MS)
    assert (fresh.id, fresh.chain, fresh.invoice_id) == ("pay_1", "bitcoin", "inv_1")
    assert fresh.recorded_at_ms == CREATED_MS
    for name in ("ref", "transaction_id", "asset", "amount_minor", "destination_key", "seen_at_ms"):
        assert getattr(fresh, name) == getattr(seen, name)
    assert (fresh.position, fresh.height, fresh.block, fresh.final) == (1, 98, "block-98", False)


@pytest.mark.parametrize(
    ("height", "tip", "required", "state"),
    [
        (None, 100, 6, PENDING),
        (None, 100, 0, CONFIRMED),
        (100, 100, 1, CONFIRMED),
        (100, 100, 2, PENDING),
        (96, 100, 6, PENDING),
        (95, 100, 6, CONFIRMED),
        (1, 100, 100, CONFIRMED),
        (2, 100, 100, PENDING),
        (95, None, 6, PENDING),
        (101, 100, 1, PENDING),
    ],
)
def test_a_payment_is_confirmed_at_exactly_its_depth(
    height: int | None, tip: int | None, required: int, state: PaymentState
) -> None:
    assert recorded(observation(height=height), tip, required).state is state


def test_final_needs_no_depth() -> None:
    assert recorded(observation(final=True), None, 100).state is CONFIRMED


@pytest.mark.parametrize("said", [s for s in ObservedState if s is not ObservedState.SEEN])
def test_a_payment_may_be_gone_at_first_sight(said: ObservedState) -> None:
    gone = recorded(observation(said, height=50))
    assert gone.state.value == said.value
    assert not gone.counts


def test_a_credit_never_takes_away() -> None:
    with pytest.raises(ValueError, match="amount_minor"):
        replace(observation(), amount_minor=-1)


@given(heights, tips)
def test_confirmations_count_the_block_itself(height: int | None, tip: int | None) -> None:
    count = confirmations(payment(height=height), tip)
    assert count >= 0
    if height is not None and tip is not None and tip >= height:
        assert count == len(range(height, tip + 1))


# --- Observations


def test_an_older_observation_is_ignored() -> None:
    known = recorded(observation(position=5, height=99))
    assert absorb(known, observation(ObservedState.CONFLICTED, position=4), 100) is known


def test_a_newer_one_of_the_same_position_counts() -> None:
    known = recorded(observation(position=5))
    assert absorb(known, observation(ObservedState.REPLACED, position=5), 100).state is PaymentState.REPLACED


def test_a_replaced_payment_names_its_successor_and_may_return() -> None:
    replaced = absorb(recorded(observation()), observation(ObservedState.REPLACED, position=2), 100)
    assert (replaced.state, replaced.replaced_by) == (PaymentState.REPLACED, "other")
    back = absorb(replaced, observation(position=3), 100)
    assert (back.state, back.replaced_by) == (PENDING, None)


def test_a_reorganised_payment_waits_again() -> None:
    deep = recorded(observation(height=90))
    assert deep.state is CONFIRMED
    in_mempool = absorb(deep, observation(position=2), 100)
    assert (in_mempool.state, in_mempool.height, in_mempool.block) == (PENDING, None, None)
    elsewhere = absorb(deep, observation(position=2, height=99), 100)
    assert elsewhere.state is PENDING


def test_a_confirmed_payment_outlives_a_lower_tip_while_its_block_stands() -> None:
    deep = recorded(observation(height=95), tip=100)
    assert absorb(deep, observation(position=2, height=95), 97).state is CONFIRMED


def test_a_confirmed_payment_is_lost_whatever_block_the_chain_still_names() -> None:
    deep = recorded(observation(height=95))
    gone = absorb(deep, observation(ObservedState.CONFLICTED, position=2, height=95), 100)
    assert gone.state is PaymentState.CONFLICTED


def test_first_sight_in_time_stays_in_time_whatever_block_it_lands_in() -> None:
    known = recorded(observation(seen_at_ms=IN_TIME_MS))
    mined = absorb(known, observation(position=2, height=100, seen_at_ms=LATE_MS), 100)
    assert mined.seen_at_ms == IN_TIME_MS


def test_an_earlier_first_sight_may_become_known() -> None:
    known = recorded(observation(seen_at_ms=LATE_MS))
    assert absorb(known, observation(position=2, seen_at_ms=IN_TIME_MS), 100).seen_at_ms == IN_TIME_MS


@given(observations(), st.lists(observations(), max_size=5), tips, depths)
def test_saying_it_twice_changes_nothing(
    first: Observation, more: list[Observation], tip: int | None, required: int
) -> None:
    known = recorded(first, tip, required)
    assert absorb(known, first, tip) == known
    for seen in more:
        known = absorb(known, seen, tip)
        assert absorb(known, seen, tip) == known


@given(observations(), observations(), tips, tips, depths)
def test_the_older_never_overwrites_the_newer(
    first: Observation, second: Observation, tip: int | None, later: int | None, required: int
) -> None:
    known = recorded(first, tip, required)
    after = absorb(known, second, later)
    assert after.position == max(first.position, second.position)
    assert after.seen_at_ms <= known.seen_at_ms
    if second.position < first.position:
        assert after is known


@given(observations(), observations(), tips, depths)
def test_what_a_credit_is_never_changes(
    first: Observation, second: Observation, tip: int | None, required: int
) -> None:
    known = recorded(first, tip, required)
    after = absorb(known, replace(second, amount_minor=1, destination_key="elsewhere"), tip)
    for name in ("id", "ref", "asset", "amount_minor", "destination_key", "invoice_id", "recorded_at_ms"):
        assert getattr(after, name) == getattr(known, name)


@given(observations(), tips, depths)
def test_a_payment_counts_exactly_while_the_chain_holds_it(
    seen: Observation, tip: int | None, required: int
) -> None:
    known = recorded(seen, tip, required)
    assert known.counts == (seen.state is ObservedState.SEEN)
    if known.state is CONFIRMED and not seen.final:
        assert confirmations(known, tip) >= required


# --- The chain grows


@given(observations(), tips, st.integers(1, 200), depths)
def test_growth_only_promotes(seen: Observation, tip: int | None, grown: int, required: int) -> None:
    known = recorded(seen, tip, required)
    after = deepen(known, grown)
    assert replace(after, state=known.state) == known, "nothing but the state moves"
    if after != known:
        assert (known.state, after.state) == (PENDING, CONFIRMED)
        assert confirmations(after, grown) >= required
    assert deepen(after, grown) == after


@given(st.integers(1, 100), st.integers(1, 100), st.integers(0, 100))
def test_growing_reaches_what_observing_anew_would(height: int, required: int, growth: int) -> None:
    known = recorded(observation(height=height), height, required)
    tip = height + growth
    assert deepen(known, tip).state is absorb(known, observation(height=height), tip).state


# --- Assigned by a person


@pytest.mark.parametrize(
    ("state", "height", "required", "expected"),
    [
        (CONFIRMED, 98, 6, PENDING),
        (PENDING, 98, 3, CONFIRMED),
        (CONFIRMED, 98, 3, CONFIRMED),
        (PENDING, None, 1, PENDING),
        (PaymentState.REPLACED, 50, 1, PaymentState.REPLACED),
        (PaymentState.DROPPED, None, 0, PaymentState.DROPPED),
    ],
)
def test_an_assigned_payment_needs_the_depth_of_its_option(
    state: PaymentState, height: int | None, required: int, expected: PaymentState
) -> None:
    loose = replace(payment(state=state, height=height), invoice_id=None)
    given_to = require(loose, "inv_7", required, 100)
    assert (given_to.invoice_id, given_to.confirmations_required) == ("inv_7", required)
    assert given_to.state is expected


def test_the_chain_of_a_payment_is_its_assets() -> None:
    fresh: Payment = recorded(observation())
    assert fresh.chain == fresh.asset.chain == BTC.chain


# --- What is known, as the chain would say it


@given(observations(), observations(), tips, depths)
def test_saying_again_what_is_known_changes_nothing(
    first: Observation, second: Observation, tip: int | None, required: int
) -> None:
    known = absorb(first_sight("pay_1", "bitcoin", first, "inv_1", required, tip, CREATED_MS), second, tip)
    assert absorb(known, as_observed(known), tip) == known
