"""Waiting for other threads and processes: for a condition, never for a while, and under one bound."""

from collections.abc import Awaitable, Callable

import trio

BOUND_S = 60
"""How long anything may take. Generous, since it is reached only where something is broken."""

PAUSE_S = 0.005


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait until `condition` holds; it may be async. Raises `trio.TooSlowError` after `BOUND_S`."""
    with trio.fail_after(BOUND_S):
        while not await _holds(condition):  # noqa: ASYNC110 - what is waited for is no task of ours
            await trio.sleep(PAUSE_S)


async def _holds(condition: Callable[[], bool | Awaitable[bool]]) -> bool:
    answer = condition()
    return answer if isinstance(answer, bool) else await answer
