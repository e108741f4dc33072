"""The witness: stands between a chain and the daemon, passes everything on, and notes what no chain may say.

The daemon cannot tell a wrong amount from a right one. Some mistakes show in what a chain says, though,
whatever is true on its network: a float, seconds instead of milliseconds, one name for two credits.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from paydaemon.core.payment import ChainTime, Observation
from paydaemon.hooks.ports import Chain, ChainHost
from paydaemon.testing.between import HostInFront, attended

A_DAY_MS = 86_400_000
AHEAD_MS = 10_000
"""How far ahead of this machine's clock a chain may be thought complete: clocks are never quite the same."""
WHOLE = ("amount_minor", "seen_at_ms", "position", "height")
"""What an observation counts in whole numbers."""


@dataclass(slots=True)
class Witness:
    """What one chain said over all its runs, and what was wrong with it. `now_ms` is the machine's clock."""

    now_ms: Callable[[], int]
    faults: dict[str, None] = field(default_factory=dict)
    heard: list[Observation] = field(default_factory=list)
    _credits: dict[str, tuple[object, ...]] = field(default_factory=dict)

    def begin(self) -> None:
        """Begin anew: what was said until now is another case's."""
        self.faults.clear()
        self.heard.clear()

    def attend(self, chain: Chain) -> Chain:
        """The same object, which from now on speaks to the daemon through this witness."""
        return attended(chain, lambda host: _Attended(host, self))

    def again(self, seed: int) -> Sequence[Observation]:
        """Everything that was said, in another order and some of it twice."""
        heard = [*self.heard, *self.heard[::2]]
        random.Random(seed).shuffle(heard)
        return heard

    def hear(self, seen: Observation) -> None:
        """Note what is wrong with an observation."""
        for fault in self._wrong_with(seen):
            self.faults[fault] = None
        self.heard.append(seen)

    def hear_time(self, as_of: ChainTime | None, cursor: object) -> None:
        """Note what is wrong with the time up to which a chain was seen complete, and with its cursor."""
        if as_of is not None and abs(as_of.at_ms - self.now_ms()) > A_DAY_MS:
            self.faults[f"as_of.at_ms is {as_of.at_ms}, more than a day from now: milliseconds?"] = None
        elif as_of is not None and as_of.at_ms > self.now_ms() + AHEAD_MS:
            ahead_ms = as_of.at_ms - self.now_ms()
            self.faults[
                f"as_of.at_ms is {ahead_ms} ms ahead of the clock: nobody has seen the chain complete until "
                "then, and invoices expire too early"
            ] = None
        if cursor is not None and not isinstance(cursor, str):
            self.faults[f"cursor is {type(cursor).__name__}, and must be a str or None"] = None

    def hear_nameless(self) -> None:
        """Note that something was told before it was said which network this is."""
        self.faults[
            "`observe` was called and `identify` was not: by it the daemon refuses another network or wallet"
        ] = None

    def _wrong_with(self, seen: Observation) -> Iterator[str]:
        for name in WHOLE:
            value = getattr(seen, name)
            if type(value) is not int and not (name == "height" and value is None):
                kind = type(value).__name__
                yield f"{name} of {seen.ref} is the {kind} {value!r}: amounts and times are integers"
        if abs(seen.seen_at_ms - self.now_ms()) > A_DAY_MS:
            yield f"seen_at_ms of {seen.ref} is {seen.seen_at_ms}, more than a day from now: milliseconds?"
        credit = (seen.transaction_id, seen.asset, seen.amount_minor, seen.destination_key)
        before = self._credits.setdefault(seen.ref, credit)
        if before != credit:
            yield f"{seen.ref} was {before} and is {credit}: a ref names one credit for good"


class _Attended(HostInFront):
    """The daemon's side of a chain, with a witness in between."""

    def __init__(self, host: ChainHost, witness: Witness) -> None:
        super().__init__(host)
        self._witness = witness
        self._identified = False

    async def identify(self, identity: str) -> None:
        await super().identify(identity)
        self._identified = True

    async def observe(
        self, observations: Sequence[Observation], as_of: ChainTime | None, cursor: str | None
    ) -> None:
        if not self._identified:
            self._witness.hear_nameless()
        for seen in observations:
            self._witness.hear(seen)
        self._witness.hear_time(as_of, cursor)
        await super().observe(observations, as_of, cursor)
