"""Times as the public interface writes them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.core.times import parse_rfc3339, rfc3339

YEAR_9999_MS = 253_402_300_799_999


@pytest.mark.parametrize(
    ("at_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (999, "1970-01-01T00:00:00.999Z"),
        (1_769_860_800_007, "2026-01-31T12:00:00.007Z"),
        (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
        (2**32 * 1000, "2106-02-07T06:28:16.000Z"),
        (YEAR_9999_MS, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_times_are_utc_with_milliseconds(at_ms: int, text: str) -> None:
    assert rfc3339(at_ms) == text


@given(st.integers(0, YEAR_9999_MS))
def test_no_millisecond_is_lost(at_ms: int) -> None:
    read = datetime.fromisoformat(rfc3339(at_ms))
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert round((read - epoch).total_seconds() * 1000) == at_ms


@given(st.lists(st.integers(0, YEAR_9999_MS)))
def test_texts_sort_as_times_do(moments: list[int]) -> None:
    assert sorted(map(rfc3339, moments)) == [rfc3339(at_ms) for at_ms in sorted(moments)]


@given(st.integers(0, YEAR_9999_MS))
def test_what_is_written_is_read(at_ms: int) -> None:
    assert parse_rfc3339(rfc3339(at_ms)) == at_ms


@pytest.mark.parametrize(
    ("text", "at_ms"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01t00:00:01.5z", 1_500),
        ("1970-01-01T00:00:00.123999999Z", 123),
        ("1970-01-01T02:00:00+02:00", 0),
        ("1969-12-31T20:30:00.007-03:30", 7),
        ("1969-12-31T23:59:59Z", -1_000),
    ],
)
def test_times_of_others_are_read(text: str, at_ms: int) -> None:
    assert parse_rfc3339(text) == at_ms


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-01-31",
        "2026-01-31T12:00:00",
        "2026-01-31 12:00:00Z",
        "20260131T120000Z",
        "2026-02-30T12:00:00Z",
        "2026-01-31T24:00:01Z",
        "2026-12-31T23:59:60Z",
        "2026-01-31T12:00:00.Z",
        "2026-01-31T12:00:00+0100",
        "2026-01-31T12:00:00+25:00",
        "٢٠٢٦-01-31T12:00:00Z",
        "1769860800",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_rfc3339(text)
