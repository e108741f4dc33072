"""Tokens' own fees, by hand-worked examples."""

from collections.abc import Mapping

import pytest

from paydaemon_hedera.sandbox.customfees import Assessed, Moves, assess
from paydaemon_hedera.sandbox.genesis import PAYEE, TREASURY, USDC
from paydaemon_hedera.sandbox.ledger import HBAR, CustomFee, FixedFee, FractionalFee, Token
from paydaemon_hedera.sandbox.refusal import Refused
from tests.hedera.sandbox.world import ALICE, BOB, World

COIN, FEE_COIN = 6_001, 6_002
CASHIER = 42


def coin(*fees: CustomFee, number: int = COIN) -> Token:
    return Token(number, "COIN", "Coin", 2, 1_000_000, TREASURY, fees)


def assessed(token: Token, moves: Mapping[int, int], *more: Token) -> tuple[list[Moves], list[Assessed]]:
    return assess({COIN: dict(moves)}, {one.number: one for one in (token, *more)})


def test_without_fees_nothing_changes() -> None:
    moves = {ALICE: -5, BOB: 5}
    assert assessed(coin(), moves) == ([{COIN: moves}], [])


def test_a_fixed_fee_in_hbar_is_a_level_of_its_own() -> None:
    levels, fees = assessed(coin(FixedFee(CASHIER, 7, HBAR)), {ALICE: -5, BOB: 5})
    assert levels == [{COIN: {ALICE: -5, BOB: 5}}, {HBAR: {ALICE: -7, CASHIER: 7}}]
    assert fees == [Assessed(7, HBAR, CASHIER, (ALICE,))]


def test_a_fixed_fee_in_the_token_itself_is_in_the_same_level() -> None:
    levels, _ = assessed(coin(FixedFee(CASHIER, 7, COIN)), {ALICE: -5, BOB: 5})
    assert levels == [{COIN: {ALICE: -12, BOB: 5, CASHIER: 7}}]


def test_a_fraction_is_taken_out_of_what_is_received() -> None:
    tenth = FractionalFee(CASHIER, 1, 10)
    levels, fees = assessed(coin(tenth), {ALICE: -100, BOB: 60, PAYEE: 40})
    assert levels == [{COIN: {ALICE: -100, BOB: 54, PAYEE: 36, CASHIER: 10}}]
    assert fees == [Assessed(10, COIN, CASHIER, (BOB, PAYEE))]


def test_what_rounding_leaves_is_taken_in_order() -> None:
    levels, _ = assessed(coin(FractionalFee(CASHIER, 1, 10)), {ALICE: -99, BOB: 33, PAYEE: 66})
    # 9 of 99: 3 of 33 and 6 of 66; with a least of 10 one more is left, and the first one pays it.
    assert levels[0][COIN] == {ALICE: -99, BOB: 30, PAYEE: 60, CASHIER: 9}
    levels, _ = assessed(coin(FractionalFee(CASHIER, 1, 10, 10)), {ALICE: -99, BOB: 33, PAYEE: 66})
    assert levels[0][COIN] == {ALICE: -99, BOB: 29, PAYEE: 60, CASHIER: 10}


@pytest.mark.parametrize(("amount", "fee"), [(100, 20), (1_000, 100), (9_000, 300)])
def test_a_fraction_has_a_least_and_a_most(amount: int, fee: int) -> None:
    bounded = FractionalFee(CASHIER, 1, 10, least_minor=20, most_minor=300)
    levels, _ = assessed(coin(bounded), {ALICE: -amount, BOB: amount})
    assert levels == [{COIN: {ALICE: -amount, BOB: amount - fee, CASHIER: fee}}]


def test_net_of_transfers_the_sender_pays_on_top() -> None:
    net = FractionalFee(CASHIER, 1, 10, net_of_transfers=True)
    levels, fees = assessed(coin(net), {ALICE: -100, BOB: 100})
    assert levels == [{COIN: {ALICE: -110, BOB: 100, CASHIER: 10}}]
    assert fees == [Assessed(10, COIN, CASHIER, (ALICE,))]


