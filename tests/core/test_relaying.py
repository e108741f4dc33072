"""A relay moves as its table says: never back, never twice, and never to `failed` but for a proof."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.core.access import PUBLIC, Principal
from paydaemon.core.events import EventType
from paydaemon.core.relay import Outcome, Relay, RelayStatus, as_shown
from paydaemon.core.relaying import TRANSITIONS, Arrival, advance, receive, receive_again
from tests.core.relays import NOW_MS, PAYEE, outcome, signed

ARRIVAL = Arrival("hedera", "inv_1", "shop", NOW_MS, (PAYEE,))

outcomes = st.lists(
    st.builds(
        Outcome,
        st.sampled_from(RelayStatus),
        st.none() | st.just("OK"),
        st.none() | st.just("SUCCESS"),
        st.none() | st.just("0.0.3"),
        st.none() | st.just("a sentence"),
    ),
    max_size=8,
)


def fresh() -> Relay:
    return receive("rly_1", signed(), ARRIVAL).relay


def test_it_begins_as_received_and_is_told() -> None:
    step = receive("rly_1", signed(), ARRIVAL)
    assert step.relay.status is RelayStatus.RECEIVED
    assert step.event is not None
    assert (step.event.type, step.event.invoice_id, step.event.seller_id) == (
        EventType.RELAY_RECEIVED, "inv_1", "shop",
    )  # fmt: skip
    told = step.event.data["relay"]
    assert isinstance(told, dict)
    assert told["transfers"][1] == {"account": "0.0.1002", "asset": "HBAR", "amount_minor": "-20834"}
    assert (told["payer"], told["memo"], told["payees"]) == ("0.0.1002", "coffee", ["0.0.1001"])
    assert "raw" not in told


def test_one_that_comes_again_is_told_as_it_was_recorded() -> None:
    """By an earlier release without its payer, memo and payees: all events of a relay agree."""
    failed = advance(fresh(), outcome(RelayStatus.FAILED), NOW_MS).relay
    assert receive_again(failed, signed(), ARRIVAL).relay.payer == "0.0.1002"
    assert receive_again(failed, signed(), replace(ARRIVAL, payees=())).relay.payees == (PAYEE,)
    old = replace(failed, payer=None, memo=None, payees=None)
    again = receive_again(old, signed(), ARRIVAL).relay
    assert (again.payer, again.memo, again.payees, again.raw) == (None, None, None, b"raw")


@given(outcomes)
def test_whatever_is_said_it_moves_along_the_table_and_tells_each_move_once(said: list[Outcome]) -> None:
    relay = fresh()
    for number, one in enumerate(said):
        step = advance(relay, one, NOW_MS + number)
        moved = step.relay.status is not relay.status
        assert moved == (step.event is not None)
        assert moved == (one.status in TRANSITIONS[relay.status])
        if moved:
            assert step.event is not None
            assert step.event.type.value == f"relay.{step.relay.status.value}"
        else:
            assert step.relay == relay
        assert advance(step.relay, one, NOW_MS).event is None, "said again it is no news"
        assert (step.relay.id, step.relay.transaction_id) == (relay.id, relay.transaction_id)
        assert (step.relay.raw is None) == step.relay.status.is_final
        relay = step.relay


@given(outcomes, st.sampled_from([RelayStatus.SUCCEEDED, RelayStatus.FAILED]))
def test_what_is_final_stays(said: list[Outcome], last: RelayStatus) -> None:
    relay = advance(fresh(), outcome(last, receipt="SUCCESS"), NOW_MS).relay
    for one in said:
        assert advance(relay, one, NOW_MS).relay == relay


@given(st.lists(st.sampled_from([RelayStatus.RECEIVED, RelayStatus.ACCEPTED, RelayStatus.UNKNOWN])))
def test_what_is_unknown_stays_so_until_it_is_proven(said: list[RelayStatus]) -> None:
    relay = advance(fresh(), outcome(RelayStatus.UNKNOWN), NOW_MS).relay
    for one in said:
        relay = advance(relay, outcome(one), NOW_MS).relay
    assert relay.status is RelayStatus.UNKNOWN
    assert advance(relay, outcome(RelayStatus.SUCCEEDED), NOW_MS).relay.status is RelayStatus.SUCCEEDED


def test_what_was_said_before_is_kept_but_for_the_fault() -> None:
    accepted = outcome(RelayStatus.ACCEPTED, precheck="OK", node="0.0.3", error="busy at first")
    relay = advance(advance(fresh(), accepted, NOW_MS).relay, outcome(RelayStatus.SUCCEEDED), NOW_MS).relay
    assert (relay.precheck, relay.node, relay.error) == ("OK", "0.0.3", None)


def test_what_nobody_took_comes_again_under_the_same_id() -> None:
    failed = advance(fresh(), outcome(RelayStatus.FAILED, precheck="BUSY", error="busy"), NOW_MS).relay
    step = receive_again(failed, signed(), replace(ARRIVAL, at_ms=NOW_MS + 9))
    assert step.event is not None
    assert step.event.type is EventType.RELAY_RECEIVED
    assert step.relay == replace(fresh(), updated_at_ms=NOW_MS + 9)


@pytest.mark.parametrize(
    "said",
    [
        outcome(RelayStatus.FAILED, receipt="INVALID_SIGNATURE"),
        outcome(RelayStatus.UNKNOWN),
        outcome(RelayStatus.SUCCEEDED),
    ],
)
def test_what_somebody_may_have_taken_does_not(said: Outcome) -> None:
    with pytest.raises(ValueError, match="rly_1"):
        receive_again(advance(fresh(), said, NOW_MS).relay, signed(), ARRIVAL)


def test_nor_does_another_transaction() -> None:
    failed = advance(fresh(), outcome(RelayStatus.FAILED), NOW_MS).relay
    with pytest.raises(ValueError, match="rly_1"):
        receive_again(failed, signed(digest=b"another"), ARRIVAL)


@pytest.mark.parametrize(
    ("principal", "named", "shown"),
    [
        (Principal("key", None), None, True),
        (Principal("key", "shop"), None, True),
        (Principal("key", "rival"), None, False),
        (Principal("key", "rival"), "inv_1", True),
        (PUBLIC, None, False),
        (PUBLIC, "inv_1", True),
        (PUBLIC, "inv_2", False),
    ],
)
def test_an_invoice_is_shown_to_whose_it_is_and_to_who_knows_it(
    principal: Principal, named: str | None, shown: bool
) -> None:
    assert as_shown(fresh(), principal, named).invoice_id == ("inv_1" if shown else None)


def test_nothing_is_the_publics_own() -> None:
    assert not PUBLIC.is_operator
    assert not PUBLIC.may_see(None)
    assert not PUBLIC.may_see("shop")
