"""The witness: stands between a chain and the daemon, passes everything on, and notes what no chain may say.

The daemon cannot tell a wrong amount from a right one. Some mistakes show in what a chain says, though,
whatever is true on its network: a float, seconds instead of milliseconds, one name for two credits, or to
have seen everything while there was nothing to see.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import trio

from paydaemon.core.invoice import Destination
from paydaemon.core.payment import ChainTime, Observation
from paydaemon.hooks.ports import Chain, ChainHost, HealthState
from paydaemon.testing.between import Front, HostInFront, put_between

A_DAY_MS = 86_400_000
AHEAD_MS = 10_000
"""How far ahead of this machine's clock a chain may be thought complete: clocks are never quite the same."""
AWAY_MS = 250
"""What a look that was under way when the network went away may still have seen of it."""
SECONDS_MS = 2_000
"""How exact the clocks of chains are that count in seconds."""
NAMELESS = "`observe` was called and `identify` was not: by it the daemon refuses another network or wallet"
WHOLE = ("amount_minor", "seen_at_ms", "position", "height")
"""What an observation counts in whole numbers."""


class NotRecorded(Exception):
    """What a chain is told where the daemon could not record what it said."""


@dataclass(slots=True)
class Witness:
    """What one chain said over all its runs, and what was wrong with it. `now_ms` is the machine's clock.

    `heard` is everything since `begin`. With `fails_next` what the chain tells next is not recorded, and it
    gets an exception for an answer.
    """

    now_ms: Callable[[], int]
    faults: dict[str, None] = field(default_factory=dict)
    heard: list[Observation] = field(default_factory=list)
    fails_next: bool = False
    _told: set[str] = field(default_factory=set)
    _away_since_ms: int | None = None
    _credits: dict[str, tuple[object, ...]] = field(default_factory=dict)
    _newest: dict[str, Observation] = field(default_factory=dict)
    _final: dict[str, Observation] = field(default_factory=dict)

    def begin(self) -> None:
        """Begin anew: what was said until now is another case's, and its faults were told."""
        self.heard.clear()
        self._told.clear()

    def listens_to(self, chain: Chain) -> Chain:
        """The same object, which from now on speaks to the daemon through this witness."""
        was_complete = False

        def told(as_of: ChainTime | None) -> None:
            # Of an object that failed, and is run again, the daemon itself believes nothing before it looked.
            nonlocal was_complete
            if not was_complete and chain.health().state is HealthState.HEALTHY:
                self.note("`health` is healthy before the chain was ever seen complete (`as_of`)")
            was_complete = was_complete or as_of is not None

        front = Front(lambda host: _Listening(host, self, told), self._asked)
        return put_between(chain, front)

    def note(self, fault: str) -> None:
        """Remember what no chain may do, unless it was told already."""
        if fault not in self._told:
            self.faults[fault] = None

    def tell(self) -> Sequence[str]:
        """What no chain may do, and this one did: each is told once."""
        told = list(self.faults)
        self._told.update(told)
        self.faults.clear()
        return told

    # --- What happens to the network

    def went_away(self) -> None:
        """From now on nothing can be seen."""
        self._away_since_ms = self.now_ms()

    def comes_back(self) -> None:
        """From now on it can be seen again."""
        self._away_since_ms = None

    def paid(self, at_ms: Mapping[str, int]) -> None:
        """Note what was seen before it was paid: of these transactions, each not before this time."""
        for seen in self.heard:
            if seen.seen_at_ms < at_ms.get(seen.transaction_id, 0) - SECONDS_MS:
                self.note(f"seen_at_ms of {seen.ref} is {seen.seen_at_ms}: it was paid later than that")

    def has_no_depths(self) -> None:
        """Note what blocks bury though it is said of the chain that there is nothing like that."""
        for seen in self.heard:
            if seen.height is not None and not seen.final:
                self.note(f"`cannot` says DEPTH, and {seen.ref} is in block {seen.height} and not final")

    # --- What the chain says

    def hear(self, seen: Observation) -> None:
        """Note what is wrong with an observation."""
        for fault in (*self._wrong_in_itself(seen), *self._wrong_after(seen)):
            self.note(fault)
        self.heard.append(seen)

    def hear_time(self, as_of: ChainTime | None, cursor: object) -> None:
        """Note what is wrong with the time up to which a chain was seen complete, and with its cursor."""
        if cursor is not None and not isinstance(cursor, str):
            self.note(f"cursor is {type(cursor).__name__}, and must be a str or None")
        if as_of is None:
            return
        if abs(as_of.at_ms - self.now_ms()) > A_DAY_MS:
            self.note(f"as_of.at_ms is {as_of.at_ms}, more than a day from now: milliseconds?")
        elif as_of.at_ms > self.now_ms() + AHEAD_MS:
            self.note(
                f"as_of.at_ms is {as_of.at_ms - self.now_ms()} ms ahead of the clock: nobody has seen the "
                "chain complete until then, and invoices expire too early"
            )
        since_ms = self._away_since_ms
        if since_ms is not None and as_of.at_ms > since_ms + AWAY_MS:
            self.note(
                "`as_of` goes on while the network is away: it says up to when everything was seen, and "
                "invoices expire by it"
            )

    def _wrong_in_itself(self, seen: Observation) -> Iterator[str]:
        for name in WHOLE:
            value = getattr(seen, name)
            if type(value) is not int and not (name == "height" and value is None):
                kind = type(value).__name__
                yield f"{name} of {seen.ref} is the {kind} {value!r}: amounts and times are integers"
        if abs(seen.seen_at_ms - self.now_ms()) > A_DAY_MS:
            yield f"seen_at_ms of {seen.ref} is {seen.seen_at_ms}, more than a day from now: milliseconds?"

    def _wrong_after(self, seen: Observation) -> Iterator[str]:
        """What does not go together with what was said before."""
        credit = (seen.transaction_id, seen.asset, seen.amount_minor, seen.destination_key)
        before = self._credits.setdefault(seen.ref, credit)
        if before != credit:
            yield f"{seen.ref} was {before} and is {credit}: a ref names one credit for good"
        again = self._newest.get(seen.ref)
        self._newest[seen.ref] = seen
        # What changed may have another time: a block has its own, and what left one came to the network anew.
        if again is not None and _fate(again) == _fate(seen):
            later_ms = seen.seen_at_ms - again.seen_at_ms
            if later_ms > SECONDS_MS:
                yield f"seen_at_ms of {seen.ref} is {later_ms} ms later than it was, and nothing has changed"
        yield from self._wrong_after_final(seen)

    def _wrong_after_final(self, seen: Observation) -> Iterator[str]:
        final = self._final.get(seen.ref)
        if final is not None and seen.position >= final.position and _fate(seen) != _fate(final):
            yield f"{seen.ref} was {_fate(final)}, and is {_fate(seen)}: what is final never changes"
        if seen.final:
            self._final.setdefault(seen.ref, seen)

    async def _asked(self, index: int, answer: Awaitable[Destination]) -> Destination:
        """Note what keeps a destination from being given."""
        try:
            return await answer
        except trio.Cancelled:
            self.note(f"`destination({index}, …)` had not returned when the daemon waited no more")
            raise
        except Exception as error:
            self.note(f"`destination({index}, …)` raised {error!r}")
            raise


class _Listening(HostInFront):
    """The daemon's side of a chain, with a witness in between. `told` hears of each time beforehand."""

    def __init__(self, host: ChainHost, witness: Witness, told: Callable[[ChainTime | None], None]) -> None:
        super().__init__(host)
        self._witness = witness
        self._told = told
        self._identified = False

    async def identify(self, identity: str) -> None:
        await super().identify(identity)
        self._identified = True

    async def observe(
        self, observations: Sequence[Observation], as_of: ChainTime | None, cursor: str | None
    ) -> None:
        if self._witness.fails_next:
            self._witness.fails_next = False
            raise NotRecorded("the suite lets the daemon record nothing, once")
        if not self._identified:
            self._witness.note(NAMELESS)
        self._told(as_of)
        for seen in observations:
            self._witness.hear(seen)
        self._witness.hear_time(as_of, cursor)
        await super().observe(observations, as_of, cursor)


def _fate(seen: Observation) -> str:
    where = "in no block" if seen.height is None else f"in block {seen.height} {seen.block}"
    return f"{seen.state.value} {where}" + (", final" if seen.final else ", not final")