@pytest.mark.parametrize("net", [False, True])
def test_who_receives_as_treasury_or_collector_pays_no_fraction(net: bool) -> None:
    moves = {ALICE: -100, TREASURY: 60, CASHIER: 40}
    fee = FractionalFee(CASHIER, 1, 10, net_of_transfers=net)
    assert assessed(coin(fee), moves) == ([{COIN: moves}], [])


def test_a_least_that_is_more_than_what_moves() -> None:
    with pytest.raises(Refused, match="INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE"):
        assessed(coin(FractionalFee(CASHIER, 1, 10, least_minor=20)), {ALICE: -15, BOB: 15})


def test_fees_that_together_are_more_than_what_moves() -> None:
    most = FractionalFee(CASHIER, 6, 10)
    with pytest.raises(Refused, match="INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE"):
        assessed(coin(most, FractionalFee(3, 6, 10)), {ALICE: -100, BOB: 100})


def test_each_sender_bears_its_share_of_a_fraction() -> None:
    levels, fees = assessed(coin(FractionalFee(CASHIER, 1, 10)), {ALICE: -75, PAYEE: -25, BOB: 100})
    assert levels == [{COIN: {ALICE: -75, PAYEE: -25, BOB: 91, CASHIER: 9}}]
    assert [fee.amount_minor for fee in fees] == [7, 2]


@pytest.mark.parametrize("sender", [TREASURY, CASHIER])
def test_treasury_and_collector_pay_none(sender: int) -> None:
    both = coin(FixedFee(CASHIER, 7, HBAR), FractionalFee(CASHIER, 1, 10))
    assert assessed(both, {sender: -100, BOB: 100}) == ([{COIN: {sender: -100, BOB: 100}}], [])


def test_fees_may_cost_fees_but_not_for_ever() -> None:
    inner = coin(FixedFee(CASHIER, 1, HBAR), number=FEE_COIN)
    levels, fees = assessed(coin(FixedFee(CASHIER, 3, FEE_COIN)), {ALICE: -5, BOB: 5}, inner)
    assert levels[1:] == [{FEE_COIN: {ALICE: -3, CASHIER: 3}}, {HBAR: {ALICE: -1, CASHIER: 1}}]
    assert len(fees) == 2
    chain = [coin(FixedFee(CASHIER, 1, COIN + 1 + n), number=COIN + n) for n in range(5)]
    with pytest.raises(Refused, match="CUSTOM_FEE_CHARGING_EXCEEDED_MAX_RECURSION_DEPTH"):
        assessed(chain[0], {ALICE: -5, BOB: 5}, *chain[1:])


# --- On a ledger


def test_what_arrives_is_less_and_the_record_says_why() -> None:
    world = World()
    world.network.add_token(coin(FractionalFee(3, 1, 10), FixedFee(3, 50, USDC)))
    world.network.give(ALICE, COIN, 1_000)
    world.network.give(PAYEE, COIN, 0)
    usdc = world.balance(ALICE, USDC)
    assert world.outcome(world.body({COIN: {ALICE: -100, PAYEE: 100}})) == "SUCCESS"
    assert (world.balance(PAYEE, COIN), world.balance(3, COIN)) == (90, 10)
    assert (usdc - world.balance(ALICE, USDC), world.balance(3, USDC)) == (50, 50)
    (handled,) = world.network.history.since(0)
    assert {(one.amount_minor, one.token) for one in handled.effect.assessed} == {(10, COIN), (50, USDC)}


def test_who_cannot_pay_a_custom_fee_is_told_so() -> None:
    world = World()
    world.network.add_token(coin(FixedFee(3, 1_000, COIN)))
    world.network.give(ALICE, COIN, 100)
    world.network.give(PAYEE, COIN, 0)
    short = "INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE"
    assert world.outcome(world.body({COIN: {ALICE: -100, PAYEE: 100}})) == short
    assert world.balance(PAYEE, COIN) == 0
