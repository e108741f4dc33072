"""Chaos: a chain that tells what it knows as badly as a chain may, by the dice of a seed.

It stands between a chain, any chain, and the daemon. Everything that passes it is true, or was when the chain
said it, and nothing is kept back for good; when, how often, in what order and in what pieces is left to the
dice. The same seed and the same chain give the same life.

    chaos = Chaos(random.Random(seed))
    await nursery.start(chain.run, chaos.between(host))     # or chaos.attend(chain), for a real daemon

Each of its habits is one that a sentence of the ports permits, and the daemon has to bear:

- `swallow`, `withhold`: a look, or part of it, is told with a later one. "What is not mentioned stays as it
  is" (`ChainHost.observe`). Until all of it is told, nothing is called complete, and the cursor stays.
- `split`: "None where this was only a look at single transactions", "up to 1000 it always takes" (`observe`).
- `repeat`, `dig`: the same twice, and what was said long ago after what overtook it. "An observation with a
  smaller [position] than the ledger holds is old and ignored" (`core.payment.Observation`).
- `shuffle`: no sentence gives the observations of one call an order.
- `lag`: complete up to an earlier time than it knows. "`as_of` says up to when the chain has been seen
  complete" (`observe`): nothing says that it must claim all that it could.
- `doze`: first seen later than it was. "The chain's own time of first sight or of the block" (`Observation`):
  a node that was started after a transaction was sent has its first sight of it later.
- `forget`: "None leaves the old one" (`observe`), and the cursor is "whatever the chain last passed"
  (`SavedChain`), be it an old one once more: after a restart much is told again.
- `fail`: "Raising means: restart me after a pause" (`Chain.run`), before the daemon was told, amid the
  pieces, or after it has recorded everything, of which the chain then knows nothing.

A network that is away, reorganisations and what becomes of transactions are `FakeNetwork`'s; destinations
that do not come are `FakeChain.faults`'.
"""

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from paydaemon.core.payment import ChainTime, Observation
from paydaemon.hooks.ports import Chain, ChainHost
from paydaemon.testing.between import Front, HostInFront, put_between

AT_ONCE = 1_000
"""How many observations are told by one call at most: what the daemon always takes."""
REMEMBERED = 1_000
"""How many words and cursors of old can come up again."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How often a chain does what, from 0 to 1 for each call; `longest_lag_s` bounds `lag`."""

    swallow: float = 0.1
    withhold: float = 0.1
    split: float = 0.2
    repeat: float = 0.2
    dig: float = 0.2
    shuffle: float = 0.5
    lag: float = 0.1
    longest_lag_s: int = 600
    doze: float = 0.05
    forget: float = 0.2
    fail: float = 0.05


class Interrupted(ConnectionError):
    """What a chain raises amid its work: it cannot see its network, or lost what it was about to say."""


@dataclass(frozen=True, slots=True)
class Word:
    """One call of `ChainHost.observe`."""

    observations: Sequence[Observation]
    as_of: ChainTime | None
    cursor: str | None


