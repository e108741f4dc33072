"""A bell: wakes whoever waits for something to change."""

from collections.abc import Callable

import trio


class Bell:
    """Look first, then wait: who comes later hears only what rings later."""

    __slots__ = ("_rings", "told")

    def __init__(self) -> None:
        self.told: Callable[[], None] | None = None
        self._rings: trio.Event | None = None

    def ring(self) -> None:
        """Wake all that wait, and call `told`."""
        if self._rings is not None:
            self._rings.set()
            self._rings = None
        if self.told is not None:
            self.told()

    async def wait(self) -> None:
        """Until it rings next."""
        if self._rings is None:
            self._rings = trio.Event()
        await self._rings.wait()
