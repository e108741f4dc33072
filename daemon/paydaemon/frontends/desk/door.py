"""The door: logging in by a key, logging out, and one's own sessions."""

import re
from contextlib import suppress

from quart import Blueprint, Request, Response, g, request

from paydaemon.core.errors import Refusal
from paydaemon.engine.api import Api
from paydaemon.engine.sessions import Visit, no_session
from paydaemon.frontends import addresses
from paydaemon.frontends.desk import guard
from paydaemon.frontends.desk.cookie import Cookie
from paydaemon.frontends.desk.render import Renderer, go_to, visit
from paydaemon.frontends.pace import Paces
from paydaemon.frontends.settings import FrontendSettings, Limits

EVERYBODY = "everybody"

PLACE = re.compile(
    r"(?:invoices|payments|deliveries)(?:/[A-Za-z0-9_-]{1,64})?|volume|exports|rates|chains", re.ASCII
)
"""Where a login may lead: to these pages, and nowhere else in the world."""

LIVE = "X-Desk-Live"
"""A page that looks by itself whether something is new is not somebody at work, and keeps nobody logged
in.
"""


class Tries:
    """How often one may try to log in: each address for itself, and all of them together."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._each, self._all = Paces(1, 1, 1), Paces(1, 1, 1)

    def take(self, client: object) -> None:
        """Raises `TooFast` where there were too many."""
        limits = self._limits
        self._each.per_s, self._each.burst = 1 / limits.login_pause_s, limits.login_burst
        self._all.per_s, self._all.burst = 1 / limits.logins_pause_s, limits.logins_burst
        self._each.remembered = limits.paces_remembered
        self._each.take(str(client))
        self._all.take(EVERYBODY)


class Door:
    """Lets people in."""

    def __init__(self, api: Api, settings: FrontendSettings) -> None:
        self._sessions = api.sessions
        self._settings = settings
        self._tries = Tries(settings.limits)
        self.cookie = Cookie(settings.public_url)

    async def recognise(self, asked: Request) -> None:
        """Note who makes a request. Raises `Refusal` (authentication) where nobody is logged in."""
        g.desk = await self._visit(asked, counts=LIVE not in asked.headers)
        g.principal = g.desk.principal

    async def let_in(self, asked: Request, key: str) -> Response:
        """Open a session by a key, and end the one that this browser had: nobody has its cookie any more.

        Raises `Refusal` for a key that opens nothing, or was tried too often.
        """
        address = addresses.client_of(asked, self._settings.trusted_proxies)
        assert address is not None, "through the Unix socket there is no desk"
        self._tries.take(addresses.one_client(address))
        opened = await self._sessions.open(key, str(address), asked.headers.get("User-Agent", ""))
        g.principal = opened.principal
        with suppress(Refusal):
            earlier = await self._visit(asked, counts=False)
            await self._sessions.end(earlier, earlier.session.id)
        answer = go_to(_place(asked))
        self.cookie.give(answer, opened.secret)
        return answer

    async def _visit(self, asked: Request, *, counts: bool) -> Visit:
        """The session that a request brings, by the first cookie that opens one. Raises `Refusal`."""
        for secret in self.cookie.secrets(asked):
            with suppress(Refusal):
                return await self._sessions.enter(secret, counts=counts)
        raise no_session()


def _place(asked: Request) -> str:
    to = asked.args.get("to", "")
    return to if PLACE.fullmatch(to) else ""


def add_pages(routes: Blueprint, api: Api, door: Door, renderer: Renderer) -> None:
    """``login``, ``logout`` and ``sessions``."""

    @routes.get("/desk/login")
    async def login() -> Response:
        return renderer.page("login.html", to=_place(request), problem=None)

    @routes.post("/desk/login")
    async def let_in() -> Response:
        fields = await guard.form(request, None, ("key",))
        try:
            return await door.let_in(request, fields.get("key", "").strip())
        except Refusal as refusal:
            if refusal.code != "invalid_key":
                raise
        return renderer.page("login.html", 403, to=_place(request), problem="This key opens nothing here.")

    @routes.post("/desk/logout")
    async def logout() -> Response:
        await guard.form(request, visit(), ())
        await api.sessions.end(visit(), visit().session.id)
        answer = go_to("login")
        door.cookie.take_back(answer)
        return answer

    @routes.get("/desk/sessions")
    async def sessions() -> Response:
        return renderer.page(
            "sessions.html", sessions=await api.sessions.of(visit()), ends_at_ms=api.sessions.ends_at_ms
        )

    @routes.post("/desk/sessions/<id:id>/end")
    async def end(id: str) -> Response:
        await guard.form(request, visit(), ())
        await api.sessions.end(visit(), id)
        return go_to("sessions" if id != visit().session.id else "login")

    @routes.post("/desk/sessions/end-others")
    async def end_others() -> Response:
        await guard.form(request, visit(), ())
        await api.sessions.end_others(visit())
        return go_to("sessions")
