"""What clients say is read as the older system read it, and checked as it did not."""

import json
import time
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction

import pytest
import trio
from hypothesis import example, given
from hypothesis import strategies as st

from paydaemon.core.access import PUBLIC
from paydaemon.core.errors import Refusal
from paydaemon.core.money import parse_minor
from paydaemon.hooks.frontend import Request
from paydaemon_spellbook import asked

JSON = "application/json"
BODY_BYTES = 65_536


def request(body: bytes = b"", content_type: str | None = JSON, **query: str) -> Request:
    headers = {} if content_type is None else {"content-type": content_type}
    pairs = list(query.items())
    return Request(
        *("POST", "/api/PaymentProcessorNewPayment", {"name": "PaymentProcessorNewPayment"}, pairs, headers),
        *(body, PUBLIC, "127.0.0.1", "req_1", trio.lowlevel.checkpoint),
    )


def order(**changes: object) -> asked.Fields:
    body = json.dumps({"seller_id": "company1", "amount_fiat": 12.5, "currency": "EUR", **changes})
    return asked.fields(request(body.encode()))


def refused(**changes: object) -> tuple[str | None, str]:
    with pytest.raises(Refusal) as caught:
        asked.new_payment(order(**changes))
    return caught.value.param, caught.value.message


def refused_body(body: bytes) -> tuple[str | None, str]:
    with pytest.raises(Refusal) as caught:
        asked.fields(request(body))
    return caught.value.param, caught.value.message


# --- Body and query string


def test_the_query_string_goes_before_the_body() -> None:
    said = asked.fields(request(b'{"note": "body", "currency": "EUR"}', note="query"))
    assert said == {"note": "query", "currency": "EUR"}


def test_of_a_parameter_given_twice_the_last_one_counts() -> None:
    twice = request()
    object.__setattr__(twice, "query", [("note", "first"), ("note", "last")])
    assert asked.fields(twice) == {"note": "last"}


@pytest.mark.parametrize(
    "content_type",
    [
        JSON,
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/json-rpc",
        "application/json ;",
    ],
)
def test_a_body_is_read_where_it_says_that_it_is_json(content_type: str) -> None:
    assert asked.fields(request(b'{"note": "a"}', content_type)) == {"note": "a"}


@pytest.mark.parametrize("content_type", [None, "", "text/plain", "application/x-www-form-urlencoded"])
def test_and_is_no_body_elsewhere(content_type: str | None) -> None:
    assert asked.fields(request(b'{"note": "a"}', content_type, currency="EUR")) == {"currency": "EUR"}


@pytest.mark.parametrize("body", [b"", b"null", b" null "])
def test_a_body_may_be_nothing(body: bytes) -> None:
    assert asked.fields(request(body)) == {}


