"""What is counted of telling others."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from paydaemon.core.retrying import Answer
from paydaemon.measures import DURATIONS_S, Histogram


class Outcome(StrEnum):
    """How an attempt ended."""

    TAKEN = "taken"
    FAILED = "failed"
    REFUSED = "refused"


@dataclass(slots=True)
class NotifierMeasures:
    """Of one notifier since the start: its attempts by how they ended, how long each took, and what was
    parked.
    """

    attempts: Counter[Outcome] = field(default_factory=Counter)
    took_s: Histogram = field(default_factory=lambda: Histogram(DURATIONS_S))
    parked: int = 0

    def tried(self, answer: Answer, took_s: float) -> None:
        """Count an attempt."""
        self.attempts[outcome_of(answer)] += 1
        self.took_s.observe(took_s)


def outcome_of(answer: Answer) -> Outcome:
    """What is refused will never be taken."""
    if answer.taken:
        return Outcome.TAKEN
    return Outcome.REFUSED if answer.for_good else Outcome.FAILED
