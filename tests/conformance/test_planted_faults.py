"""Each planted fault turns the suite red, and the message names the fault."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support.waiting import BOUND_S

PLANTED = Path(__file__).with_name("planted.py")

FOUND = {
    "DoubleCredit": ("test_exact[straight]", "not once and whole"),
    "MissedReorg": ("test_reorganised_beyond_its_depth[straight]", "still counts that is not on the chain"),
    "FloatAmounts": ("test_exact[straight]", "is the float"),
    "WrongDepth": ("test_nothing_settles_below_its_depth[straight]", "never had 1 confirmations"),
    "LostCursor": ("test_missed_while_down[straight]", "where its saved cursor points"),
    "IndexReuse": ("test_no_two_indexes_have_one_destination[straight]", "must differ by index"),
    "BlockingCall": ("test_exact[straight]", "blocks the daemon's only thread"),
    "CrashOnRestart": ("test_exact[restarted]", "unreadable cursor"),
    "StaleHealth": ("test_node_away[straight]", "still says that it is healthy"),
    "IgnoredCancellation": ("test_it_ends_when_told_to[straight]", "does not end within"),
}
"""The case that finds each fault, and what it says of it."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the suite says of each planted fault: by class, everything that went wrong."""
    report = tmp_path_factory.mktemp("planted") / "report.xml"
    cases = [f"{PLANTED}::Test{name}::{case}" for name, (case, _) in FOUND.items()]
    # Most of their time they wait for what does not come.
    own = ["-p", "no:cacheprovider", "-q", "-n", "3", f"--junitxml={report}"]
    command = [sys.executable, "-m", "pytest", *own, *cases]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=5 * BOUND_S, check=False)
    assert ran.returncode == 1, ran.stdout[-4000:]
    assert f"\nfake: {len(FOUND)} failed\n" in ran.stdout, "the summary is not what it was, or xdist keeps it"
    told: dict[str, str] = dict.fromkeys(FOUND, "")
    for case in ElementTree.parse(report).iter("testcase"):
        for wrong in case:
            told[case.attrib["classname"].rpartition(".Test")[2]] += wrong.attrib.get("message", "") + str(
                wrong.text
            )
    return told


@pytest.mark.parametrize("name", FOUND)
def test_it_is_found_and_named(told: dict[str, str], name: str) -> None:
    _, said = FOUND[name]
    assert said in told[name]
