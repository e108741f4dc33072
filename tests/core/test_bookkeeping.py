"""What a line of an export is made of: its value, and which events are lines at all."""

import re
from dataclasses import fields
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.core.bookkeeping import BOOKED_BY, BOOKS, TAKEN_BACK_BY, Entry, Kind, kinds, value_of
from paydaemon.core.events import Event, EventType
from paydaemon.core.money import format_minor

PAGE = (Path(__file__).parents[2] / "docs" / "exports.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("invoice", "due_minor", "paid_minor", "value"),
    [
        ("12.50", 20_834, 20_834, "12.50"),
        ("12.50", 20_834, 10_417, "6.25"),
        ("12.50", 20_834, 1, "0.00"),
        ("0.01", 2, 1, "0.01"),
        ("0.03", 2, 1, "0.02"),
        ("100", 3, 1, "33"),
        ("12.50", 20_834, 41_668, "25.00"),
        ("0.00020834", 20_834, 20_833, "0.00020833"),
    ],
)
def test_a_value_is_the_part_that_was_paid(invoice: str, due_minor: int, paid_minor: int, value: str) -> None:
    payment, option = {"amount_minor": str(paid_minor)}, {"due_minor": str(due_minor)}
    assert value_of(invoice, payment, option) == value


@given(
    asked=st.integers(1, 10**30), decimals=st.integers(0, 18), due=st.integers(1, 10**30),
    paid=st.integers(0, 10**30),
)  # fmt: skip
def test_a_value_is_never_off_by_more_than_half_a_unit(
    asked: int, decimals: int, due: int, paid: int
) -> None:
    text = format_minor(asked, decimals)
    value = value_of(text, {"amount_minor": str(paid)}, {"due_minor": str(due)})
    assert len(value.partition(".")[2]) == decimals
    off = Fraction(value) - Fraction(text) * paid / due
    assert -Fraction(1, 2 * 10**decimals) < off <= Fraction(1, 2 * 10**decimals)


@given(st.lists(st.tuples(st.sampled_from(sorted(BOOKS)), st.sampled_from(["a", "b"]))))
def test_credits_and_reversals_of_a_payment_alternate(story: list[tuple[EventType, str]]) -> None:
    history = [
        Event(seq, f"evt_{seq}", type, 0, {"payment": {"id": id}}, "inv_1", "shop")
        for seq, (type, id) in enumerate(story)
    ]
    found = dict(kinds(history))
    for payment in ("a", "b"):
        told = [(type, found.get(seq)) for seq, (type, id) in enumerate(story) if id == payment]
        lines = [kind for _, kind in told if kind is not None]
        assert lines == [Kind.REVERSAL if place % 2 else Kind.CREDIT for place in range(len(lines))]
        last = [type for type, _ in told][-1:]
        assert (len(lines) % 2 == 1) == (last == [BOOKED_BY])
    assert all(history[seq].type in TAKEN_BACK_BY for seq, kind in found.items() if kind is Kind.REVERSAL)


def test_the_page_has_the_columns_in_their_order() -> None:
    table = PAGE.partition("## Columns")[2].partition("###")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [field.name for field in fields(Entry)]
