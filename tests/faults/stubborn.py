"""A plugin whose frontend does not let itself be cancelled: neither what runs, nor what answers."""

from collections.abc import Sequence

import structlog
import trio

from paydaemon.hooks.frontend import Access, Answer, FrontendHost, Request, Route
from paydaemon.hooks.settings import Settings
from paydaemon.hooks.specs import FrontendPlugin, hookimpl

ASKED = "somebody waits for ever"

log = structlog.get_logger(__name__)


class Stubborn:
    """Its run holds on for ever where its id says so; its answers always do."""

    def __init__(self, id: str, _: Settings) -> None:
        self._id = id

    @property
    def routes(self) -> Sequence[Route]:
        return (Route(f"/{self._id}", ["GET"], self._answer, Access.OPEN),)

    async def run(
        self, host: FrontendHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        task_status.started()
        with trio.CancelScope(shield=self._id == "runs"):
            await trio.sleep_forever()

    async def _answer(self, _: Request) -> Answer:
        log.info(ASKED)
        with trio.CancelScope(shield=True):
            await trio.sleep_forever()
        return Answer()


@hookimpl
def register_frontends() -> Sequence[FrontendPlugin]:
    """One way to hold the stop."""
    return [FrontendPlugin("stubborn", Settings, Stubborn)]
