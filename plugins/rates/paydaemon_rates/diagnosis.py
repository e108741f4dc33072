"""What ``paydaemon doctor`` is told of a source: it is asked once, as the daemon would.

Nothing is kept of it. A source that is away is a warning and no problem: that is what there are others for.
"""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from paydaemon.hooks.diagnosis import DiagnoseRates, Finding, ok, warning
from paydaemon.hooks.ports import Rate
from paydaemon_rates.pairs import Pair
from paydaemon_rates.poller import Poller
from paydaemon_rates.source import PolledSource

OFF_MS = 5_000
"""By more than that, clocks differ that are kept; servers say theirs to the second."""


def diagnosis_of(build: Callable[[Any], PolledSource]) -> DiagnoseRates:
    """The diagnosis of a source that `build` makes (`paydaemon.hooks.diagnosis.DiagnoseRates`)."""

    async def diagnose(settings: Any) -> AsyncIterator[Finding]:
        source, heard = build(settings), _Heard()
        async with source.client() as client:
            await Poller(source.exchange, settings).look(heard, client)
        for finding in (*heard.findings(source.url()), *_clock(client.off_ms)):
            yield finding

    return diagnose


class _Heard:
    """A daemon that only listens (`paydaemon.hooks.ports.RateHost`)."""

    def __init__(self) -> None:
        self._rates: list[Rate] = []
        self._failures: list[tuple[str, Sequence[tuple[str, str]]]] = []

    def now_ms(self) -> int:
        return _now_ms()

    def publish(self, rates: Sequence[Rate]) -> None:
        self._rates += rates

    def failed(self, reason: str, pairs: Sequence[tuple[str, str]] = ()) -> None:
        self._failures.append((reason, pairs))

    def findings(self, url: str) -> Sequence[Finding]:
        """Everything that came, and each reason why something did not."""
        advice = "look after the way there, or leave out of pairs what it does not trade"
        failed = [
            warning("prices", f"{url}: {reason}: {_listed(pairs)}", advice)
            for reason, pairs in self._failures
        ]
        came = [f"{rate.base}/{rate.quote} {rate.value:f}{self._age(rate)}" for rate in self._rates]
        return [*([ok("prices", f"{url} says {', '.join(came)}")] if came else []), *failed]

    def _age(self, rate: Rate) -> str:
        age_s = (self.now_ms() - rate.at_ms) // 1000
        return f" ({age_s} s ago)" if age_s >= 1 else ""


def _clock(off_ms: int | None) -> Sequence[Finding]:
    if off_ms is None:
        return []
    off_s, how = abs(off_ms) // 1000, "ahead of" if off_ms > 0 else "behind"
    if abs(off_ms) > OFF_MS:
        advice = "let a time service keep this machine's clock: prices from ahead are refused"
        return [warning("clock", f"its clock is {off_s} s {how} this machine's", advice)]
    return [ok("clock", "its clock and this machine's agree")]


def _listed(pairs: Sequence[tuple[str, str]]) -> str:
    return ", ".join(str(Pair(*pair)) for pair in pairs)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
