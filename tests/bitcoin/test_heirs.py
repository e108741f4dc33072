"""Whether a transaction that takes another's place has its first sight."""

import pytest

from paydaemon.core.payment import ObservedState
from paydaemon_bitcoin.book import Book
from paydaemon_bitcoin.heirs import inherit, losses
from paydaemon_bitcoin.inquiry import Finding
from paydaemon_bitcoin.observations import Credit, Fate

OLD, OTHER, NEW = "aa" * 32, "bb" * 32, "cc" * 32
THEN_MS, LATER_MS, NOW_MS = 1_000, 2_000, 9_000


def told(**paid: dict[str, int]) -> Book:
    """A book in which the transactions `old` and `other` were told to be in the mempool."""
    book = Book()
    for name, txid, seen_at_ms in (("old", OLD, THEN_MS), ("other", OTHER, LATER_MS)):
        if name in paid:
            book.write(txid, credits_of(txid, paid[name]), Fate(ObservedState.SEEN, seen_at_ms))
    return book


def credits_of(txid: str, paid: dict[str, int]) -> list[Credit]:
    return [Credit(txid, vout, minor, address) for vout, (address, minor) in enumerate(paid.items())]


def replaced(txid: str = OLD) -> Finding:
    return Finding(txid, (), Fate(ObservedState.REPLACED, THEN_MS, replaced_by=NEW))


def gain(paid: dict[str, int], seen_at_ms: int = NOW_MS) -> Finding:
    return Finding(NEW, credits_of(NEW, paid), Fate(ObservedState.SEEN, seen_at_ms))


def first_sight(book: Book, *findings: Finding) -> int:
    """When the one that takes the place was first seen."""
    (found,) = (finding for finding in inherit(findings, book) if finding.txid == NEW)
    return found.fate.seen_at_ms


@pytest.mark.parametrize(
    ("paid", "seen_at_ms"),
    [
        ({"a": 500}, THEN_MS),
        ({"a": 499}, THEN_MS),
        ({"a": 501}, NOW_MS),
        ({"b": 1}, NOW_MS),
        ({"a": 500, "b": 1}, NOW_MS),
    ],
)
def test_who_pays_no_more_has_the_first_sight_of_what_it_replaces(
    paid: dict[str, int], seen_at_ms: int
) -> None:
    assert first_sight(told(old={"a": 500}), replaced(), gain(paid)) == seen_at_ms


def test_outputs_to_one_address_are_counted_together() -> None:
    split = Finding(NEW, [Credit(NEW, 0, 250, "a"), Credit(NEW, 1, 251, "a")], gain({}).fate)
    assert first_sight(told(old={"a": 500}), replaced(), split) == NOW_MS


def test_of_two_that_are_replaced_the_later_counts() -> None:
    book = told(old={"a": 500}, other={"b": 500})
    assert first_sight(book, replaced(), replaced(OTHER), gain({"a": 500, "b": 500})) == LATER_MS


def test_what_was_told_of_it_before_counts_too() -> None:
    """It was replaced itself, and has come back: it pays what it ever paid."""
    book = told(old={"a": 500})
    book.write(NEW, credits_of(NEW, {"a": 600}), Fate(ObservedState.DROPPED, NOW_MS))
    assert first_sight(book, replaced(), Finding(NEW, (), gain({}).fate)) == NOW_MS


def test_an_earlier_first_sight_of_its_own_stands() -> None:
    assert first_sight(told(old={"a": 500}), replaced(), gain({"a": 500}, seen_at_ms=1)) == 1


def test_a_raised_fee_that_is_raised_again_still_has_the_first_of_them() -> None:
    """The node tells the time of the second one alone."""
    book = told(old={"a": 500})
    (heir,) = (found for found in inherit([replaced(), gain({"a": 500})], book) if found.counts)
    book.write(NEW, heir.credits, heir.fate)
    book.write(NEW, (), gain({}).fate)
    page = book.page(NEW)
    assert page is not None
    assert page.fate.seen_at_ms == THEN_MS


def test_only_what_counted_until_now_is_newly_lost() -> None:
    book = told(old={"a": 500})
    assert losses([replaced(), replaced(OTHER), gain({"a": 1})], book).keys() == {NEW}
    book.write(OLD, (), replaced().fate)
    assert not losses([replaced()], book)


def test_what_nobody_replaced_is_left_as_it_is() -> None:
    findings = [gain({"a": 500}), Finding(OLD, (), Fate(ObservedState.DROPPED, THEN_MS))]
    assert list(inherit(findings, told(old={"a": 500}))) == findings
