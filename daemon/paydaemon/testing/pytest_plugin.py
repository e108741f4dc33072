"""What pytest finds through the entry point ``paydaemon``: failures that say what differs, and a summary.

Every run of pytest on a machine with paydaemon imports this, so it imports pytest and nothing else of ours.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

SUITES = ("paydaemon.testing.store_conformance", "paydaemon.testing.chain_conformance")
CHAIN = "paydaemon.chain"
"""The property of a test (`pytest.Item.user_properties`) that names the chain which it tried."""


def pytest_load_initial_conftests() -> None:
    """Have the suites' assertions rewritten as those of tests are, before anybody imports them."""
    pytest.register_assert_rewrite(*SUITES)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Where a case on a chain fails, say first what is known of that chain: it may be the reason."""
    try:
        return (yield)
    except AssertionError as error:
        trials = [one for one in pyfuncitem.funcargs.values() if hasattr(one, "what_is_known")]
        known = "\n".join(filter(None, [str(one.what_is_known()) for one in trials]))
        if not known:
            raise
        raise AssertionError(f"{known}\n\nand so: {error}").with_traceback(error.__traceback__) from None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say of each chain how its cases went, and which it cannot have, with its author's reason."""
    tried = tried_in(terminalreporter.stats)
    if tried:
        terminalreporter.section("chains tried by the conformance suite")
    for chain in sorted(tried):
        for line in tried[chain].lines(chain):
            terminalreporter.line(line)


@dataclass(slots=True)
class Tried:
    """How one chain's cases went: their ids, and of those left out, by reason, their names."""

    passed: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    left_out: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def lines(self, chain: str) -> Iterator[str]:
        """What people are told."""
        left_out = sum(map(len, self.left_out.values()))
        counted = {"passed": len(self.passed - self.failed), "failed": len(self.failed), "left out": left_out}
        yield f"{chain}: " + ", ".join(f"{count} {what}" for what, count in counted.items() if count)
        for reason, cases in self.left_out.items():
            yield f"  {reason}"
            yield f"    {', '.join(dict.fromkeys(cases))}"


def tried_in(stats: Mapping[str, Sequence[object]]) -> Mapping[str, Tried]:
    """By chain, what the reports of a run say; reports of other tests say nothing."""
    found: dict[str, Tried] = defaultdict(Tried)
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in stats.get(outcome, ()):
            if isinstance(report, pytest.TestReport) and (chain := _chain_of(report)):
                _count(found[chain], outcome, report)
    return found


def _count(tried: Tried, outcome: str, report: pytest.TestReport) -> None:
    if outcome == "passed":
        tried.passed.add(report.nodeid)
    elif outcome == "skipped":
        tried.left_out[_reason_of(report)].append(_case_of(report))
    else:
        tried.failed.add(report.nodeid)


def _chain_of(report: pytest.TestReport) -> str | None:
    return next((str(value) for name, value in report.user_properties if name == CHAIN), None)


def _case_of(report: pytest.TestReport) -> str:
    return report.nodeid.rpartition("::")[2].partition("[")[0]


def _reason_of(report: pytest.TestReport) -> str:
    said = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return said.removeprefix("Skipped: ")
