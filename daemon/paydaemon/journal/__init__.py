"""The journal as it is read: page by page, or followed for good from where a reader left off.

A reader that follows sees every event once, in order, with no gap between what was there and what comes.
While it has something to catch up with it replays, in small pages, and in turns with the others who do, so
that a crowd that comes back at once keeps nobody waiting (`turns`). From then on it reads the tail: the
newest events, read once for all and held once for all, so that a hundred readers who never read cost hardly
more than one (`tail`). One that takes what is new without waiting joins the audience, which one task tells
all at once (`audience`).
"""

from paydaemon.journal.audience import Hear
from paydaemon.journal.filter import ANY, Filter
from paydaemon.journal.follower import GROUPS, PUBLIC_PAGES, SSE, WEBSOCKETS, Follower
from paydaemon.journal.journal import Journal
from paydaemon.journal.limits import JournalLimits
from paydaemon.journal.turns import Turns

__all__ = [
    "ANY",
    "GROUPS",
    "PUBLIC_PAGES",
    "SSE",
    "WEBSOCKETS",
    "Filter",
    "Follower",
    "Hear",
    "Journal",
    "JournalLimits",
    "Turns",
]
