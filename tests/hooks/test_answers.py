"""What an answer by HTTP means."""

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.hooks.answers import MAX_RETRY_AFTER_S, retry_after_s, told
from paydaemon.hooks.notifier import NotTold, Told

NOW_S = 1_769_860_860.0


@pytest.mark.parametrize("status", [200, 201, 202, 204, 206, 299])
def test_any_2xx_is_taken(status: int) -> None:
    answered = told(status, None, NOW_S)
    assert answered == Told(status, {200: "OK", 201: "Created", 299: ""}.get(status, answered.detail))


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (101, "it answered 101 Switching Protocols"),
        (301, "it answered 301 Moved Permanently, and redirects are not followed"),
        (307, "it answered 307 Temporary Redirect, and redirects are not followed"),
        (400, "it answered 400 Bad Request"),
        (401, "it answered 401 Unauthorized"),
        (404, "it answered 404 Not Found"),
        (429, "it answered 429 Too Many Requests"),
        (499, "it answered 499"),
        (500, "it answered 500 Internal Server Error"),
        (503, "it answered 503 Service Unavailable"),
        (999, "it answered 999"),
    ],
)
def test_all_else_is_tried_again(status: int, reason: str) -> None:
    with pytest.raises(NotTold) as caught:
        told(status, None, NOW_S)
    not_told = caught.value
    assert (not_told.reason, not_told.status) == (reason, status)
    assert not_told.target_down
    assert not not_told.for_good


def test_who_is_gone_is_not_asked_again() -> None:
    with pytest.raises(NotTold) as caught:
        told(410, None, NOW_S)
    assert caught.value.for_good
    assert caught.value.reason == "it answered 410 Gone: it wants none of this any more"


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (None, None),
        ("", None),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("9999999999", MAX_RETRY_AFTER_S),
        ("9" * 1000, MAX_RETRY_AFTER_S),
        ("9" * 1001, None),
        ("-1", None),
        ("1.5", None),
        ("1e3", None),
        ("١٢", None),
        ("soon", None),
        (formatdate(NOW_S + 90, usegmt=True), 90.0),
        (formatdate(NOW_S - 90, usegmt=True), 0.0),
        (formatdate(NOW_S + 9_000_000, usegmt=True), MAX_RETRY_AFTER_S),
        ("Saturday, 31-Jan-26 12:02:30 GMT", 90.0),
        ("Sat Jan 31 12:02:30 2026", 90.0),
        ("Sat, 31 Foo 2026 12:02:30 GMT", None),
        ("Sat, 99 Jan 99999 12:02:30 GMT", None),
    ],
)
def test_how_long_it_asks_to_be_left_alone(given: str | None, seconds: float | None) -> None:
    assert retry_after_s(given, NOW_S) == seconds


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_whatever_it_asks_for_is_a_time_or_nothing(text: str) -> None:
    found = retry_after_s(text, NOW_S)
    assert found is None or 0 <= found <= MAX_RETRY_AFTER_S


def test_a_date_means_nothing_where_nobody_knows_the_time_it_is_told_in() -> None:
    assert retry_after_s(formatdate(NOW_S + 90, usegmt=True), None) is None
    assert retry_after_s("120", None) == 120.0
