"""A notifier that tests play: whoever is told says what it is made to say."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import trio

from paydaemon.hooks.notifier import Audience, BadSetting, Notice, NotTold, Target, Told
from paydaemon_webhook.endpoint import BadUrl, parse

Say = Callable[[Target, Sequence[Notice]], object]
"""What a recipient does: return something to be told, raise, or return a coroutine that does."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a notifier: whom, what, when it began, and whether it was taken."""

    target: str
    notices: Sequence[Notice]
    at_s: float
    target_seen: Target


@dataclass
class PlayedNotifier:
    """A notifier whose recipients do as they are told to; by default they take everything."""

    id: str = "played"
    audiences: Sequence[Audience] = ()
    calls: list[Call] = field(default_factory=list)
    taken: dict[str, list[Notice]] = field(default_factory=lambda: defaultdict(list))
    says: dict[str, Say] = field(default_factory=dict)
    under_way: int = 0
    most_under_way: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    at_work: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def check(self, settings: Mapping[str, object]) -> Mapping[str, object]:
        url = settings.get("url")
        if not isinstance(url, str) or not url.startswith("https://"):
            raise BadSetting("url", "must begin with https://")
        try:
            return {"url": parse(url).url}
        except BadUrl as error:
            raise BadSetting("url", str(error)) from None

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        task_status.started()
        await trio.sleep_forever()

    async def tell(self, target: Target, notices: Sequence[Notice]) -> Told:
        self.calls.append(Call(target.id, notices, trio.current_time(), target))
        self.at_work[target.id] += 1
        self.most_under_way[target.id] = max(self.most_under_way[target.id], self.at_work[target.id])
        self.under_way += 1
        try:
            await trio.lowlevel.checkpoint()
            said = self.says.get(target.id, takes)(target, notices)
            if hasattr(said, "__await__"):
                said = await said
        finally:
            self.at_work[target.id] -= 1
            self.under_way -= 1
        self.taken[target.id] += notices
        return said  # type: ignore[return-value]

    def seqs(self, target_id: str) -> list[int]:
        """What a target has taken, in that order."""
        return [notice.seq for notice in self.taken[target_id]]

    def tried(self, target_id: str) -> list[float]:
        """When it was tried, in seconds."""
        return [call.at_s for call in self.calls if call.target == target_id]


def takes(target: Target, notices: Sequence[Notice]) -> Told:
    """Everything is welcome."""
    return Told(200, "OK")


def is_away(target: Target, notices: Sequence[Notice]) -> Told:
    """Nobody there."""
    raise NotTold("connection refused")


def hangs(target: Target, notices: Sequence[Notice]) -> object:
    """Takes the call and never answers."""
    return _hang()


async def _hang() -> None:
    await trio.sleep_forever()


def refuses(target: Target, notices: Sequence[Notice]) -> Told:
    """Never, ever."""
    raise NotTold("gone", status=410, for_good=True)
