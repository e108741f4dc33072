"""The post: those who are told, and what they do instead of listening.

The notifier is in memory and everything before it is the daemon's own. Each recipient is in a mood, for
minutes or for many hours: it takes what it is told, says that it did not although it did, answers late or
never, raises, or is not there at all. The daemon can die while it tells anybody.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import trio

from paydaemon.core.events import EventType
from paydaemon.engine.deliveries import DeliveryLimits
from paydaemon.hooks.notifier import Audience, BadSetting, Notice, NotTold, Target, Told

STEADY = "post:steady"
"""The one that is always well, so that it must always be told at once."""
AUDIENCES = (
    Audience("steady", batch=20),
    Audience("operator", batch=8),
    Audience("shop", seller_id="shop"),
    Audience("few", frozenset({EventType.INVOICE_SETTLED, EventType.RELAY_SUCCEEDED})),
)
LIMITS = {
    "at_once": 1,
    "at_once_failing": 1,
    "at_once_target": 3,
    "events_at_once": 20,
    "notice_timeout_s": 300.0,
    "retry_longest_pause_s": 1_800.0,
    "retry_for_s": 18 * 3_600.0,
}
"""So little that those who hang could take all there is, and give up while it is still the same day."""
DIES = 0.003
"""How often the daemon dies of a call."""


def limits() -> DeliveryLimits:
    """What the simulated daemon's deliveries are bounded by."""
    return DeliveryLimits(**LIMITS)  # type: ignore[arg-type]


class Mood(StrEnum):
    """What a recipient does with what it is told."""

    TAKES = "takes"
    IS_AWAY = "is away"
    ASKS_FOR_TIME = "asks for time"
    DENIES = "denies"
    IS_LATE = "is late"
    HANGS = "hangs"
    RAISES = "raises"
    IS_PICKY = "is picky"
    IS_MOODY = "is moody"


PASSING = [mood for mood in Mood if mood is not Mood.IS_MOODY]


@dataclass(frozen=True, slots=True)
class Handed:
    """One notice that was handed over: whom to, in which call and when, and together with which others."""

    number: int
    target: str
    notice: Notice
    at_ms: int
    seqs: frozenset[int]


@dataclass
class Post:
    """`paydaemon.hooks.notifier.Notifier` for everybody in town, over all lives of the daemon.

    `handed` is what came since it was last emptied. By target and `seq`, `taken` gives the call in which it
    was first acknowledged, and `refused` says what was not wanted for good. While it is `calm`, all is taken.
    """

    dice: random.Random
    clock: Callable[[], int]
    die: Callable[[], None]
    id: str = "post"
    audiences: Sequence[Audience] = AUDIENCES
    calm: bool = True
    calls: int = 0
    moods: dict[str, Mood] = field(default_factory=lambda: defaultdict(lambda: Mood.TAKES))
    handed: list[Handed] = field(default_factory=list)
    taken: dict[tuple[str, int], int] = field(default_factory=dict)
    refused: set[tuple[str, int]] = field(default_factory=set)

    def check(self, settings: Mapping[str, object]) -> Mapping[str, object]:
        raise BadSetting("url", "nobody makes endpoints here")

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        task_status.started()
        await trio.sleep_forever()

    async def change_moods(self) -> None:
        """Somebody feels better, or worse."""
        target = self.dice.choice([one.name for one in self.audiences])
        self.moods[f"{self.id}:{target}"] = self.dice.choice([Mood.TAKES] * 5 + list(Mood))

    async def tell(self, target: Target, notices: Sequence[Notice]) -> Told:
        self.calls += 1
        number = self.calls
        seqs = frozenset(notice.seq for notice in notices)
        self.handed += [Handed(number, target.id, notice, self.clock(), seqs) for notice in notices]
        self._die_at_times()
        await self._answer(target.id, notices)
        for notice in notices:
            self.taken.setdefault((target.id, notice.seq), number)
        self._die_at_times()
        return Told(200)

    def had_taken(self, one: Handed, before: int) -> bool:
        """Whether its target had taken the event `before`, by that call."""
        return self.taken.get((one.target, before), one.number) < one.number

    def _die_at_times(self) -> None:
        if not self.calm and self.dice.random() < DIES:
            self.die()

    async def _answer(self, target: str, notices: Sequence[Notice]) -> None:
        """Raises where it is not taken."""
        mood = Mood.TAKES if self.calm or target == STEADY else self.moods[target]
        match self.dice.choice(PASSING) if mood is Mood.IS_MOODY else mood:
            case Mood.IS_AWAY:
                raise NotTold("connection refused")
            case Mood.ASKS_FOR_TIME:
                raise NotTold("not now", status=429, retry_after_s=self.dice.choice([0, 60, 10**6]))
            case Mood.DENIES:
                raise NotTold("it was taken, and the answer was lost")
            case Mood.IS_LATE:
                await trio.sleep(self.dice.choice([0.5, 5, 29]))
            case Mood.HANGS:
                await trio.sleep_forever()
            case Mood.RAISES:
                raise RuntimeError("a mistake in the notifier")
            case Mood.IS_PICKY if self.dice.random() < 0.3:
                self._refuse(target, notices)

    def _refuse(self, target: str, notices: Sequence[Notice]) -> None:
        for_good = self.dice.random() < 0.3
        if for_good:
            self.refused |= {(target, notice.seq) for notice in notices}
        raise NotTold("not this one", status=410, for_good=for_good, target_down=False)
