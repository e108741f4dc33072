"""The clock: invoices expire by it, so it may not jump, nor be before what was written already."""

import time
from collections.abc import Iterator

from paydaemon.core.times import rfc3339
from paydaemon.hooks.diagnosis import Finding, ok, problem, warning

JUMPED_S = 0.25
AHEAD_MS = 1_000
EARLIEST_MS = 1_735_689_600_000
"""2025-01-01: no clock that is right says less."""


class ClockWatch:
    """Compares the clock with the machine's monotonic one, from when it is made."""

    def __init__(self) -> None:
        self._apart_s = time.time() - time.monotonic()

    def jumped_s(self) -> float:
        """By how much the clock was set meanwhile."""
        return time.time() - time.monotonic() - self._apart_s


def clock_findings(watch: ClockWatch, newest_event_ms: int | None) -> Iterator[Finding]:
    """The clock by itself, and beside what the journal says. A chain's plugin compares it with the node's."""
    now_ms = time.time_ns() // 1_000_000
    advice = "let a time service keep the clock: timedatectl set-ntp true"
    jumped_s = watch.jumped_s()
    if now_ms < EARLIEST_MS:
        yield problem("time", f"it is {rfc3339(now_ms)} by this machine, which cannot be", advice)
    elif newest_event_ms is not None and newest_event_ms > now_ms + AHEAD_MS:
        said = f"it is {rfc3339(now_ms)}, and the newest event is from {rfc3339(newest_event_ms)}"
        yield problem("time", said, advice)
    elif abs(jumped_s) > JUMPED_S:
        yield warning("time", f"the clock was set by {jumped_s:+.1f} s while this looked", advice)
    else:
        yield ok("time", f"it is {rfc3339(now_ms)}")
