"""Patience: somebody may be silent for hours, and it is told meanwhile."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn, TypeVar

import trio

from paydaemon_monero.errors import RpcError, Unavailable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds somebody may be silent, and who is told of it then, in words."""

    lasts_s: float
    tell: Callable[[str], None]

    async def wait(
        self, work: Callable[[], Awaitable[T]], first: str, why: Callable[[], Awaitable[str]]
    ) -> T:
        """What `work` returns, or raises, however long it takes.

        Once it has taken too long, `first` is told, and what `why` finds out, again and again.
        """
        ended: list[T | Unavailable | RpcError] = []
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._tell_again, first, why)
            try:
                ended.append(await work())
            except (Unavailable, RpcError) as away:  # out of the nursery as it is, and in no group
                ended.append(away)
            nursery.cancel_scope.cancel()
        if isinstance(ended[0], Unavailable | RpcError):
            raise ended[0]
        return ended[0]

    async def _tell_again(self, first: str, why: Callable[[], Awaitable[str]]) -> NoReturn:
        await trio.sleep(self.lasts_s)
        self.tell(first)
        while True:
            self.tell(await why())
            await trio.sleep(self.lasts_s)
