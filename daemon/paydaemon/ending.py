"""Ending: the daemon stops in time, whatever its plugins do.

Trio waits for every task, and a task may shield itself from being cancelled. So what of a plugin is still
there a while after everything was cancelled is named in the log, and the process ends without it. Nothing
that was acknowledged is lost by that: it is as if the power went.
"""

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import NamedTuple

import structlog
import trio

from paydaemon.supervisor import ServiceLimits

log = structlog.get_logger(__name__)

EXIT_HELD = 1
"""The status of a process that ended without all of its tasks."""

SEEN_OFF_S = 1.0
"""How much longer than their grace requests may take to be seen off."""


class Holder(NamedTuple):
    """Something of a plugin's that would not stop."""

    service: str
    plugin: str


Holding = Callable[[], Iterable[Holder]]


@asynccontextmanager
async def nursery_that_ends(limits: ServiceLimits, holding: Holding) -> AsyncIterator[trio.Nursery]:
    """A nursery; once it is cancelled its tasks have `stop_timeout_s`, then the process ends without them."""
    patience = trio.CancelScope(shield=True)
    async with trio.open_nursery() as watching:
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_once_cancelled, watching, patience, limits, holding)
                yield nursery
        finally:
            patience.cancel()


async def _once_cancelled(
    watching: trio.Nursery, patience: trio.CancelScope, limits: ServiceLimits, holding: Holding
) -> None:
    try:
        await trio.sleep_forever()
    finally:
        watching.start_soon(_end_without, patience, limits, holding)


async def _end_without(patience: trio.CancelScope, limits: ServiceLimits, holding: Holding) -> None:
    with patience:
        await trio.sleep(limits.stop_timeout_s)
        for holder in holding():
            log.error("a plugin would not stop", service=holder.service, plugin=holder.plugin)
        log.error("the daemon ends without what would not stop", waited_s=limits.stop_timeout_s)
        sys.stderr.flush()
        os._exit(EXIT_HELD)
