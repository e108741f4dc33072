"""A bell: wakes whoever waits for something to change."""

from collections.abc import Callable

import trio


class Bell:
    """Look first, then wait: who comes later hears only what rings later."""

    def __init__(self) -> None:
        self.told: Callable[[], None] | None = None
        self._rung = trio.Event()

    def ring(self) -> None:
        """Wake all that wait, and call `told`."""
        self._rung.set()
        self._rung = trio.Event()
        if self.told is not None:
            self.told()

    async def wait(self) -> None:
        """Until it rings next."""
        await self._rung.wait()