class Chaos:
    """One chain's bad habits over all its runs. While it is `calm`, everything is passed on as it is."""

    def __init__(self, dice: random.Random, habits: Habits | None = None) -> None:
        self.dice = dice
        self.habits = habits or Habits()
        self.calm = False
        self.said: deque[Observation] = deque(maxlen=REMEMBERED)
        self.cursors: deque[str] = deque(maxlen=REMEMBERED)

    def between(self, host: ChainHost) -> ChainHost:
        """The door to give to one run of the chain, in front of the daemon's own."""
        return _ChaoticHost(host, self)

    def attend(self, chain: Chain) -> Chain:
        """The same chain, which from now on speaks to the daemon through this, whoever runs it."""
        return put_between(chain, Front(self.between))

    def happens(self, chance: float) -> bool:
        """Throw the dice."""
        return not self.calm and self.dice.random() < chance

    def embellish(self, told: Sequence[Observation], as_of: ChainTime | None) -> list[Observation]:
        """What is to be told, with what may be told beside it."""
        habits = self.habits
        embellished = [self._dozed(seen, as_of) for seen in told]
        if self.happens(habits.repeat):
            embellished += self.some(embellished)
        if self.happens(habits.dig):
            embellished += self.dice.sample(list(self.said), min(len(self.said), self.dice.randint(1, 20)))
        if self.happens(habits.shuffle):
            self.dice.shuffle(embellished)
        return embellished

    def some(self, observations: Sequence[Observation]) -> list[Observation]:
        """Any of them, by chance."""
        return [seen for seen in observations if self.dice.random() < 0.5]

    def pieces(self, observations: Sequence[Observation]) -> list[Sequence[Observation]]:
        """The same in the pieces that it is told in: at least one, none too big."""
        most = AT_ONCE
        if len(observations) > 1 and self.happens(self.habits.split):
            most = self.dice.randint(1, min(AT_ONCE, len(observations) - 1))
        starts = range(0, len(observations), most)
        return [observations[start : start + most] for start in starts] or [()]

    def claim(self, as_of: ChainTime | None) -> ChainTime | None:
        """Up to when the chain says that it was seen complete: not always all that it could."""
        if as_of is None or not self.happens(self.habits.lag):
            return as_of
        return replace(as_of, at_ms=as_of.at_ms - 1000 * self.dice.randint(0, self.habits.longest_lag_s))

    def place(self, cursor: str | None) -> str | None:
        """The cursor that is passed: now and then none, or one that was passed before."""
        if not self.happens(self.habits.forget):
            return cursor
        return self.dice.choice([None, *self.cursors])

    def interrupt(self) -> None:
        """Raises `Interrupted`, now and then."""
        if self.happens(self.habits.fail):
            raise Interrupted("the chain was interrupted")

    def _dozed(self, seen: Observation, as_of: ChainTime | None) -> Observation:
        if as_of is None or as_of.at_ms <= seen.seen_at_ms or not self.happens(self.habits.doze):
            return seen
        return replace(seen, seen_at_ms=self.dice.randint(seen.seen_at_ms, as_of.at_ms))


class _ChaoticHost(HostInFront):
    """The daemon's side of one run of a chain. What is withheld is lost with the run, as its cursor says."""

    def __init__(self, host: ChainHost, chaos: Chaos) -> None:
        super().__init__(host)
        self._chaos = chaos
        self._withheld: list[Observation] = []

    async def observe(
        self, observations: Sequence[Observation], as_of: ChainTime | None, cursor: str | None
    ) -> None:
        chaos = self._chaos
        chaos.interrupt()
        self._withheld += observations
        if chaos.happens(chaos.habits.swallow):
            return
        word = self._next_word(as_of, cursor)
        *first, last = chaos.pieces(chaos.embellish(word.observations, as_of))
        for piece in first:
            await self._say(Word(piece, None, None))
        await self._say(Word(last, chaos.claim(word.as_of), chaos.place(word.cursor)))

    def _next_word(self, as_of: ChainTime | None, cursor: str | None) -> Word:
        """All that is withheld, or some of it: then it is no complete look."""
        chaos, waiting = self._chaos, self._withheld
        if not chaos.happens(chaos.habits.withhold):
            self._withheld = []
            return Word(waiting, as_of, cursor)
        chaos.dice.shuffle(waiting)
        some = chaos.dice.randint(0, len(waiting))
        told, self._withheld = waiting[:some], waiting[some:]
        return Word(told, None, None) if self._withheld else Word(told, as_of, cursor)

    async def _say(self, word: Word) -> None:
        await super().observe(word.observations, word.as_of, word.cursor)
        self._chaos.said.extend(word.observations)
        if word.cursor is not None:
            self._chaos.cursors.append(word.cursor)
        self._chaos.interrupt()
