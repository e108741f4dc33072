"""Who follows the journal."""

from dataclasses import dataclass
from typing import Protocol

WEBSOCKETS = "websockets"
"""The group of readers that follow the journal through a websocket."""

SSE = "sse"
"""Those that follow it by server-sent events."""

PUBLIC_PAGES = "public"
"""Those without a key that follow one invoice, by either."""

GROUPS = (WEBSOCKETS, SSE, PUBLIC_PAGES)
"""Every group of the frontends' own."""


class Place(Protocol):
    """Where a reader is that others tell of what is new; `after` is how far it has been told."""

    after: int


@dataclass(slots=True, eq=False)
class Follower:
    """One reader that follows the journal: what kind it is, and the `seq` of the last event it has read.

    `member` is its place in the audience, while it is there.
    """

    group: str
    after: int
    member: Place | None = None
