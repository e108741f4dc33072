"""The book: what is news, what is open, who spends the same."""

from paydaemon.core.money import Asset
from paydaemon.core.payment import ObservedState
from paydaemon_bitcoin.book import Book, Place
from paydaemon_bitcoin.observations import FINAL, Credit, Fate, observation

A, B, C = "aa" * 32, "bb" * 32, "cc" * 32
BTC = Asset("bitcoin", "BTC", "BTC", 8)
MEMPOOL = Fate(ObservedState.SEEN, 1_000)
BLOCK = Fate(ObservedState.SEEN, 1_000, 111, "block")
REPLACED = Fate(ObservedState.REPLACED, 1_000, replaced_by=B)
POINT, OTHER_POINT = bytes(36), bytes(35) + b"\x01"


def paid(txid: str, vout: int = 0) -> Credit:
    return Credit(txid, vout, 20_834, "address")


def test_what_is_met_for_the_first_time_is_news() -> None:
    assert Book().news(A, [paid(A)], MEMPOOL) == [paid(A)]


def test_what_was_lost_before_it_was_met_is_none_until_it_returns() -> None:
    book = Book()
    assert not book.news(A, [paid(A)], REPLACED)
    book.write(A, [paid(A)], REPLACED, told=False)
    assert not book.news(A, [paid(A)], Fate(ObservedState.CONFLICTED, 1_000))
    assert list(book.news(A, [], MEMPOOL)) == [paid(A)]


def test_saying_it_twice_is_no_news() -> None:
    book = Book()
    book.write(A, [paid(A)], BLOCK)
    assert not book.news(A, [paid(A)], BLOCK)
    assert not book.news(A, [], BLOCK)


def test_another_time_of_first_sight_alone_is_no_news() -> None:
    book = Book()
    book.write(A, [paid(A)], MEMPOOL)
    assert not book.news(A, [paid(A)], Fate(ObservedState.SEEN, 2_000))


def test_a_changed_fate_is_news_of_every_credit() -> None:
    book = Book()
    book.write(A, [paid(A, 0), paid(A, 1)], MEMPOOL)
    assert list(book.news(A, [], REPLACED)) == [paid(A, 0), paid(A, 1)]
    assert list(book.news(A, [paid(A, 2)], BLOCK)) == [paid(A, 0), paid(A, 1), paid(A, 2)]


def test_a_credit_not_told_yet_of_a_known_transaction_is_news_alone() -> None:
    """As when the daemon was killed between two batches of one transaction."""
    told = observation(paid(A, 0), BLOCK, BTC, 1)
    assert Book([told]).news(A, [paid(A, 0), paid(A, 1)], BLOCK) == [paid(A, 1)]


def test_it_is_made_anew_from_what_was_recorded() -> None:
    told = [
        observation(paid(A, 4), MEMPOOL, BTC, 1),
        observation(paid(B), BLOCK, BTC, 2),
        observation(paid(C), REPLACED, BTC, 3),
    ]
    book = Book(told)
    assert len(book) == 3
    assert list(book.at(Place.MEMPOOL)) == [A]
    assert list(book.at(Place.BLOCK, Place.LOST)) == [B, C]
    assert not book.news(A, [paid(A, 4)], MEMPOOL)
    assert not book.news(C, [paid(C)], REPLACED)


def test_rivals_are_those_in_the_mempool_that_spend_the_same() -> None:
    book = Book()
    book.write(A, [paid(A)], MEMPOOL, frozenset({POINT, OTHER_POINT}))
    assert book.rivals(B, {POINT}) == {A}
    assert book.rivals(A, {POINT}) == set()
    book.write(A, [], REPLACED)
    assert book.rivals(B, {POINT}) == set()
    book.write(A, [], MEMPOOL)
    assert book.rivals(B, {OTHER_POINT}) == {A}
    book.write(A, [], BLOCK)
    assert book.rivals(B, {POINT}) == set()


def test_who_came_later_is_the_one_that_spends() -> None:
    book = Book()
    book.write(A, [paid(A)], MEMPOOL, frozenset({POINT}))
    book.write(B, [paid(B)], MEMPOOL, frozenset({POINT}))
    book.write(A, [], REPLACED)
    assert book.rivals(C, {POINT}) == {B}


def test_what_no_block_can_change_any_more_is_forgotten() -> None:
    book = Book()
    book.write(A, [paid(A)], BLOCK)
    book.write(B, [paid(B)], MEMPOOL, frozenset({POINT}))
    book.write(C, [paid(C)], Fate(ObservedState.CONFLICTED, 1_000, final=True))
    book.forget_final(111 + FINAL - 2)
    assert book.page(A) is not None
    assert book.page(C) is None
    book.forget_final(111 + FINAL - 1)
    assert book.page(A) is None
    assert len(book) == 1
    assert book.rivals(A, {POINT}) == {B}
