"""A memo belongs to one invoice, and a slip of the hand makes it nobody's."""

from hypothesis import given
from hypothesis import strategies as st

from paydaemon.core.money import Asset
from paydaemon_hedera.destinations import destination, key, memo_of

SHORTEST = 6
"""Digits of a memo that is filled up with zeros; a longer one begins with none."""
INDEXES = st.integers(0, 10**7) | st.integers(0, 10**18)
HBAR = Asset("hedera", "HBAR", "HBAR", 8)
USDC = Asset("hedera", "0.0.5001", "USDC", 6)


def issued(memo: str) -> bool:
    """Whether it is the memo of any index."""
    return memo.isdigit() and memo_of(int(memo[:-1])) == memo


def test_memos_as_they_look() -> None:
    assert [memo_of(index) for index in (0, 1, 2, 12_345, 99_999, 100_000)] == [
        *("000000", "000018", "000026", "123455", "999995", "1000009"),
    ]


@given(INDEXES)
def test_every_index_has_a_memo_of_its_own(index: int) -> None:
    assert issued(memo_of(index))
    assert int(memo_of(index)[:-1]) == index


@given(INDEXES, st.data())
def test_a_wrong_digit_is_nobodys_memo(index: int, data: st.DataObject) -> None:
    memo = memo_of(index)
    place = data.draw(st.integers(0, len(memo) - 1))
    digit = data.draw(st.sampled_from("0123456789").filter(lambda digit: digit != memo[place]))
    assert not issued(memo[:place] + digit + memo[place + 1 :])


@given(INDEXES, st.data())
def test_two_neighbours_swapped_are_nobodys_memo(index: int, data: st.DataObject) -> None:
    """But for 09 and 90, which Luhn's digit does not tell apart, unless a long one began with a zero then."""
    memo = memo_of(index)
    place = data.draw(st.integers(0, len(memo) - 2))
    first, second = memo[place], memo[place + 1]
    swapped = memo[:place] + second + first + memo[place + 2 :]
    is_told_apart = {first, second} != {"0", "9"} or (len(memo) > SHORTEST and swapped[0] == "0")
    assert issued(swapped) == (first == second or not is_told_apart)


def test_a_destination_says_everything_a_wallet_needs() -> None:
    given = destination("0.0.1001", "shop-", 1, HBAR, 123)
    assert (given.key, given.address, given.memo) == ("0.0.1001/shop-000018", "0.0.1001", "shop-000018")
    assert given.uri == "hedera:0.0.1001?amount=0.00000123&memo=shop-000018"
    assert destination("0.0.1001", "&=", 1, USDC, 1_500_000).uri == (
        "hedera:0.0.1001?amount=1.500000&memo=%26%3D000018&token=0.0.5001"
    )
    assert given.key == key("0.0.1001", "shop-000018")
