"""What all who follow the journal can take together."""

from dataclasses import dataclass


@dataclass(slots=True)
class JournalLimits:
    """May change while they do."""

    page_events: int = 8
    """How many events a replaying reader holds at once: a page of its own, while it sends them. Whoever is
    in the audience is told as many at once.
    """
    tail_events: int = 256
    """How many of the newest events are held for everybody."""
    replaying: int = 16
    """How many readers may replay at the same time."""
    turn_ms: int = 250
    """How long a replaying reader keeps the others waiting at most: one that is stuck does not hold its
    turn.
    """
