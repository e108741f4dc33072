"""Rounds: one task keeps the time of all sessions, by looking at each of them every so often."""

import trio

from paydaemon_socketio.registry import Registry

EVERY_S = 0.25

STOPPED = "the frontend stops"


async def keep_time(registry: Registry) -> None:
    """Until cancelled; then every session is over."""
    try:
        while True:
            await trio.sleep(EVERY_S)
            _look(registry, trio.current_time())
    finally:
        for attendant in tuple(registry.attendants):
            attendant.session.end(STOPPED)


def _look(registry: Registry, now_s: float) -> None:
    for attendant in tuple(registry.attendants):
        if now_s >= attendant.session.due_at_s:
            attendant.session.keep_time(now_s)
