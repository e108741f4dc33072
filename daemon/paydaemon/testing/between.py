"""Between a chain and the daemon: a door (`paydaemon.hooks.ports.ChainHost`) in front of the real one.

What stands there hears all that a chain says, and decides what the daemon is told. Neither side can tell.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import trio

from paydaemon.core.invoice import Destination
from paydaemon.core.payment import ChainTime, Observation
from paydaemon.hooks.ports import Chain, ChainHost, DestinationRequest, SavedChain


class HostInFront:
    """Passes everything on. To be derived from."""

    def __init__(self, host: ChainHost) -> None:
        self._host = host

    async def identify(self, identity: str) -> None:
        await self._host.identify(identity)

    async def saved(self) -> SavedChain:
        return await self._host.saved()

    async def destinations(self, *, after_index: int = -1, limit: int = 10_000) -> Sequence[Destination]:
        return await self._host.destinations(after_index=after_index, limit=limit)

    async def unfinal(self) -> Sequence[Observation]:
        return await self._host.unfinal()

    async def observe(
        self, observations: Sequence[Observation], as_of: ChainTime | None, cursor: str | None
    ) -> None:
        await self._host.observe(observations, as_of, cursor)

    def looked(self, took_s: float) -> None:
        self._host.looked(took_s)


async def _as_it_is(index: int, answer: Awaitable[Destination]) -> Destination:
    return await answer


@dataclass(frozen=True, slots=True)
class Front:
    """What stands in front of a chain.

    `door` is called at each run with the daemon's own door, and returns the one that the chain gets. `asked`
    gets each index that a destination is asked for, with what will be the answer, and returns the answer.
    """

    door: Callable[[ChainHost], ChainHost]
    asked: Callable[[int, Awaitable[Destination]], Awaitable[Destination]] = _as_it_is


def put_between(chain: Chain, front: Front) -> Chain:
    """The same object, which from now on speaks to the daemon through what is put in front of it."""
    kind = type(chain)

    async def run(
        self_: Any, host: ChainHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        await kind.run(self_, front.door(host), task_status=task_status)

    async def destination(self_: Any, index: int, request: DestinationRequest) -> Destination:
        return await front.asked(index, kind.destination(self_, index, request))

    # Its other ports are found by looking at the object itself, so it cannot be wrapped in another one.
    own = {"run": run, "destination": destination, "__slots__": ()}
    object.__setattr__(chain, "__class__", type(kind.__name__, (kind,), own))
    return chain
