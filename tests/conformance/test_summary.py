"""What is said of each chain at the end of a run of pytest."""

import subprocess
import sys
from collections.abc import Sequence

import pytest

from paydaemon.testing.pytest_plugin import CHAIN, tried_in

ASIDE = "on this chain it cannot be that one is two: there is only one"


def report(case: str, chain: str | None, outcome: str, *, why: str = "", when: str = "call") -> object:
    skipped = ("base.py", 1, f"Skipped: {why}") if why else None
    properties = [("other", 1)] if chain is None else [(CHAIN, chain)]
    where = (case, 1, case)
    return pytest.TestReport(case, where, {}, outcome, skipped, when, user_properties=properties)  # type: ignore[arg-type]


def told(stats: dict[str, Sequence[object]]) -> dict[str, list[str]]:
    return {chain: list(tried.lines(chain)) for chain, tried in tried_in(stats).items()}


def test_each_case_counts_once_and_what_is_left_out_is_told_by_its_reason() -> None:
    stats: dict[str, Sequence[object]] = {
        "passed": [report("a::t_one[x]", "coin", "passed"), report("a::t_two[x]", "coin", "passed")],
        "error": [report("a::t_two[x]", "coin", "failed", when="teardown")],
        "failed": [report("a::t_one", "gold", "failed"), object()],
        "skipped": [
            report("a::t_six[x]", "coin", "skipped", why=ASIDE),
            report("a::t_six[y]", "coin", "skipped", why=ASIDE),
        ],
    }
    assert told(stats) == {
        "coin": ["coin: 1 passed, 1 failed, 2 left out", f"  {ASIDE}", "    t_six"],
        "gold": ["gold: 1 failed"],
    }


def test_other_tests_say_nothing() -> None:
    assert told({"passed": [report("a::t", None, "passed")], "": [object()]}) == {}


def test_what_every_run_of_pytest_imports_is_little() -> None:
    code = "import sys, pytest; was = set(sys.modules); import paydaemon.testing.pytest_plugin; "
    said = "print(*sorted(set(sys.modules) - was))"
    done = subprocess.run([sys.executable, "-c", code + said], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["paydaemon", "paydaemon.testing", "paydaemon.testing.pytest_plugin"]
