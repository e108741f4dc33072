"""Waiting for other threads and processes: for a condition, never for a while, and under one bound.

What is waited for runs on the same processors as the waiting. So the longer it has taken, the more seldom it
is looked at: what comes at once is seen at once, and what takes seconds is not asked hundreds of times.
"""

from collections.abc import Awaitable, Callable

import trio

BOUND_S = 60
"""How long anything may take. Generous, since it is reached only where something is broken."""

FIRST_PAUSE_S, LAST_PAUSE_S, GROWTH = 0.005, 0.1, 1.2


async def until(
    condition: Callable[[], bool | Awaitable[bool]], *, first_pause_s: float = FIRST_PAUSE_S
) -> None:
    """Wait until `condition` holds; it may be async. Raises `trio.TooSlowError` after `BOUND_S`."""
    pause_s = first_pause_s
    with trio.fail_after(BOUND_S):
        while not await _holds(condition):
            await trio.sleep(pause_s)
            pause_s = min(LAST_PAUSE_S, GROWTH * pause_s)


async def _holds(condition: Callable[[], bool | Awaitable[bool]]) -> bool:
    answer = condition()
    return answer if isinstance(answer, bool) else await answer
