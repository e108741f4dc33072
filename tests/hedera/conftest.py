"""Patience that these tests need not have."""

import pytest

from paydaemon_hedera import line, outcomes, receipts, submission


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between two tries are a hundredth of what they are."""
    for module in (submission, outcomes):
        monkeypatch.setattr(module, "_FIRST_PAUSE_S", 0.0025)
        monkeypatch.setattr(module, "_LONGEST_PAUSE_S", 0.08)
    for module in (outcomes, receipts):
        monkeypatch.setattr(module, "_RECEIPTS_ALONE_S", 0.03)
    monkeypatch.setattr(line, "AWAY_FOR_S", 0.05)
