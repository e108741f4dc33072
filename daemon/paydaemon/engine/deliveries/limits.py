"""How much is told at once, for how long it is tried again, and for how long it is kept."""

from dataclasses import dataclass

from paydaemon.core.retrying import RetryPolicy


@dataclass(slots=True)
class DeliveryLimits:
    """All of it may change while the daemon runs."""

    at_once: int = 64
    """How many notices are on their way at once, to targets that answer."""
    at_once_failing: int = 16
    """How many more, to targets that could not be reached before."""
    at_once_target: int = 8
    """How many to one target."""
    notice_timeout_s: float = 30.0
    """How long a notifier may take to tell a target; then that counts as not told."""
    events_at_once: int = 100
    """How many events become deliveries in one transaction."""
    retry_pause_s: float = 5.0
    """The pause after a first failure. It doubles with each further one, and lies anywhere up to that."""
    retry_longest_pause_s: float = 21_600.0
    """What a pause grows to at most, also where the recipient asks for a longer one."""
    retry_for_s: float = 259_200.0
    """How long after its first attempt a delivery is parked."""
    attempts_kept: int = 20
    """How many attempts at a delivery are kept."""
    delivered_for_s: float = 2_592_000.0
    """For how long a delivery is kept after it was taken."""
    parked_for_s: float = 7_776_000.0
    """For how long it is kept after it was parked."""
    endpoints: int = 16
    """How many endpoints a seller, or the operator, may have."""
    old_secret_for_s: float = 86_400.0
    """For how long notices are signed with an endpoint's old secret as well, once it has a new one."""

    @property
    def policy(self) -> RetryPolicy:
        """What of it decides when something is tried again."""
        return RetryPolicy(self.retry_pause_s, self.retry_longest_pause_s, self.retry_for_s)
