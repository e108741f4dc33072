from typing import Any

import pytest
from werkzeug.datastructures import Headers, MultiDict

from paydaemon.core.errors import Refusal
from paydaemon.core.events import EventType
from paydaemon.core.invoice import LatePolicy, Status
from paydaemon.engine.orders import InvoiceRequest
from paydaemon.frontends.models import NewInvoice, NewSeller, check
from paydaemon.frontends.requests import Query, idempotency_key

LEAST = {"amount": "12.50", "currency": "EUR"}


def refused(**fields: Any) -> tuple[str, str | None]:
    with pytest.raises(Refusal) as caught:
        check(NewInvoice, {**LEAST, **fields})
    assert caught.value.message
    return caught.value.code, caught.value.param


def test_the_least_order_leaves_the_rest_to_the_operator() -> None:
    order = check(NewInvoice, LEAST).order()
    assert order == InvoiceRequest("12.50", "EUR")


def test_a_full_order_is_passed_on_whole() -> None:
    order = check(
        NewInvoice,
        {
            **LEAST,
            "seller_id": "shop",
            "note": "Tüte\nApfel",
            "metadata": {"order": 7, "lines": [{"sku": "x"}], "none": None},
            "chains": ["bitcoin"],
            "expires_in_s": 60,
            "confirmations": 0,
            "buyer": {"email": "a@example.org", "locale": "de-AT", "name": "Ada"},
            "return_url": "https://shop.example/thanks?id=7",
            "late": "settle",
        },
    ).order()
    assert order.chains == ("bitcoin",)
    assert order.late is LatePolicy.SETTLE
    assert order.buyer == {"email": "a@example.org", "locale": "de-AT", "name": "Ada"}
    assert order.metadata == {"order": 7, "lines": [{"sku": "x"}], "none": None}
    assert order.note == "Tüte\nApfel"


@pytest.mark.parametrize("field", ["amount", "currency"])
def test_what_is_required_is_named(field: str) -> None:
    with pytest.raises(Refusal) as caught:
        check(NewInvoice, {name: value for name, value in LEAST.items() if name != field})
    assert (caught.value.code, caught.value.param) == ("missing", field)


