"""Live frontends: those of plugins while they run, each a stranger's code.

One that is down is asked nothing, and who talks with it when it goes down is sent away, to come again. So is
everybody when the daemon stops: by one task for all of them, since each that a visit has costs some 5 KB.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import trio

from paydaemon.core.errors import unavailable
from paydaemon.frontends.conversation import GOING_AWAY, Goodbye
from paydaemon.hooks.frontend import Frontend, FrontendHost, Route, SocketRoute

STOPPED = Goodbye(GOING_AWAY, "the daemon stops; connect again")
DOWN = Goodbye(1012, "this is being started again; connect again")
"""RFC 6455's registry of close codes: a service restart."""


class Visit:
    """A conversation with a frontend, inside its `scope`. `goodbye` is why it was ended, where it was."""

    __slots__ = ("goodbye", "scope")

    def __init__(self) -> None:
        self.scope = trio.CancelScope()
        self.goodbye: Goodbye | None = None

    def end(self, goodbye: Goodbye) -> None:
        """End it. What it was ended by first stays the reason."""
        self.goodbye = self.goodbye or goodbye
        self.scope.cancel()


class LiveFrontend:
    """One configured frontend. What it serves is asked once, when this is made."""

    def __init__(self, id: str, frontend: Frontend, plugin: str) -> None:
        self.id = id
        self.plugin = plugin
        self.routes: Sequence[Route | SocketRoute] = tuple(frontend.routes)
        self._frontend = frontend
        self._is_up = False
        self._visits: set[Visit] = set()
        self._requests = 0

    @property
    def under_way(self) -> int:
        """How many requests and conversations it has not ended."""
        return self._requests + len(self._visits)

    async def run(
        self, host: FrontendHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Run it, to be supervised."""
        try:
            async with trio.open_nursery() as nursery:
                await nursery.start(self._serve, host, nursery.cancel_scope)
                self._is_up = True
                task_status.started()
                await host.stopping.wait()
                self._send_all_away(STOPPED)
        finally:
            self._is_up = False
            self._send_all_away(DOWN)

    async def _serve(
        self, host: FrontendHost, everything: trio.CancelScope, *, task_status: trio.TaskStatus[None]
    ) -> None:
        await self._frontend.run(host, task_status=task_status)
        everything.cancel()

    def require_up(self) -> None:
        """Raises `Refusal` (unavailable) where it is down."""
        if not self._is_up:
            raise unavailable("frontend_down", f"the frontend {self.id} is not up; try again")

    @contextmanager
    def asked(self) -> Iterator[None]:
        """A request to it, which may go on when it goes down."""
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1

    @contextmanager
    def visit(self) -> Iterator[Visit]:
        """A conversation with it, until it goes down. Raises `Refusal` where it is down."""
        self.require_up()
        visit = Visit()
        with visit.scope:
            self._visits.add(visit)
            try:
                yield visit
            finally:
                self._visits.discard(visit)

    def _send_all_away(self, goodbye: Goodbye) -> None:
        for visit in self._visits:
            visit.end(goodbye)
