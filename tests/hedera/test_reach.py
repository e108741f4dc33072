"""How far a mirror has come is the word of the slowest of its machines."""

from hypothesis import given
from hypothesis import strategies as st

from paydaemon_hedera.reach import Reach

S = 1_000_000_000
SLACK_S = 5


def heard(*seconds: int) -> Reach:
    reach = Reach()
    for second in seconds:
        reach.hear(second * S)
    return reach


def test_before_the_first_answer_nothing_is_known() -> None:
    assert (heard().newest_ns, heard().complete_ns, heard().everywhere_ns) == (None, None, None)


def test_one_machine_alone() -> None:
    reach = heard(100, 102, 104)
    assert (reach.newest_ns, reach.complete_ns) == (104 * S, (104 - SLACK_S) * S)


def test_the_slowest_counts_for_as_long_as_it_may_answer_again() -> None:
    reach = heard(100, 40, *range(101, 119))
    assert (reach.complete_ns, reach.everywhere_ns) == ((118 - 60 - SLACK_S) * S, 40 * S)
    reach.hear(119 * S)
    reach.hear(120 * S)
    assert (reach.complete_ns, reach.everywhere_ns) == ((120 - SLACK_S) * S, 101 * S)


@given(st.lists(st.integers(0, 600), min_size=2, max_size=4), st.data())
def test_machines_that_keep_their_distance(behind: list[int], data: st.DataObject) -> None:
    """Asked every two seconds, in whatever order."""
    reach = Reach()
    for at in range(1_000, 1_060, 2):
        reach.hear((at - data.draw(st.sampled_from(behind))) * S)
    for machine in sorted(behind):
        reach.hear((1_060 - machine) * S)
    assert reach.complete_ns is not None
    assert reach.complete_ns <= (1_060 - max(behind)) * S


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), min_size=21, max_size=60))
def test_no_machine_heard_of_lately_is_behind_it(answers: list[tuple[int, int]]) -> None:
    """Machines that only ever go forward, and answer in whatever order."""
    reach, at = Reach(), dict.fromkeys(range(4), 1_000)
    lately: list[int] = []
    for machine, step in answers:
        at[machine] += step
        reach.hear(at[machine] * S)
        lately = [*lately, machine][-20:]
    assert reach.everywhere_ns is not None
    assert reach.everywhere_ns <= min(at[machine] for machine in lately) * S