@pytest.mark.parametrize(
    "body",
    [b"{", b"{'a': 1}", b"\xff", b'{"a": NaN}', b'{"a": -Infinity}', b"\xef\xbb\xbf{}", b"\xff\xfe{\0}\0"]
    + [b'{"a": 1e999999999999999999999}', b"[" * BODY_BYTES, b'{"a":' * 13_000],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    assert refused_body(body) == (None, "the body is not JSON")


@pytest.mark.parametrize("body", [b"[]", b'"a"', b"1", b"true"])
def test_a_body_is_an_object(body: bytes) -> None:
    assert refused_body(body) == (None, "the body must be a JSON object")


def test_nothing_is_said_twice_in_a_body() -> None:
    assert refused_body(b'{"amount_fiat": 1, "amount_fiat": 2}') == ("amount_fiat", "is given twice")


def test_a_body_of_names_takes_no_time() -> None:
    names = [f'"{number:x}":0' for number in range(8_000)] + ['"0":0']
    began = time.process_time()
    assert refused_body(f"{{{','.join(names)}}}".encode()) == ("0", "is given twice")
    assert time.process_time() - began < 0.5


# --- The fields


@pytest.mark.parametrize("field", ["seller_id", "amount_fiat", "currency"])
def test_a_missing_field_is_named(field: str) -> None:
    said = {name: value for name, value in order().items() if name != field}
    with pytest.raises(Refusal) as caught:
        asked.new_payment(said)
    assert caught.value.param == field
    assert caught.value.message.startswith("is required")


@pytest.mark.parametrize("field", ["seller_id", "currency", "note"])
@pytest.mark.parametrize("value", [True, 1.5, [], {}, ["a"]])
def test_what_must_be_text_is_text(field: str, value: object) -> None:
    assert refused(**{field: value}) == (field, "must be a string")


@pytest.mark.parametrize("field", ["seller_id", "currency", "note", "amount_fiat"])
@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
def test_text_can_be_written_down(field: str, value: str) -> None:
    param, message = refused(**{field: value})
    assert param == field
    assert "surrogate" in message


@pytest.mark.parametrize("value", [None, True, False, [], {}, [1]])
def test_an_amount_is_a_number(value: object) -> None:
    assert refused(amount_fiat=value) == ("amount_fiat", "must be a number")


@pytest.mark.parametrize(
    ("value", "seller_id"),
    [
        ("company1", "company1"),
        ("7", "7"),
        (7, 7),
        (0, 0),
        (-7, -7),
        (2**53 - 1, 2**53 - 1),
        ("x" * 200, "x" * 200),
    ],
)
def test_a_seller_is_called_as_the_client_calls_it(value: object, seller_id: object) -> None:
    found = asked.new_payment(order(seller_id=value)).seller_id
    assert (found, type(found)) == (seller_id, type(seller_id))


@pytest.mark.parametrize("value", ["", "x" * 201, 2**53, -(2**53), 10**60])
def test_a_seller_has_a_name_that_can_be_kept(value: object) -> None:
    assert refused(seller_id=value)[0] == "seller_id"


def test_a_note_is_optional_and_anything_else_is_left_alone() -> None:
    assert asked.new_payment(order()).note is None
    assert asked.new_payment(order(note=None)).note is None
    assert asked.new_payment(order(note="", more={"or": "less"})).note == ""


# --- Amounts


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("12.5", "12.5"),
        ("12.50", "12.5"),
        ("135.99", "135.99"),
        ("0.1", "0.1"),
        ("12", "12"),
        ("12.0", "12"),
        ("100", "100"),
        ("1e2", "100"),
        ("1.5E+1", "15"),
        ("1250e-2", "12.5"),
        ("0.00", "0"),
        ("-1", "-1"),
        ("123456789012345.67", "123456789012345.67"),
        ('"12.50"', "12.50"),
        ('"12,50"', "12,50"),
    ],
)
def test_a_number_is_taken_as_it_is_written(written: str, amount: str) -> None:
    body = f'{{"seller_id": "a", "currency": "EUR", "amount_fiat": {written}}}'
    assert asked.new_payment(asked.fields(request(body.encode()))).amount == amount


@given(st.integers(1, 10**17), st.integers(0, 2))
@example(1, 2)
@example(10**17 - 1, 2)
def test_an_amount_is_exact_however_large(minor: int, decimals: int) -> None:
    body = f'{{"seller_id": "a", "currency": "EUR", "amount_fiat": {Decimal(minor).scaleb(-decimals):f}}}'
    amount = asked.new_payment(asked.fields(request(body.encode()))).amount
    assert parse_minor(amount, decimals, "amount") == minor


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_a_client_prints_is_read_or_refused(number: float) -> None:
    """As the older clients are made: they hold it in a float, and print that."""
    if 0 < abs(number) < 1e-40 or abs(number) >= 1e41:
        assert refused(amount_fiat=number)[0] == "amount_fiat"
    else:
        assert Fraction(asked.new_payment(order(amount_fiat=number)).amount) == Fraction(repr(number))


@pytest.mark.parametrize("written", ["1e41", "1e300000", "1e-300000", "0e300000", "9" * 60_000])
def test_no_number_takes_more_time_than_it_is_long(written: str) -> None:
    body = f'{{"seller_id": "a", "currency": "EUR", "amount_fiat": {written}}}'.encode()
    began = time.process_time()
    with pytest.raises(Refusal) as caught:
        asked.new_payment(asked.fields(request(body)))
    assert caught.value.param == "amount_fiat"
    assert time.process_time() - began < 0.5


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_body_is_more_than_refused(body: bytes) -> None:
    with suppress(Refusal):
        asked.new_payment(asked.fields(request(body)))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3),
)


@given(st.dictionaries(st.sampled_from(["seller_id", "amount_fiat", "currency", "note"]), values))
def test_whatever_a_field_holds_it_is_read_or_refused(said: dict[str, object]) -> None:
    body = json.dumps(said).encode()
    try:
        wanted = asked.new_payment(asked.fields(request(body)))
    except Refusal:
        return
    assert isinstance(wanted.seller_id, str | int)
    assert not isinstance(wanted.seller_id, bool)
