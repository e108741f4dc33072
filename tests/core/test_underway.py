"""Of several transactions for one invoice, no more are passed on than it asks for; none waits for ever."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.core.invoice import Invoice
from paydaemon.core.payment import Payment, PaymentState
from paydaemon.core.relay import Relay, RelayStatus, Transfer
from paydaemon.core.relaying import Arrival, receive
from paydaemon.core.underway import require_room, under_way
from tests.core.relays import DUE, NOW_MS, PAYEE, PAYER, asking, signed, to
from tests.core.samples import HBAR, payment

CHAIN = "hedera"
NEVER = {CHAIN: None}
JUST = {CHAIN: NOW_MS - 5_000}


def relay(id: str = "a", amount_minor: int = DUE, **fields: object) -> Relay:
    """A relay that has just come in; it expires 120 s later."""
    transfer = signed(*moves(amount_minor), transaction_id=id)
    made = receive(f"rly_{id}", transfer, Arrival(CHAIN, "inv_1", "shop", NOW_MS)).relay
    return replace(made, **fields)  # type: ignore[arg-type]


def moves(amount_minor: int) -> Sequence[Transfer]:
    return (to(PAYEE, amount_minor), to(PAYER, -amount_minor))


def credit(one: Relay) -> Payment:
    """What a relay has brought, as the chain shows it."""
    where = asking().options[0].destination.key
    amount_minor = one.transfers[0].amount_minor
    about = {"asset": HBAR, "chain": CHAIN, "destination_key": where, "state": PaymentState.CONFIRMED}
    return replace(payment(amount_minor), transaction_id=one.transaction_id, **about)  # type: ignore[arg-type]


def refused(
    amount_minor: int,
    relays: Sequence[Relay],
    payments: Sequence[Payment] = (),
    invoice: Invoice | None = None,
) -> Refusal | None:
    try:
        require_room(moves(amount_minor), invoice or asking(), payments, relays)
    except Refusal as refusal:
        return refusal
    return None


# What is under way


@pytest.mark.parametrize("status", [RelayStatus.RECEIVED, RelayStatus.ACCEPTED, RelayStatus.UNKNOWN])
def test_what_has_no_outcome_is_under_way_until_its_time_is_seen_to_be_over(status: RelayStatus) -> None:
    one = relay(status=status)
    for as_of_ms in (NEVER, JUST, {CHAIN: one.expires_at_ms}):
        assert under_way([one], [], as_of_ms) == [one]
    assert under_way([one], [], {CHAIN: one.expires_at_ms + 1}) == []


def test_what_has_succeeded_is_under_way_until_its_credit_would_be_seen() -> None:
    one = relay(status=RelayStatus.SUCCEEDED, updated_at_ms=NOW_MS + 3_000)
    assert under_way([one], [], {CHAIN: NOW_MS + 3_000}) == [one]
    assert under_way([one], [], {CHAIN: NOW_MS + 3_001}) == []


def test_told_long_after_it_is_under_way_no_longer_than_it_could_be() -> None:
    one = relay(status=RelayStatus.SUCCEEDED, updated_at_ms=NOW_MS + 10**9)
    assert under_way([one], [], {CHAIN: one.expires_at_ms + 1}) == []


def test_what_is_credited_is_a_payment_and_not_under_way() -> None:
    one, other = relay("a"), relay("b")
    assert under_way([one, other], [credit(one)], JUST) == [other]


def test_the_same_id_on_another_chain_is_another_transaction() -> None:
    one = relay("a")
    assert under_way([one], [replace(credit(one), chain="testnet")], JUST) == [one]


def test_what_has_failed_is_not_under_way() -> None:
    assert under_way([relay(status=RelayStatus.FAILED)], [], NEVER) == []


# What still fits


def test_beside_what_pays_all_nothing_fits() -> None:
    refusal = refused(DUE, [relay("first"), relay("second")])
    assert refusal is not None
    assert (refusal.type, refusal.code, refusal.param) == (
        ErrorType.CONFLICT,
        "payment_under_way",
        "transaction",
    )
    assert "first" in refusal.message
    assert refused(1, [relay()]) is not None


def test_parts_fit_until_all_is_asked_for() -> None:
    assert refused(DUE - 834, [relay("a", 834)]) is None
    assert refused(DUE - 833, [relay("a", 834)]) is not None
    assert refused(DUE - 1_000, [relay("a", 834)], [credit(relay("b", 166))]) is None
    assert refused(DUE - 999, [relay("a", 834)], [credit(relay("b", 166))]) is not None


def test_alone_it_may_be_too_much() -> None:
    assert refused(2 * DUE, []) is None


def test_within_the_tolerance_nothing_more_is_asked() -> None:
    tolerant = replace(asking(), tolerance_ppm=100_000)
    nearly = relay("a", DUE - DUE // 20)
    assert refused(DUE // 20, [nearly], invoice=tolerant) is not None
    assert refused(DUE // 20, [nearly]) is None


def test_what_goes_elsewhere_takes_no_room() -> None:
    elsewhere = replace(relay(), transfers=(to(PAYEE, DUE, memo="another"), to(PAYEE, DUE, asset="0.0.5")))
    back = replace(relay(), transfers=(to(PAYEE, -DUE),))
    assert refused(DUE, [elsewhere, back]) is None


step = st.tuples(
    st.integers(1, DUE), st.sampled_from(["hand in", "fail", "credit", "succeed"]), st.integers(0, 9)
)


@given(st.lists(step, max_size=40))
def test_whatever_comes_never_more_is_paid_than_was_asked(steps: list[tuple[int, str, int]]) -> None:
    """Relays come, fail, succeed and are credited in any order; a first one is never too much here."""
    relays: dict[str, Relay] = {}
    payments: list[Payment] = []
    for number, (amount_minor, what, which) in enumerate(steps):
        open_ = under_way(relays.values(), payments, JUST)
        if what == "hand in":
            paid_minor = sum(one.amount_minor for one in payments)
            if paid_minor + amount_minor <= DUE and refused(amount_minor, open_, payments) is None:
                relays[str(number)] = relay(str(number), amount_minor)
        elif open_:
            one = open_[which % len(open_)]
            if what == "credit":
                payments.append(credit(one))
            elif what == "succeed":
                relays[one.transaction_id] = replace(one, status=RelayStatus.SUCCEEDED)
            elif one.status is not RelayStatus.SUCCEEDED:
                relays[one.transaction_id] = replace(one, status=RelayStatus.FAILED)
        still = under_way(relays.values(), payments, JUST)
        most_minor = sum(one.amount_minor for one in payments)
        assert most_minor + sum(one.transfers[0].amount_minor for one in still) <= DUE
