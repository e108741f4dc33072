"""The reach of a mirror: up to when its word is complete, whichever of its machines answers.

Behind one address there are often several machines, and one lags behind another. Each says how far it has
come, but which one answers the next question nobody knows. So there are two answers. `complete_ns` is the
furthest that any has come less the most that any was behind lately: near enough for what is looked at again
later. `everywhere_ns` is what each of them had come to by its own word, and never goes too far.
"""

from collections import deque

_ANSWERS = 20
"""How many of the last answers count: one machine of several is then all but certain to be among them."""

_BLOCKS_NS = 5_000_000_000
"""How far apart machines that keep up may be unnoticed: each learns a block of some 2 s at once."""


class Reach:
    """What a mirror's answers say of how far it has come, in nanoseconds since the Unix epoch."""

    def __init__(self) -> None:
        self._newest_ns: int | None = None
        self._said_ns: deque[int] = deque(maxlen=_ANSWERS)
        self._behind_ns: deque[int] = deque(maxlen=_ANSWERS)

    def hear(self, newest_ns: int) -> None:
        """Take in how far the machine that answered has come."""
        self._newest_ns = max(self._newest_ns or 0, newest_ns)
        self._said_ns.append(newest_ns)
        self._behind_ns.append(self._newest_ns - newest_ns)

    @property
    def newest_ns(self) -> int | None:
        """Up to when some machine has everything; None before the first block."""
        return self._newest_ns

    @property
    def complete_ns(self) -> int | None:
        """Up to when all that keep their distance have everything; None before the first block."""
        if self._newest_ns is None:
            return None
        return self._newest_ns - max(self._behind_ns) - _BLOCKS_NS

    @property
    def everywhere_ns(self) -> int | None:
        """Up to when each that has answered lately has everything; None before there were enough answers."""
        return min(self._said_ns) if len(self._said_ns) == _ANSWERS else None
