"""Orders: what a request may ask for, field by field."""

from dataclasses import replace
from fractions import Fraction

import pytest

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.core.invoice import LatePolicy
from paydaemon.core.money import Asset, Currency
from paydaemon.engine.orders import (
    InvoiceDefaults,
    InvoiceRequest,
    depth,
    find_currency,
    is_asset,
    lasting_s,
    terms,
)
from paydaemon.hooks.ports import Depths

BTC = Asset("bitcoin", "BTC", "BTC", 8)
USDC = Asset("hedera", "0.0.456858", "USDC", 6)
USDC_ELSEWHERE = Asset("ethereum", "0xa0b8", "USDC", 6)
USDC_ODD = Asset("odd", "usdc", "USDC", 18)
TOGROG = Asset("mantle", "MNT", "MNT", 18)
ORDER = InvoiceRequest("12.50", "EUR")


@pytest.mark.parametrize(
    ("code", "decimals"), [("EUR", 2), ("USD", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("BHD", 3), ("CLF", 4)]
)
def test_a_currency_has_the_decimals_of_iso_4217(code: str, decimals: int) -> None:
    assert find_currency(code, [BTC]) == Currency(code, decimals)


@pytest.mark.parametrize(
    "code",
    [
        *("XAU", "XAG", "XXX", "XTS", "XDR", "XUA"),
        *("eur", "Eur", "EUR ", " EUR", "", "EURO", "EU", "978", "ＥＵＲ", "€", "XBT", "HRK", "btc", "EUR\0"),
    ],
)
def test_what_is_no_currency_is_refused(code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        find_currency(code, [BTC])
    assert (refusal.value.type, refusal.value.code) == (ErrorType.INVALID_REQUEST, "unknown_currency")
    assert refusal.value.param == "currency"


def test_an_asset_is_a_currency_by_symbol_and_by_id() -> None:
    assert find_currency("BTC", [BTC, USDC]) == Currency("BTC", 8)
    assert find_currency("USDC", [BTC, USDC, USDC_ELSEWHERE]) == Currency("USDC", 6)
    assert find_currency("0.0.456858", [BTC, USDC]) == Currency("0.0.456858", 6)
    assert is_asset(Currency("USDC", 6), USDC)
    assert is_asset(Currency("0.0.456858", 6), USDC)
    assert not is_asset(Currency("USDC", 6), BTC)


def test_a_symbol_of_assets_that_disagree_is_ambiguous_and_an_id_is_not() -> None:
    with pytest.raises(Refusal) as refusal:
        find_currency("USDC", [USDC, USDC_ODD])
    assert (refusal.value.code, refusal.value.param) == ("ambiguous_currency", "currency")
    assert find_currency("0.0.456858", [USDC, USDC_ODD]) == Currency("0.0.456858", 6)


def test_a_token_cannot_pass_for_a_currency() -> None:
    assert find_currency("MNT", [TOGROG]) == Currency("MNT", 2)
    assert not is_asset(Currency("MNT", 2), TOGROG)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("12.50", "EUR", 1_250),
        ("12", "EUR", 1_200),
        ("0.01", "EUR", 1),
        ("700", "JPY", 700),
        ("1.234", "KWD", 1_234),
    ],
)
def test_amounts(amount: str, currency: str, minor: int) -> None:
    agreed = terms(InvoiceRequest(amount, currency), [])
    assert agreed.amount_minor == minor
    assert agreed.amount == Fraction(amount)


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        ("0", "EUR", "not_positive"),
        ("0.00", "EUR", "not_positive"),
        ("12.500", "EUR", "too_many_decimals"),
        ("7.5", "JPY", "too_many_decimals"),
        ("700.", "JPY", "not_a_decimal"),
        ("0.0001", "KWD", "too_many_decimals"),
        ("-1", "EUR", "not_a_decimal"),
        ("+1", "EUR", "not_a_decimal"),
        ("1e300000", "EUR", "not_a_decimal"),
        ("NaN", "EUR", "not_a_decimal"),
        ("Infinity", "EUR", "not_a_decimal"),
        ("1_000", "EUR", "not_a_decimal"),
        ("1,5", "EUR", "not_a_decimal"),
        ("٣", "EUR", "not_a_decimal"),
        ("007", "EUR", "not_a_decimal"),
        (" 1", "EUR", "not_a_decimal"),
        ("1\n", "EUR", "not_a_decimal"),
        ("9" * 31, "EUR", "not_a_decimal"),
        (12.5, "EUR", "not_a_string"),
        (None, "EUR", "not_a_string"),
    ],
)
def test_amounts_that_are_refused(amount: object, currency: str, code: str) -> None:
    request = InvoiceRequest(amount, currency)  # type: ignore[arg-type]
    with pytest.raises(Refusal) as refusal:
        terms(request, [])
    assert (refusal.value.type, refusal.value.code) == (ErrorType.INVALID_REQUEST, code)
    assert refusal.value.param == "amount"


