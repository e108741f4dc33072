"""Each planted fault turns the suite red, and the message names the fault."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.waiting import BOUND_S

PLANTED = Path(__file__).with_name("planted.py")
SUBTLE = Path(__file__).with_name("subtle.py")

FOUND = {
    "DoubleCredit": ("test_exact[straight]", "not once and whole"),
    "MissedReorg": ("test_reorganised_beyond_its_depth[straight]", "still counts that is not on the chain"),
    "FloatAmounts": ("test_exact[straight]", "is the float"),
    "WrongDepth": ("test_nothing_settles_below_its_depth[straight]", "never had 1 confirmations"),
    "LostCursor": ("test_missed_while_down[straight]", "where its saved cursor points"),
    "IndexReuse": ("test_no_two_indexes_have_one_destination[straight]", "must differ by index"),
    "BlockingCall": ("test_exact[straight]", "blocks the daemon's only thread"),
    "CrashOnRestart": ("test_exact[restarted]", "unreadable cursor"),
    "WrongDecimals": (
        "test_each_asset[straight]",
        "a payment in 0xtoken was never seen",
    ),
    "AnyAsset": ("test_each_asset[straight]", "never seen, or not once and whole in it alone"),
    "Anonymous": ("test_exact[straight]", "`observe` was called and `identify` was not"),
    "BlockingConnection": ("test_exact[straight]", "only thread while it connects at"),
    "AheadOfTime": ("test_late[straight]", "ms ahead of the clock: nobody has seen the chain complete"),
    "SecondsForMilliseconds": ("test_late[straight]", "more than a day from now: milliseconds?"),
    "TrustingPayers": ("test_payments_to_nobody[straight]", "surrogates not allowed"),
    "StaleHealth": ("test_node_away[straight]", "still says that it is healthy"),
}
"""The case that finds each fault, and what it says of it."""

FOUND_LATER = {
    "ModuleMemory": ("test_killed_for_good", "the process was killed, and what was paid is not recorded"),
    "SavedOnTheWayOut": ("test_killed_for_good", "the process was killed, and what was paid is not recorded"),
    "SkipsOutages": ("test_node_away[straight]", "paid while the network was away was never recorded"),
    "SeesWhileAway": ("test_node_away[straight]", "`as_of` goes on while the network is away"),
    "OneRefPerDestination": ("test_two_parts_of_one_transaction[straight]", "names one credit for good"),
    "FirstOutput": ("test_two_invoices_of_one_transaction[straight]", "each of its outputs is a credit"),
    "FirstPage": ("test_missed_while_down[straight]", "one of 6 payments"),
    "FloatSums": ("test_exact[straight]", "not once and whole"),
    "FinalTooSoon": ("test_reorganised_beyond_its_depth[straight]", "what is final never changes"),
    "SeenWhenTold": (
        "test_two_payments_of_one_invoice[straight]",
        "later than it was, and nothing has changed",
    ),
    "HealthyUnseen": ("test_exact[straight]", "healthy before the chain was ever seen complete"),
    "WrongCode": ("test_destinations_are_never_the_same[straight]", "the QR code pays somebody else"),
    "RunsOnce": ("test_what_was_not_recorded_is_said_again[straight]", "RuntimeError: I ran already"),
    "HealthyTooSoon": ("test_an_index_has_one_destination[restarted]", "while `health` is healthy"),
    "CompleteTooSoon": ("test_reorganised_before_its_depth[restarted]", "an `as_of` that was told before"),
    "OwnMemory": (
        "test_it_ends_when_told_to[straight]",
        "`ChainHost.destinations` says, not what it remembers",
    ),
    "HangingSandbox": ("test_over[straight]", "`HangingSandbox.pay` of the sandbox has not returned"),
    "DyingSandbox": (
        "test_over[straight]",
        "the sandbox runs no more, and nobody had told it to end: Runtime",
    ),
    "DeepAfterAll": ("test_two_payments_of_one_invoice[straight]", "`cannot` says DEPTH, and"),
}
"""The same of what shows only where somebody looks for it."""

NEVER_ENDING = ("IgnoredCancellation", "test_it_ends_when_told_to[straight]", "does not end within")
"""What would go on in the process of these tests, and so gets one of its own."""


class Listener:
    """A plugin of pytest that notes what is said of each failure."""

    def __init__(self) -> None:
        self.said = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.said += report.longreprtext


def of(name: str, case: str) -> str:
    """The case's id."""
    return f"{SUBTLE if name in FOUND_LATER else PLANTED}::Test{name}::{case}"


@pytest.mark.parametrize("name", [*FOUND, *FOUND_LATER])
def test_it_is_found_and_named(name: str) -> None:
    case, awaited = {**FOUND, **FOUND_LATER}[name]
    listener = Listener()
    # A run within this one: what belongs to the process stays as the outer one has it.
    own = ["-q", *(f"-pno:{plugin}" for plugin in ("cacheprovider", "faulthandler", "xdist"))]
    ended = pytest.main([*own, "--capture=no", of(name, case)], plugins=[listener])
    assert ended is pytest.ExitCode.TESTS_FAILED
    assert awaited in listener.said


def test_one_that_never_ends_is_found_too_and_the_summary_counts_it_in_parallel_runs() -> None:
    name, case, awaited = NEVER_ENDING
    cases = [of(name, case), of("StaleHealth", "test_over[straight]")]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-n", "1", *cases]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=5 * BOUND_S, check=False)
    assert ran.returncode == 1, ran.stdout[-4000:]
    assert awaited in ran.stdout
    assert "\nfake: 1 passed, 1 failed\n" in ran.stdout, "the summary is not what it was, or xdist keeps it"
