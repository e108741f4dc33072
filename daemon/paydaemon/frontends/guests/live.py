"""Live frontends: those of plugins while they run, each a stranger's code.

One that is down is asked nothing, and who talks with it when it goes down is sent away, to come again.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import trio

from paydaemon.core.errors import unavailable
from paydaemon.hooks.frontend import Frontend, FrontendHost, Route, SocketRoute


class LiveFrontend:
    """One configured frontend. What it serves is asked once, when this is made."""

    def __init__(self, id: str, frontend: Frontend, plugin: str) -> None:
        self.id = id
        self.plugin = plugin
        self.routes: Sequence[Route | SocketRoute] = tuple(frontend.routes)
        self._frontend = frontend
        self._is_up = False
        self._visits: set[trio.CancelScope] = set()

    async def run(
        self, host: FrontendHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Run it, to be supervised."""
        try:
            async with trio.open_nursery() as nursery:
                await nursery.start(self._frontend.run, host)
                self._is_up = True
                task_status.started()
        finally:
            self._is_up = False
            for visit in self._visits:
                visit.cancel()

    def require_up(self) -> None:
        """Raises `Refusal` (unavailable) where it is down."""
        if not self._is_up:
            raise unavailable("frontend_down", f"the frontend {self.id} is not up; try again")

    @contextmanager
    def visit(self) -> Iterator[trio.CancelScope]:
        """A conversation with it, which ends when it goes down. Raises `Refusal` where it is down."""
        self.require_up()
        with trio.CancelScope() as visit:
            self._visits.add(visit)
            try:
                yield visit
            finally:
                self._visits.discard(visit)
