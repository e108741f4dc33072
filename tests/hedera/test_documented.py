"""docs/hedera.md has the codes that a signed transaction may be refused with, and no other."""

import re
from pathlib import Path

from paydaemon.core.relay import REFUSALS
from tests.hedera.reasons import REASONS

PAGE = (Path(__file__).parents[2] / "docs/hedera.md").read_text(encoding="utf-8")


def test_the_codes_are_documented() -> None:
    rows = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `")]
    assert {code for row in rows for code in re.findall(r"`([^`]+)`", row)} == REFUSALS
    assert {code for code, _ in REASONS.values()} == REFUSALS
