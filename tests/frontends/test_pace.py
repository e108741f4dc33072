import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.frontends.pace import Paces, TooFast


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def takes(paces: Paces, client: str, times: int) -> int:
    """How many of `times` requests pass."""
    passed = 0
    for _ in range(times):
        try:
            paces.take(client)
        except TooFast:
            continue
        passed += 1
    return passed


def test_a_burst_passes_then_the_pace_holds() -> None:
    clock = Clock()
    paces = Paces(2, 5, 10, clock)
    assert takes(paces, "a", 20) == 5
    clock.now = 1.0
    assert takes(paces, "a", 20) == 2
    clock.now = 100.0
    assert takes(paces, "a", 20) == 5


def test_clients_do_not_share() -> None:
    paces = Paces(1, 3, 10, Clock())
    assert takes(paces, "a", 9) == 3
    assert takes(paces, "b", 9) == 3


def test_who_waits_as_long_as_told_passes() -> None:
    clock = Clock()
    paces = Paces(0.5, 1, 10, clock)
    paces.take("a")
    with pytest.raises(TooFast) as caught:
        paces.take("a")
    assert caught.value.retry_after_s == 2
    clock.now += caught.value.retry_after_s
    paces.take("a")


def test_the_longest_unheard_of_is_forgotten_first() -> None:
    paces = Paces(1, 1, 2, Clock())
    paces.take("a")
    paces.take("b")
    with pytest.raises(TooFast):
        paces.take("a")
    paces.take("c")
    assert len(paces) == 2
    with pytest.raises(TooFast):
        paces.take("a")
    paces.take("b")


@given(st.lists(st.tuples(st.floats(0, 5), st.sampled_from("abcde")), max_size=200))
def test_nobody_ever_gets_more_than_burst_and_pace(asked: list[tuple[float, str]]) -> None:
    clock = Clock()
    paces = Paces(2, 3, 100, clock)
    passed = dict.fromkeys("abcde", 0)
    for wait, client in asked:
        clock.now += wait
        passed[client] += takes(paces, client, 1)
    assert all(count <= 3 + 2 * clock.now + 1e-6 for count in passed.values())
