"""Carriers: hand each relay to its network, and follow it until its outcome is proven.

A carrier goes on from wherever a relay stands, so a restart between any two of its steps only repeats the one
that was not recorded. What a chain raises or does not answer changes nothing: it is asked again, after pauses
that grow. Nothing ever becomes `failed` because time has passed.
"""

import random
from collections.abc import Iterator
from functools import partial

import structlog
import trio

from paydaemon.core.relay import Outcome, Relay, RelayStatus, SignedTransfer
from paydaemon.core.relaying import advance
from paydaemon.engine.clock import Clock
from paydaemon.engine.course import Course
from paydaemon.engine.limits import EngineLimits
from paydaemon.engine.relayer import NoAnswer, Relayer
from paydaemon.store.port import Store, StoreUnavailable, Transaction

log = structlog.get_logger(__name__)

AGAIN_S = 1.0
"""How long after it could not be recorded the same outcome is tried again."""


class Carrier:
    """Carries the relays of one chain."""

    def __init__(self, store: Store, relayer: Relayer, clock: Clock, limits: EngineLimits) -> None:
        self._store = store
        self._relayer = relayer
        self._clock = clock
        self._limits = limits

    async def carry(self, course: Course) -> None:
        """Until its outcome is final, or cancelled."""
        pauses = _pauses(self._limits)
        while not course.is_over:
            if not await self._safely(course):
                await trio.sleep(next(pauses))
        course.transfer = None

    async def _safely(self, course: Course) -> bool:
        """A step that fails, by what a chain said or by a mistake of ours, is that relay's own trouble."""
        try:
            return await self._step(course)
        except Exception:
            log.exception("a relay could not be carried on", relay_id=course.relay.id)
            return False

    async def _step(self, course: Course) -> bool:
        """Ask the chain once, and record what it says. Returns whether there is reason to go on at once."""
        handing_over = course.relay.status is RelayStatus.RECEIVED
        try:
            if course.transfer is None:
                course.transfer = self._relayer.read_again(course.relay)
            outcome = await self._ask(course, course.transfer)
        except NoAnswer as error:
            self._tell(course, error)
            return False
        course.unanswered = 0
        return await self._record(course, outcome) and (handing_over or course.is_over)

    async def _ask(self, course: Course, transfer: SignedTransfer) -> Outcome:
        """What the network says: handed to it where it was not yet. From then on it is in doubt."""
        if course.relay.status is not RelayStatus.RECEIVED:
            return await self._relayer.follow(transfer, course.relay.so_far)
        in_doubt, course.in_doubt = course.in_doubt, True
        return await self._relayer.submit(transfer, in_doubt=in_doubt)

    def _tell(self, course: Course, error: NoAnswer) -> None:
        """The first time in a row whole: a network that is away for a day would fill the log otherwise."""
        course.unanswered += 1
        about = {"chain": course.relay.chain, "relay_id": course.relay.id, "reason": str(error)}
        if course.unanswered == 1:
            log.warning("a relay waits for its chain", **about, exc_info=error)
        else:
            log.debug("a relay still waits for its chain", **about, times=course.unanswered)

    async def _record(self, course: Course, outcome: Outcome) -> bool:
        """Returns whether it made a difference."""
        before = course.relay
        after = await self._recorded(before, outcome)
        if after.status is before.status:
            return False
        self._relayer.measures.moved(before, after, trio.current_time() - course.began_s)
        course.became(after)
        return True

    async def _recorded(self, relay: Relay, outcome: Outcome) -> Relay:
        """The relay once its step is recorded: a store that cannot take it now is waited for."""
        was_refused = False
        while True:
            step = _advance_as_recorded if was_refused else _advance
            try:
                return await self._store.transact(partial(step, relay, outcome, self._clock))
            except StoreUnavailable as error:
                if not was_refused:
                    log.warning("a relay waits for the store", chain=self._relayer.chain, error=str(error))
                was_refused = True
                await trio.sleep(AGAIN_S)


def _advance_as_recorded(relay: Relay, outcome: Outcome, clock: Clock, tx: Transaction) -> Relay:
    """From what is recorded, not from what is remembered: a commit that seemed to fail may have been made."""
    known = tx.relay(relay.chain, relay.transaction_id)
    if known is None:
        raise LookupError(f"there is no relay {relay.id!r}")
    return _advance(known, outcome, clock, tx)


def _advance(relay: Relay, outcome: Outcome, clock: Clock, tx: Transaction) -> Relay:
    """From what is remembered, which nobody but its one carrier changes."""
    now_ms = clock()
    step = advance(relay, outcome, now_ms)
    if step.event is not None:
        tx.set_relay(step.relay)
        tx.append(step.event, now_ms)
    return step.relay


def _pauses(limits: EngineLimits) -> Iterator[float]:
    """Seconds, each about twice as long as the one before; not all relays are to be asked about at once."""
    pause_s = limits.follow_pause_s
    while True:
        yield pause_s * random.uniform(1, 1.25)
        pause_s = min(2 * pause_s, limits.follow_longest_pause_s)
