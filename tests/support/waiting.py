"""Waiting for other threads and processes: for a condition, never for a while, and under one bound."""

from collections.abc import Awaitable, Callable

import trio

BOUND_S = 60
"""How long anything may take. Generous, since it is reached only where something is broken."""

PAUSE_S = 0.005

LONGEST_PAUSE_S, GROWTH = 0.1, 1.2
"""How pauses grow where to look is to ask somebody who runs on the same processors. What comes at once is
seen at once, and what takes seconds is not asked about hundreds of times.
"""


async def until(condition: Callable[[], bool | Awaitable[bool]], *, first_pause_s: float = PAUSE_S) -> None:
    """Wait until `condition` holds; where it is async, it asks somebody. Raises `trio.TooSlowError` after
    `BOUND_S`.
    """
    pause_s = first_pause_s
    with trio.fail_after(BOUND_S):
        while True:
            answer = condition()
            if not isinstance(answer, bool):
                answer = await answer
                pause_s = min(LONGEST_PAUSE_S, GROWTH * pause_s)
            if answer:
                return
            await trio.sleep(pause_s)