@pytest.mark.parametrize("value", [12.5, 12, True, None, ["12.50"], {"value": "12.50"}])
def test_an_amount_is_a_string(value: Any) -> None:
    with pytest.raises(Refusal) as caught:
        check(NewInvoice, {**LEAST, "amount": value})
    assert (caught.value.code, caught.value.param) == ("not_a_string", "amount")
    assert "must be a decimal string" in caught.value.message


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({"amont": "1"}, "unknown_field", "amont"),
        ({"buyer": {"phone": "1"}}, "unknown_field", "buyer.phone"),
        ({"amount": "1" * 63}, "too_long", "amount"),
        ({"currency": 5}, "wrong_type", "currency"),
        ({"currency": ""}, "too_short", "currency"),
        ({"note": "x" * 1001}, "too_long", "note"),
        ({"note": 1}, "wrong_type", "note"),
        ({"metadata": []}, "wrong_type", "metadata"),
        ({"metadata": None}, "wrong_type", "metadata"),
        ({"metadata": {str(n): n for n in range(51)}}, "too_long", "metadata"),
        ({"metadata": {"a": "x" * 501}}, "too_long", "metadata.a"),
        ({"metadata": {"a": [{"b": "x" * 501}]}}, "too_long", "metadata.a.0.b"),
        ({"metadata": {"": 1}}, "too_short", "metadata"),
        ({"metadata": {"a": {"k" * 65: 1}}}, "too_long", "metadata.a." + "k" * 65),
        ({"metadata": {str(n): "x" * 450 for n in range(20)}}, "too_long", "metadata"),
        ({"chains": "bitcoin"}, "wrong_type", "chains"),
        ({"chains": []}, "too_short", "chains"),
        ({"chains": [7]}, "wrong_type", "chains.0"),
        ({"chains": ["c"] * 21}, "too_long", "chains"),
        ({"expires_in_s": 59}, "out_of_range", "expires_in_s"),
        ({"expires_in_s": 604_801}, "out_of_range", "expires_in_s"),
        ({"expires_in_s": 900.0}, "wrong_type", "expires_in_s"),
        ({"expires_in_s": "900"}, "wrong_type", "expires_in_s"),
        ({"expires_in_s": True}, "wrong_type", "expires_in_s"),
        ({"confirmations": -1}, "out_of_range", "confirmations"),
        ({"confirmations": 101}, "out_of_range", "confirmations"),
        ({"buyer": "a@example.org"}, "wrong_type", "buyer"),
        ({"buyer": {"email": "nobody"}}, "invalid_value", "buyer.email"),
        ({"buyer": {"email": "a@example.org\r\nBcc: b@example.org"}}, "invalid_value", "buyer.email"),
        ({"buyer": {"email": "a@b, c@d"}}, "invalid_value", "buyer.email"),
        ({"buyer": {"email": "a" * 300 + "@example.org"}}, "invalid_value", "buyer.email"),
        ({"buyer": {"locale": "Deutsch!"}}, "invalid_value", "buyer.locale"),
        ({"buyer": {"name": "Ada\nLovelace"}}, "invalid_value", "buyer.name"),
        ({"return_url": "javascript:alert(1)"}, "not_a_url", "return_url"),
        ({"return_url": "https://user:secret@shop.example/"}, "not_a_url", "return_url"),
        ({"return_url": "https:///path"}, "not_a_url", "return_url"),
        ({"return_url": "https://shop.example:99999/"}, "not_a_url", "return_url"),
        ({"return_url": "https://shop.example/ x"}, "not_a_url", "return_url"),
        ({"return_url": "//shop.example/"}, "not_a_url", "return_url"),
        ({"return_url": "https://shop.example/" + "x" * 2000}, "too_long", "return_url"),
        ({"late": "maybe"}, "invalid_value", "late"),
        ({"seller_id": 7}, "wrong_type", "seller_id"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(fields: dict[str, Any], code: str, param: str) -> None:
    assert refused(**fields) == (code, param)


def test_a_misspelt_field_is_told_before_the_one_that_it_left_missing() -> None:
    with pytest.raises(Refusal) as caught:
        check(NewInvoice, {"amont": "12.50", "currency": "EUR"})
    assert (caught.value.code, caught.value.param) == ("unknown_field", "amont")


def test_a_hostile_field_name_is_cut_short() -> None:
    code, param = refused(**{"x" * 5000: 1})
    assert code == "unknown_field"
    assert param is not None
    assert len(param) == 200


def test_a_sellers_name_is_one_line() -> None:
    with pytest.raises(Refusal) as caught:
        check(NewSeller, {"id": "shop", "name": "a\r\nb"})
    assert caught.value.param == "name"


@pytest.mark.parametrize("given", [[""], ["a b"], ["ä"], ["x" * 256], ["a\x7f"], ["a", "b"], ["a", "a"]])
def test_an_idempotency_key_is_one_visible_word(given: list[str]) -> None:
    with pytest.raises(Refusal) as caught:
        idempotency_key(Headers([("Idempotency-Key", value) for value in given]))
    assert caught.value.param == "Idempotency-Key"


def test_idempotency_keys_of_any_length_up_to_255_are_taken() -> None:
    assert idempotency_key(Headers()) is None
    assert idempotency_key(Headers([("idempotency-key", "x" * 255)])) == "x" * 255


def query(*pairs: tuple[str, str]) -> Query:
    return Query(MultiDict(pairs), ("limit", "after", "status", "unmatched", "type", "cursor"))


def test_query_parameters_are_read() -> None:
    asked = query(
        ("limit", "7"),
        ("status", "new"),
        ("unmatched", "true"),
        ("type", "a,b"),
        ("type", "c"),
        ("cursor", "inv_1"),
    )
    assert asked.limit() == 7
    assert asked.one_of("status", Status) is Status.NEW
    assert asked.flag("unmatched")
    assert asked.each("type") == ["a", "b", "c"]
    assert asked.id("cursor") == "inv_1"
    assert query().limit() == 50
    assert query().integer("after", 0, 9) is None
    assert not query().flag("unmatched")


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("2026-01-31T12:00:00 01:00", "; write its + as %2B"),
        ("2026-01-31 12:00:00Z", ""),
        ("noon", ""),
    ],
)
def test_how_to_write_a_plus_is_told_where_it_was_lost(written: str, hint: str) -> None:
    with pytest.raises(Refusal) as caught:
        query(("after", written)).time_ms("after")
    assert caught.value.message == f"must be a time such as 2026-01-31T12:00:00Z{hint}"


@pytest.mark.parametrize(
    ("pair", "param"),
    [
        (("limits", "7"), "limits"),
        (("limit", "0"), "limit"),
        (("limit", "201"), "limit"),
        (("limit", "٧"), "limit"),
        (("limit", "1_0"), "limit"),
        (("limit", "+7"), "limit"),
        (("limit", " 7"), "limit"),
        (("limit", "9" * 400), "limit"),
        (("limit", ""), "limit"),
        (("after", "-1"), "after"),
        (("status", "paid"), "status"),
        (("unmatched", "1"), "unmatched"),
        (("cursor", "../etc"), "cursor"),
        (("cursor", "x" * 300), "cursor"),
    ],
)
def test_a_wrong_query_parameter_is_named(pair: tuple[str, str], param: str) -> None:
    def read() -> None:
        asked = query(pair)
        asked.limit()
        asked.integer("after", 0, 9)
        asked.one_of("status", Status)
        asked.flag("unmatched")
        asked.id("cursor")

    with pytest.raises(Refusal) as caught:
        read()
    assert caught.value.param == param


def test_a_repeated_parameter_is_named() -> None:
    with pytest.raises(Refusal) as caught:
        query(("limit", "1"), ("limit", "2")).limit()
    assert (caught.value.code, caught.value.param) == ("duplicate_parameter", "limit")


def test_so_many_values_and_no_more() -> None:
    assert len(query(("type", ",".join("x" * 60)), *[("type", "y")] * 40).each("type")) == 100
    with pytest.raises(Refusal) as caught:
        query(("type", ",".join("x" * 60)), *[("type", "y")] * 41).each("type")
    assert (caught.value.code, caught.value.param) == ("too_long", "type")


def test_every_event_type_can_be_asked_for() -> None:
    for type in EventType:
        assert query(("status", type.value)).one_of("status", EventType) is type
