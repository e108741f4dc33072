"""Patience: calls back after a while, unless that is taken back before.

All wait equally long, so whoever came first is due first, and one sleep serves them all. A task and a
deadline for each of thousands would cost more than what they wait for.
"""

from collections.abc import Callable

import trio

from paydaemon.engine.limits import EngineLimits

Remind = Callable[[], None]
"""Must not wait and must not raise."""


class Patience:
    """Waits for `EngineLimits.answer_wait_s`."""

    def __init__(self, limits: EngineLimits) -> None:
        self._limits = limits
        self._since_s: dict[Remind, float] = {}
        self._came = trio.Event()

    def remind(self, call: Remind) -> None:
        """Call it once the wait is over."""
        self._since_s[call] = trio.current_time()
        self._came.set()

    def forget(self, call: Remind) -> None:
        """Take that back."""
        self._since_s.pop(call, None)

    async def run(self) -> None:
        """Call back until cancelled."""
        while True:
            await self._came.wait()
            self._came = trio.Event()
            while self._since_s:
                await self._remind_first()

    async def _remind_first(self) -> None:
        call, since_s = next(iter(self._since_s.items()))
        await trio.sleep_until(since_s + self._limits.answer_wait_s)
        if self._since_s.pop(call, None) is not None:
            call()
