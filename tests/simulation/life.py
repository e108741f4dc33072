"""One simulated life: a town, so many steps with a check after each, then calm, and the audit.

Whatever breaks says which seed brings it back, what had happened just before, and how far everything went.
"""

import random
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256

import pytest

from paydaemon.engine import carrier
from paydaemon.engine.deliveries import courier, deliveries
from tests.simulation.audit import audit
from tests.simulation.deeds import Deeds
from tests.simulation.town import Given, Town, town
from tests.simulation.watch import Watch

LAST = 12
"""How many steps before a failure are told."""
PRUNE_EVERY_S = 3_600.0
"""How often the daemon forgets old deliveries: days pass here, in which it would do little else."""


@dataclass(frozen=True, slots=True)
class Lived:
    """What a life came to. `told` is a digest of what was journaled and when, which has no chance in it."""

    seed: int
    checks: int
    invoices: int
    events: int
    restarts: int
    restored: int
    relays: Counter[str]
    notices: int
    parked: int
    statuses: Counter[str]
    told: str

    def __str__(self) -> str:
        return (
            f"seed {self.seed}: {self.checks} checks, {self.invoices} invoices ({_counts(self.statuses)}), "
            f"{self.relays.total()} relays ({_counts(self.relays)}), {self.events} events, "
            f"{self.notices} notices ({self.parked} parked), {self.restarts} restarts, "
            f"{self.restored} restored"
        )


async def live(given: Given) -> Lived:
    """Live until there are enough invoices. Raises `AssertionError` where a promise is broken."""
    with _in_order(given.seed):
        async with town(given) as made:
            watch = Watch(made)
            deeds, steps = Deeds(made, watch, given.often), deque[str](maxlen=LAST)
            with _explained(given, watch, steps):
                made.calm = False
                while watch.ever < given.invoices:
                    steps.append(await deeds.any())
                    await watch.check()
                await audit(made, watch, deeds)
            return _lived(given.seed, watch, made, deeds)


def _lived(seed: int, watch: Watch, made: Town, deeds: Deeds) -> Lived:
    told = sha256(repr([(one["type"], one["created_at"]) for one in watch.journal]).encode()).hexdigest()
    return Lived(
        seed,
        watch.checks,
        watch.ever,
        len(watch.journal),
        made.restarts,
        deeds.archive.restored,
        Counter(str(told[-1]["status"]) for told in watch.relays.told.values()),
        made.post.calls,
        watch.deliveries.parked,
        Counter(str(story.last["status"]) for story in watch.stories.values()),
        told,
    )


def _counts(counted: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counted.items()))


@contextmanager
def _in_order(seed: int) -> Iterator[None]:
    """Of tasks that could go on, trio lets a random one: by the seed here, as it does under hypothesis."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trio._core._run._ALLOW_DETERMINISTIC_SCHEDULING", True)
        patch.setattr("trio._core._run._r", random.Random(seed))
        for module in (carrier, courier):
            patch.setattr(module, "random", random.Random(seed))
        patch.setattr(deliveries, "PRUNE_EVERY_S", PRUNE_EVERY_S)
        yield


@contextmanager
def _explained(given: Given, watch: Watch, steps: deque[str]) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        error.add_note(
            f"{watch.checks - 1} checks went well, and there were {len(watch.invoices)} invoices.\n"
            f"The last steps: {'; '.join(steps)}.\n"
            f"Again: PAYDAEMON_SEED={given.seed} PAYDAEMON_INVOICES={given.invoices} "
            ".venv/bin/pytest tests/simulation -k this_seed"
        )
        raise
