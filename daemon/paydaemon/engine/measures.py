"""What the engine counts of its work; of each chain's after the commit: what was rolled back never was."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from paydaemon.core.payment import Payment, PaymentState
from paydaemon.core.relay import Relay, RelayStatus
from paydaemon.measures import DELAYS_S, DURATIONS_S, Histogram

AssetState = tuple[str, PaymentState]
"""An asset's code, and a state that payments in it came into."""


@dataclass(frozen=True, slots=True)
class Move:
    """A payment as it came into its state. `is_new`: it was not recorded before."""

    payment: Payment
    is_new: bool


@dataclass(slots=True)
class ChainMeasures:
    """One chain since the start.

    `detected_s` is from the chain's own time of first sight to the commit, `observed_s` how long recording
    takes what the chain says at once, and `looked_s` one look at the network as the plugin tells it. A
    payment counts, and its amount too, each time it comes into a state.
    """

    detected_s: Histogram = field(default_factory=lambda: Histogram(DELAYS_S))
    observed_s: Histogram = field(default_factory=lambda: Histogram(DURATIONS_S))
    looked_s: Histogram = field(default_factory=lambda: Histogram(DURATIONS_S))
    payments: Counter[AssetState] = field(default_factory=Counter)
    amounts_minor: Counter[AssetState] = field(default_factory=Counter)

    def moved(self, moves: Iterable[Move], now_ms: int) -> None:
        """Count what a transaction has made of payments, now that it is committed."""
        for move in moves:
            payment = move.payment
            key = payment.asset.code, payment.state
            self.payments[key] += 1
            self.amounts_minor[key] += payment.amount_minor
            if move.is_new:
                self.detected_s.observe(max(0, now_ms - payment.seen_at_ms) / 1000)


@dataclass(slots=True)
class RelayMeasures:
    """One chain's relays since the start.

    `submissions` is how often anything was handed in, and `refused` how often it was not taken, by the code
    of the refusal. `statuses` counts relays that came into each. `precheck_s` is from the commit that
    received a relay to the one that recorded the network's first word, `outcome_s` to that of its outcome.
    """

    submissions: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    statuses: Counter[RelayStatus] = field(default_factory=Counter)
    precheck_s: Histogram = field(default_factory=lambda: Histogram(DURATIONS_S))
    outcome_s: Histogram = field(default_factory=lambda: Histogram(DELAYS_S))

    def moved(self, before: Relay, after: Relay, since_s: float) -> None:
        """Count a relay that came into another status, so many seconds after it was received or taken up."""
        self.statuses[after.status] += 1
        if before.status is RelayStatus.RECEIVED:
            self.precheck_s.observe(since_s)
        if after.status.is_final:
            self.outcome_s.observe(since_s)


@dataclass(slots=True)
class RateMeasures:
    """Rates since the start.

    `outliers` is how often each source's price came to be too far from the others. `agreeing` is how many
    sources now agree on each pair that was quoted: of a way over other currencies the fewest, and 0 where
    there is no rate.
    """

    outliers: Counter[str] = field(default_factory=Counter)
    agreeing: dict[str, int] = field(default_factory=dict)