def test_the_currency_is_looked_at_before_the_amount() -> None:
    with pytest.raises(Refusal) as refusal:
        terms(InvoiceRequest("much", "gold"), [])
    assert refusal.value.param == "currency"


@pytest.mark.parametrize(
    ("asked", "least", "given"), [(None, 1, 6), (1, 1, 1), (6, 1, 6), (100, 1, 100), (0, 0, 0), (2, 2, 2)]
)
def test_confirmations(asked: int | None, least: int, given: int) -> None:
    assert depth(replace(ORDER, confirmations=asked), Depths(6, least, 100)) == given


@pytest.mark.parametrize(("asked", "least"), [(0, 1), (-1, 0), (101, 0), (1, 2), (10**30, 1)])
def test_confirmations_that_are_refused(asked: int, least: int) -> None:
    with pytest.raises(Refusal) as refusal:
        depth(replace(ORDER, confirmations=asked), Depths(6, least, 100))
    assert (refusal.value.code, refusal.value.param) == ("out_of_range", "confirmations")
    assert f"from {least} to 100" in refusal.value.message


def test_how_long_it_can_be_paid() -> None:
    assert lasting_s(ORDER, InvoiceDefaults(expires_in_s=77)) == 77
    assert lasting_s(replace(ORDER, expires_in_s=1), InvoiceDefaults()) == 1


@pytest.mark.parametrize("seconds", [0, -1])
def test_no_time_at_all_is_refused(seconds: int) -> None:
    with pytest.raises(Refusal) as refusal:
        lasting_s(replace(ORDER, expires_in_s=seconds), InvoiceDefaults())
    assert (refusal.value.code, refusal.value.param) == ("out_of_range", "expires_in_s")


CHANGES: dict[str, object] = {
    "amount": "12.51",
    "currency": "USD",
    "seller_id": "shop",
    "note": "",
    "metadata": {"a": 1},
    "chains": ("bitcoin",),
    "expires_in_s": 900,
    "confirmations": 0,
    "buyer": {"email": "a@b.example"},
    "return_url": "https://shop.example",
    "late": LatePolicy.HOLD,
}


def test_every_field_is_part_of_the_fingerprint() -> None:
    assert set(CHANGES) == set(InvoiceRequest.__slots__)
    prints = {replace(ORDER, **{name: value}).fingerprint() for name, value in CHANGES.items()}  # type: ignore[arg-type]
    assert len(prints | {ORDER.fingerprint()}) == len(CHANGES) + 1


def test_equal_orders_have_one_fingerprint() -> None:
    one = replace(ORDER, metadata={"a": 1, "b": {"c": [1, 2], "d": None}})
    other = replace(ORDER, metadata={"b": {"d": None, "c": [1, 2]}, "a": 1})
    assert one.fingerprint() == other.fingerprint()
    assert one.fingerprint() != replace(ORDER, metadata={"a": 1, "b": {"c": [2, 1], "d": None}}).fingerprint()
    assert one.fingerprint() != replace(ORDER, metadata={"a": 1, "b": {"c": [1, 2]}}).fingerprint()


def test_a_fingerprint_stays_what_it_was_when_it_was_stored() -> None:
    """A key is remembered forever, so these never change: a later field is left out until it is said."""
    assert ORDER.fingerprint().hex() == "d51da126fe91ea17c397b289b7b0d29fb1739538a7c4bd138b836a642e4eeb50"
    chosen = replace(ORDER, chains=("bitcoin",), metadata={"order": 7}, confirmations=0)
    assert chosen.fingerprint().hex() == "3da01415b6603396473a784ac91485afe3733649561b6ef0bb3dfa16bc1e9546"
