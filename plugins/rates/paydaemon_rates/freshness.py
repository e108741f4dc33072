"""As of when a price is: what its answer says, or else when it came, as long as anything still changes.

A source that says no time and goes on saying the very same to the byte has stopped, whatever its server says:
its markets trade. A time ahead of ours is refused, as by it the price would outlive its source.
"""

from paydaemon_rates.exchange import Price, Unreadable

AHEAD_MS = 10_000
"""By how much clocks that are kept may differ. Up to that, a price from ahead is as of now."""


class Freshness:
    """The times of the prices of one request, or of one stream."""

    def __init__(self, frozen_ms: int | None) -> None:
        """`frozen_ms` is None for a source whose answers say their times themselves."""
        self._frozen_ms = frozen_ms
        self._said: object = None
        self._changed_ms = 0

    def hear(self, said: object, now_ms: int) -> None:
        """It has said this. A clock that was turned back begins anew."""
        if said != self._said or self._changed_ms > now_ms:
            self._said, self._changed_ms = said, now_ms

    def at_ms(self, price: Price, now_ms: int) -> int:
        """As of when this price of what was heard last is. Raises `Unreadable` for a time ahead of ours."""
        if price.at_ms is not None:
            if price.at_ms - now_ms > AHEAD_MS:
                raise Unreadable(f"its time is {(price.at_ms - now_ms) // 1000} s ahead of ours")
            return min(price.at_ms, now_ms)
        is_frozen = self._frozen_ms is not None and now_ms - self._changed_ms > self._frozen_ms
        return self._changed_ms if is_frozen else now_ms
