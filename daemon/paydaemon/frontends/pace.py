"""Pace: how fast one key or address may go on asking.

A token bucket fills at a steady rate up to its burst, and each request takes one token. Buckets are bounded
in number: the one longest unheard of is forgotten, which is also the one most likely to be full.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable

import trio

from paydaemon.core.errors import ErrorType, Refusal


class TooFast(Refusal):
    """Asked too often. `retry_after_s` is when the next request will be taken."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(ErrorType.RATE_LIMITED, "too_many_requests", "too many requests; wait a little")
        self.retry_after_s = retry_after_s


class Pace:
    """One token bucket: `burst` tokens at first and at most, `per_s` new ones a second."""

    __slots__ = ("_at", "_burst", "_clock", "_per_s", "_tokens")

    def __init__(self, per_s: float, burst: int, clock: Callable[[], float] = trio.current_time) -> None:
        self._per_s = per_s
        self._burst = burst
        self._clock = clock
        self._tokens = float(burst)
        self._at = clock()

    def take(self) -> bool:
        """Take one token, where there is one."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_s)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Paces:
    """One token bucket for each client: `burst` tokens at most, `per_s` new ones a second.

    At most `remembered` clients have one. All three may change at any time.
    """

    def __init__(
        self, per_s: float, burst: int, remembered: int, clock: Callable[[], float] = trio.current_time
    ) -> None:
        self.per_s = per_s
        self.burst = burst
        self.remembered = remembered
        self._clock = clock
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, client: Hashable) -> None:
        """Take one token. Raises `TooFast` where there is none."""
        now = self._clock()
        tokens, at = self._buckets.pop(client, (float(self.burst), now))
        tokens = min(self.burst, tokens + (now - at) * self.per_s)
        allowed = tokens >= 1
        self._buckets[client] = (tokens - 1 if allowed else tokens, now)
        while len(self._buckets) > self.remembered:
            self._buckets.popitem(last=False)
        if not allowed:
            raise TooFast((1 - tokens) / self.per_s)

    def __len__(self) -> int:
        """How many clients are remembered."""
        return len(self._buckets)
