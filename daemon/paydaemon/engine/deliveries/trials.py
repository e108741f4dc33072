"""Trials: an endpoint is sent a notice of nothing, to see what it answers.

Whoever asks for one waits for its answer, and an endpoint may hang: so there is a bound to how many run at
once, and a smaller one to how many of these are one seller's.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import trio

from paydaemon.core.delivery import Target
from paydaemon.core.errors import unavailable
from paydaemon.core.retrying import Answer
from paydaemon.core.times import rfc3339
from paydaemon.engine.deliveries.livenotifier import LiveNotifier
from paydaemon.engine.deliveries.notices import target_for
from paydaemon.engine.ids import new_id
from paydaemon.hooks.notifier import TEST_TYPE, Notice

TESTED_AT_ONCE = 32
TESTED_AT_ONCE_SELLER = 4
"""How many of them one seller, or the operator, may ask for."""
TEST_WAIT_S = 20.0
"""How long an answer waits for the one of the endpoint that it tests."""


@dataclass(frozen=True, slots=True)
class Tested:
    """What an endpoint answered to a notice that was only to try it."""

    answer: Answer
    took_ms: int


class Trials:
    """All that run."""

    def __init__(self) -> None:
        self._running: Counter[str | None] = Counter()

    async def run(self, notifier: LiveNotifier, target: Target, seller_id: str | None, now_ms: int) -> Tested:
        """Send one, for a seller or the operator. Raises `Refusal` where too many run."""
        with self._place(seller_id):
            began_s = trio.current_time()
            with trio.move_on_after(TEST_WAIT_S) as limit:
                answer = await notifier.tell(target_for(target, now_ms), [_notice(target, now_ms)])
            if limit.cancelled_caught:
                answer = Answer(False, reason=f"it took longer than {TEST_WAIT_S:g} s")
            return Tested(answer, round(1000 * (trio.current_time() - began_s)))

    @contextmanager
    def _place(self, seller_id: str | None) -> Iterator[None]:
        if self._running.total() >= TESTED_AT_ONCE:
            raise unavailable("too_many_tests", "too many webhooks are being tested already")
        if self._running[seller_id] >= TESTED_AT_ONCE_SELLER:
            raise unavailable("too_many_tests", f"{TESTED_AT_ONCE_SELLER} of yours are being tested already")
        self._running[seller_id] += 1
        try:
            yield
        finally:
            self._running[seller_id] -= 1
            self._running += Counter()  # forgets those that have none


def _notice(target: Target, now_ms: int) -> Notice:
    event_id = new_id("evt_test")
    body = {
        "seq": 0,
        "id": event_id,
        "type": TEST_TYPE,
        "created_at": rfc3339(now_ms),
        "invoice_id": None,
        "data": {"webhook_id": target.id},
    }
    return Notice(new_id("dlv"), 1, 0, event_id, TEST_TYPE, now_ms, None, body)
