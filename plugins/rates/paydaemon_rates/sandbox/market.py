"""The market of a sandbox: what it says of each pair when it is asked, faults included.

Prices are text from the configuration to the answer. There is always a tiny spread around them, and with each
question something has been traded, as on any market.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from paydaemon_rates.pairs import Pair, parse_pair
from paydaemon_rates.sandbox.faults import Fault

SKEW_MS = 3 * 86_400_000
WRONG = Pair("DOGE", "USD")
_SPREAD_DIGITS = 3

_INSTEAD = {Fault.NAN: "NaN", Fault.ZERO: "0", Fault.NEGATIVE: "-1", Fault.GARBAGE: "a lot"}


@dataclass(frozen=True, slots=True)
class Tick:
    """What is said of one pair, as text."""

    pair: Pair
    bid: str
    ask: str
    last: str


class Market:
    """Prices, and a clock. `fault` may change at any time."""

    def __init__(self, prices: Mapping[str, str], now_ms: Callable[[], int] | None = None) -> None:
        self.fault = Fault.NONE
        self._prices = {parse_pair(pair): Decimal(price) for pair, price in prices.items()}
        self._clock = now_ms or _now_ms
        self._questions = 0
        self._stopped_at_ms: int | None = None

    @property
    def pairs(self) -> list[Pair]:
        """Everything that is traded."""
        return list(self._prices)

    def volume(self) -> str:
        """What was traded today: a little more at each question."""
        self._questions += self.fault is not Fault.FROZEN
        return f"{1000 + self._questions}.5"

    def now_ms(self) -> int:
        """Its clock."""
        if self.fault is not Fault.FROZEN:
            self._stopped_at_ms = None
            return self._clock() + (SKEW_MS if self.fault is Fault.SKEWED else 0)
        self._stopped_at_ms = self._stopped_at_ms or self._clock()
        return self._stopped_at_ms

    def tick(self, pair: Pair) -> Tick | None:
        """What it says of a pair; None for one that is not traded."""
        price = self._prices.get(pair)
        if price is None:
            return None
        about = WRONG if self.fault is Fault.WRONG_PAIR else pair
        if said := _INSTEAD.get(self.fault):
            return Tick(about, said, said, said)
        price *= 1000 if self.fault is Fault.TIMES_1000 else 1
        exponent = price.as_tuple().exponent
        step = Decimal(1).scaleb(int(exponent) - _SPREAD_DIGITS)
        return Tick(about, f"{price - step:f}", f"{price + step:f}", f"{price:f}")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
