"""docs/hedera.md has the codes that transactions and questions may be refused with, and no other."""

import re
from pathlib import Path

from paydaemon.core.relay import REFUSALS
from paydaemon_hedera.questions import READERS
from tests.hedera.reasons import REASONS

PAGE = (Path(__file__).parents[2] / "docs/hedera.md").read_text(encoding="utf-8")


def first_cells(heading: str) -> set[str]:
    """What stands in backquotes in the first column of the tables under a heading."""
    section = PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {code for row in rows for code in re.findall(r"`([^`]+)`", row)}


def test_the_codes_are_documented() -> None:
    assert first_cells("What is refused before anything is submitted") == REFUSALS
    assert {code for code, _ in REASONS.values()} == REFUSALS


def test_the_questions_and_their_codes_are_documented() -> None:
    wrong = {"invalid_question", "unsupported_question", "payment_not_allowed"}
    codes = wrong | {"chain_unavailable", "too_many_questions"}
    assert first_cells("Questions in the network's own form") == READERS.keys() | codes
