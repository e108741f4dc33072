"""A frontend for a till that speaks plain text: a plugin of your own can start here.

It is a plugin because its distribution says so, in pyproject.toml::

    [project.entry-points."paydaemon.plugins"]
    cash-till = "cash_till"

and it is used by a table of the configuration::

    [frontends.till]
    plugin = "cash-till"
    currency = "EUR"

The till posts an amount to ``/till`` and shows what comes back; ``/till/<id>`` tells how an invoice stands. A
display connects to ``/till/display`` by a websocket, sends an id, and is told each time it stands otherwise.

What is not done is a `Refusal`, its own or the API's. A client gets it as an answer; a display that is
connected already is told by the close code 1008 with its words, such as for an id that nobody has.
"""

from collections.abc import Sequence
from typing import cast

import trio
from pydantic import Field

from paydaemon.core.errors import invalid
from paydaemon.hooks.frontend import Accept, Answer, FrontendHost, Request, Route, Socket, SocketRoute
from paydaemon.hooks.settings import Settings
from paydaemon.hooks.specs import FrontendPlugin, hookimpl

LOOK_EVERY_S = 1.0


class TillSettings(Settings):
    """``[frontends.<id>]`` of this plugin. `paydaemon check-config` holds a file to it."""

    currency: str = Field(default="EUR", description="What the till counts in.")


class Till:
    """One till. The daemon has looked at keys, sizes and paces before anything comes here."""

    def __init__(self, id: str, settings: TillSettings) -> None:
        self._currency = settings.currency
        self._host: FrontendHost | None = None

    @property
    def routes(self) -> Sequence[Route | SocketRoute]:
        """What it serves. All of it wants a seller's key, as the API does."""
        return (
            Route("/till", ["POST"], self._sell),
            Route("/till/<id>", ["GET"], self._tell),
            SocketRoute("/till/display", self._display, message_bytes=100),
        )

    async def run(
        self, host: FrontendHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Nothing goes on between two requests."""
        self._host = host
        task_status.started()
        await trio.sleep_forever()

    async def _sell(self, request: Request) -> Answer:
        order = {"amount": request.body.decode("ascii", "replace"), "currency": self._currency}
        invoice = await self._api.create_invoice(request.principal, order)
        return _plain(f"{invoice['id']}\n{invoice['checkout_url']}\n", 201)

    async def _tell(self, request: Request) -> Answer:
        return _plain(await self._standing(request, request.values["id"]))

    async def _display(self, request: Request, accept: Accept) -> None:
        # Before it is accepted: whoever asks is answered, and no websocket is opened.
        if request.query:
            raise invalid(request.query[0][0], "there is nothing to ask for but by messages")
        socket = await accept()
        await self._follow(request, socket, str(await socket.receive()))

    async def _follow(self, request: Request, socket: Socket, id: str) -> None:
        """Tell how an invoice stands until nothing more can come of it. Ends by 1008 where there is none."""
        told = ""
        while told.strip() not in ("settled", "expired", "invalid"):
            now = await self._standing(request, id)
            if now != told:
                await socket.send(now)
                told = now
            await trio.sleep(LOOK_EVERY_S)

    async def _standing(self, request: Request, id: str) -> str:
        invoice = await self._api.invoice(request.principal, id)
        return f"{cast(str, invoice['status'])}\n"

    @property
    def _api(self) -> FrontendHost:
        assert self._host is not None, "nothing is asked before it is up"
        return self._host


def _plain(text: str, status: int = 200) -> Answer:
    return Answer(status, text.encode(), "text/plain; charset=utf-8")


@hookimpl
def register_frontends() -> Sequence[FrontendPlugin]:
    """The one way to speak that this plugin brings."""
    return [FrontendPlugin("cash-till", TillSettings, Till)]
