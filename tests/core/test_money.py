"""Amounts: what is refused at the door, and that nothing is ever rounded against the seller."""

import time
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.core.money import (
    MAX_DECIMALS,
    MAX_INTEGER_DIGITS,
    Asset,
    ceil,
    due_minor,
    format_minor,
    parse_fraction,
    parse_minor,
)

BOUND_S = 1.0
decimals = st.integers(0, MAX_DECIMALS)
positive = st.fractions(min_value=Fraction(1, 10**12), max_value=10**12)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", Fraction(0)),
        ("0.00", Fraction(0)),
        ("12.50", Fraction(25, 2)),
        ("7", Fraction(7)),
        ("9" * MAX_INTEGER_DIGITS + "." + "9" * MAX_DECIMALS, Fraction("9" * 30 + "." + "9" * 30)),
    ],
)
def test_plain_decimals_are_read_exactly(text: str, value: Fraction) -> None:
    assert parse_fraction(text, "amount") == value


HOSTILE = [
    "",
    " ",
    "1e300000",
    "1E5",
    "NaN",
    "nan",
    "Infinity",
    "-1",
    "+1",
    "1_000",
    "1,5",
    "1.",
    ".5",
    "00",
    "01.5",
    "1.5.5",
    "0x10",
    "1/3",
    " 1",
    "1 ",
    "1\n",
    "１２",
    "١٢.٥٠",
    "१२",
    "²",
    "1\u00a0000",
    "1" * (MAX_INTEGER_DIGITS + 1),
    "0." + "1" * (MAX_DECIMALS + 1),
    "9" * 10_000_000,
    "0." + "0" * 10_000_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:20]))
def test_anything_else_is_refused_at_once(text: str) -> None:
    started = time.perf_counter()
    with pytest.raises(Refusal) as refused:
        parse_minor(text, 2, "amount")
    assert time.perf_counter() - started < BOUND_S
    assert (refused.value.type, refused.value.param) == (ErrorType.INVALID_REQUEST, "amount")
    assert refused.value.code == "not_a_decimal"
    assert len(refused.value.message) < 100, "what is refused is not repeated"


@pytest.mark.parametrize("value", [12.5, 12, True, None, ["1"], b"1"], ids=repr)
def test_numbers_are_refused_in_words(value: object) -> None:
    with pytest.raises(Refusal) as refused:
        parse_minor(value, 2, "amount")
    assert refused.value.code == "not_a_string"
    assert '"12.50"' in refused.value.message


@given(st.text())
def test_whatever_is_read_was_plain_ascii_digits(text: str) -> None:
    try:
        value = parse_fraction(text, "amount")
    except Refusal:
        return
    assert value >= 0
    assert set(text) <= set("0123456789.")


@pytest.mark.parametrize(
    ("text", "places"),
    [("12.505", 2), ("0.000000001", 8), ("12.5", 0), ("12.500", 2), ("1.000", 0), ("0.0", 0)],
)
def test_more_decimals_than_the_currency_has_are_refused(text: str, places: int) -> None:
    """Zeros too: to many people 12.500 is twelve thousand five hundred."""
    with pytest.raises(Refusal) as refused:
        parse_minor(text, places, "options.0.amount")
    assert (refused.value.code, refused.value.param) == ("too_many_decimals", "options.0.amount")
    assert str(places) in refused.value.message


def test_fewer_decimals_are_welcome() -> None:
    assert [parse_minor(text, 2, "amount") for text in ("12", "12.5", "12.50")] == [1200, 1250, 1250]


@given(st.integers(0, 10**MAX_INTEGER_DIGITS - 1), decimals)
@example(20_834, 8)
@example(0, 0)
def test_what_is_written_is_read_back(minor: int, places: int) -> None:
    text = format_minor(minor, places)
    assert parse_minor(text, places, "amount") == minor
    assert len(text.partition(".")[2]) == places


@given(st.integers(max_value=-1), decimals)
def test_what_is_missing_is_written_with_a_sign(minor: int, places: int) -> None:
    assert format_minor(minor, places) == "-" + format_minor(-minor, places)


def test_amounts_beyond_64_bits_are_written_whole() -> None:
    assert format_minor(2**256 - 1, 18) == f"{(2**256 - 1) // 10**18}.{(2**256 - 1) % 10**18:018d}"


@given(st.fractions())
def test_ceil_is_the_least_integer_not_below(value: Fraction) -> None:
    assert ceil(value) - 1 < value <= ceil(value)


def test_the_due_of_the_handbook() -> None:
    assert due_minor(Fraction("12.50"), Fraction("60000.00"), 8) == 20_834


@given(positive, positive, st.integers(0, 18))
@example(Fraction(60_000), Fraction(60_000), 8)
def test_due_rounds_up_by_less_than_one_minor_unit(amount: Fraction, rate: Fraction, places: int) -> None:
    due = due_minor(amount, rate, places)
    worth = [units * rate / 10**places for units in (due - 1, due)]
    assert worth[0] < amount <= worth[1]
    assert due >= 1


def test_an_asset_is_known_by_chain_and_code_whatever_it_is_called() -> None:
    token = Asset("hedera", "0.0.456858", "USDC", 6)
    assert token.key == Asset("hedera", "0.0.456858", "USD Coin", 6).key
    assert token.key != Asset("testnet", "0.0.456858", "USDC", 6).key
    assert token.key != Asset("hedera", "0.0.456859", "USDC", 6).key
