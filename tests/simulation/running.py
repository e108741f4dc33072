"""Running: what a daemon does by itself, beside whatever it is asked for, until it dies."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import trio

from tests.simulation.disk import Killed

Part = Callable[..., Awaitable[None]]
"""Runs until cancelled, and says by its ``task_status`` once it does."""


class Running:
    """The parts of one daemon after the other. `died` is called where one of them dies."""

    def __init__(self, nursery: trio.Nursery, died: Callable[[], None]) -> None:
        self._nursery = nursery
        self._died = died
        self._life = trio.CancelScope()
        self._is_over = trio.Event()
        self._is_over.set()

    async def start(self, *parts: Part) -> None:
        """Start them, one after the other. Returns also where the daemon dies of that."""
        self._life, self._is_over = trio.CancelScope(), trio.Event()
        is_up = trio.Event()
        self._nursery.start_soon(self._run, parts, is_up)
        await is_up.wait()

    async def end(self) -> None:
        """All that they had in memory is gone."""
        self._life.cancel()
        await self._is_over.wait()

    async def _run(self, parts: tuple[Part, ...], is_up: trio.Event) -> None:
        try:
            with self._life:
                async with trio.open_nursery() as nursery:
                    for part in parts:
                        await nursery.start(part)
                    is_up.set()
        except* Killed:
            self._died()
        finally:
            is_up.set()
            self._is_over.set()


@asynccontextmanager
async def background() -> AsyncIterator[trio.Nursery]:
    """A nursery that ends with what is done in it. What is raised there comes out as it is, in no group."""
    raised: Exception | None = None
    async with trio.open_nursery() as nursery:
        try:
            yield nursery
        except Exception as error:  # noqa: BLE001 - it is raised below
            raised = error
        nursery.cancel_scope.cancel()
    if raised is not None:
        raise raised
