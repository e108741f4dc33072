"""A bell: wakes whoever waits for something to change."""

import trio


class Bell:
    """Look first, then wait: who comes later hears only what rings later."""

    def __init__(self) -> None:
        self._rung = trio.Event()

    def ring(self) -> None:
        """Wake all that wait."""
        self._rung.set()
        self._rung = trio.Event()

    async def wait(self) -> None:
        """Until it rings next."""
        await self._rung.wait()
