"""Those who tell others, and those who are told: who is behind or away, and who has nobody to tell them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import trio

from paydaemon.config import NotifierConfig
from paydaemon.core.times import rfc3339
from paydaemon.doctor.asking import ask
from paydaemon.hooks.diagnosis import Finding, ok, problem, warning
from paydaemon.store.sqlite.inspect import Told

LATE_MS = 3_600_000
"""How long something may wait to be told before that is a problem."""

Tell = Callable[[str, Finding], None]
"""Takes what was found of one notifier, by its id."""


async def examine_notifiers(notifiers: Mapping[str, NotifierConfig], tell: Tell) -> None:
    """Tell what every notifier's plugin finds, as it comes."""
    async with trio.open_nursery() as nursery:
        for id, notifier in notifiers.items():
            diagnose = notifier.plugin.diagnose
            begin = None if diagnose is None else partial(diagnose, id, notifier.settings)
            nursery.start_soon(ask, notifier.plugin.name, begin, partial(tell, id))


def told_findings(
    notifiers: Mapping[str, NotifierConfig], told: Sequence[Told], now_ms: int
) -> Iterator[tuple[str, Finding]]:
    """What the database says of everybody who is told."""
    for one in told:
        found = list(_of_target(one, one.notifier in notifiers, now_ms))
        yield from ((one.notifier, finding) for finding in found or [ok(one.id, "told of everything")])


def _of_target(one: Told, configured: bool, now_ms: int) -> Iterator[Finding]:
    if not configured:
        advice = "configure it again, under this name; a webhook can be removed"
        yield problem(one.id, "its notifier is not configured: it is told nothing", advice)
    elif one.oldest_ms is not None and now_ms - one.oldest_ms > LATE_MS:
        said = f"{one.pending} deliveries wait, the oldest event of {rfc3339(one.oldest_ms)}"
        if one.down_since_ms is not None:
            said += f", and it cannot be reached since {rfc3339(one.down_since_ms)}"
        yield problem(one.id, said, f"paydaemon deliveries list --state pending --target {one.id}")
    if one.parked:
        advice = f"look why, then paydaemon deliveries retry --target {one.id}"
        yield warning(one.id, f"{one.parked} deliveries are parked: it has not heard of them", advice)
