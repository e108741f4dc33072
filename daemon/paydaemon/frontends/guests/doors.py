"""Doors: the routes of plugins' frontends, each led to its frontend once the gate is passed.

A page in a browser may ask where a route names its origin; then the answer says so (CORS;
https://fetch.spec.whatwg.org/#http-cors-protocol).
"""

from collections.abc import Mapping, Sequence

import structlog
import trio
from quart import Blueprint, Response, request, websocket

from paydaemon.core.access import PUBLIC
from paydaemon.frontends import errors
from paydaemon.frontends.conversation import INTERNAL_ERROR, REVOKED, Authenticate, Goodbye, is_valid
from paydaemon.frontends.gate import Door, authenticate_again, pace, principal
from paydaemon.frontends.guests.live import LiveFrontend, Visit
from paydaemon.frontends.guests.words import request_of, response_of
from paydaemon.frontends.quartsocket import accept
from paydaemon.frontends.settings import FrontendSettings
from paydaemon.hooks.frontend import PromptSocket, Route, SocketGone, SocketRoute

log = structlog.get_logger(__name__)

ROOM = "guests"
PREFLIGHT_LASTS_S = 600
TOO_SLOW_TEXT = "too slow; connect again"
DONE = Goodbye(1000, "")
FAILED = Goodbye(INTERNAL_ERROR, "something went wrong here")


def doors(guests: Sequence[LiveFrontend]) -> Mapping[str, Door]:
    """What the gate is to know of each endpoint."""
    found: dict[str, Door] = {}
    for guest in guests:
        for place, route in enumerate(guest.routes):
            found[f"{ROOM}.{_name(guest, place)}"] = Door(route.access, frozenset(route.origins))
            found[f"{ROOM}.{_preflight(guest, place)}"] = Door(None, frozenset(route.origins))
    return found


def blueprint(guests: Sequence[LiveFrontend], settings: FrontendSettings) -> Blueprint:
    """All that plugins' frontends serve."""
    routes = Blueprint(ROOM, __name__)
    for guest in guests:
        for place, route in enumerate(guest.routes):
            if isinstance(route, Route):
                _add(routes, guest, place, route, settings)
            else:
                _add_socket(routes, guest, place, route, settings)
    return routes


def _name(guest: LiveFrontend, place: int) -> str:
    return f"{guest.id}-{place}"


def _preflight(guest: LiveFrontend, place: int) -> str:
    return f"{guest.id}-{place}-preflight"


# --- Requests


def _add(
    routes: Blueprint, guest: LiveFrontend, place: int, route: Route, settings: FrontendSettings
) -> None:
    async def answer(**values: str) -> Response:
        guest.require_up()
        body = await request.get_data()
        assert isinstance(body, bytes)
        asked = request_of(request, values, body, principal(), pace(), settings.trusted_proxies)
        return _shown(route, response_of(await route.handle(asked)))

    async def preflight(**_: str) -> Response:
        """A browser's question whether a page may ask; the gate has looked at its origin."""
        allowed = {
            "Access-Control-Allow-Methods": ", ".join(sorted(route.methods)),
            "Access-Control-Allow-Headers": "Authorization, Content-Type",
            "Access-Control-Max-Age": str(PREFLIGHT_LASTS_S),
        }
        return _shown(route, Response("", 204, allowed))

    name, methods = _name(guest, place), sorted(route.methods)
    routes.add_url_rule(route.path, name, answer, methods=methods, strict_slashes=False)
    if route.origins:
        own = _preflight(guest, place)
        routes.add_url_rule(route.path, own, preflight, methods=["OPTIONS"], strict_slashes=False)


def _shown(route: Route, response: Response) -> Response:
    """An answer, shown to the page that asked."""
    origin = request.headers.get("Origin")
    if origin is not None and route.origins:
        response.headers["Access-Control-Allow-Origin"] = origin
        if route.credentials:
            response.headers["Access-Control-Allow-Credentials"] = "true"
    if route.origins:
        response.headers["Vary"] = "Origin"
    return response


# --- Websockets


def _add_socket(
    routes: Blueprint,
    guest: LiveFrontend,
    place: int,
    route: SocketRoute,
    settings: FrontendSettings,
) -> None:
    async def talk(**values: str) -> Response | None:
        return await _Talk(guest, route, settings).run(values)

    routes.add_websocket(route.path, _name(guest, place), talk, strict_slashes=False)


class _Talk:
    """One client's websocket with a frontend."""

    __slots__ = ("_guest", "_route", "_settings", "_socket")

    def __init__(self, guest: LiveFrontend, route: SocketRoute, settings: FrontendSettings) -> None:
        self._guest = guest
        self._route = route
        self._settings = settings
        self._socket: PromptSocket | None = None

    async def run(self, values: Mapping[str, str]) -> Response | None:
        """Talk until either side has had enough; what it returns refuses the websocket."""
        answer: Response | None = None
        with self._guest.visit() as visit:
            if principal() == PUBLIC:
                answer = await self._converse(values)
            else:
                answer = await self._converse_by_key(values, visit)
        if visit.goodbye is not None:
            await self._leave(visit.goodbye)
        return answer

    async def _converse_by_key(self, values: Mapping[str, str], visit: Visit) -> Response | None:
        answer: Response | None = None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch_key, authenticate_again(), visit)
            answer = await self._converse(values)
            nursery.cancel_scope.cancel()
        return answer

    async def _converse(self, values: Mapping[str, str]) -> Response | None:
        trusted = self._settings.trusted_proxies
        asked = request_of(websocket, values, b"", principal(), pace(), trusted)
        try:
            answer = await self._route.converse(asked, self._accept)
        except SocketGone:
            return None
        except Exception:
            if self._socket is None:
                raise
            log.exception("a websocket failed", frontend=self._guest.id)
            await self._leave(FAILED)
            return None
        if self._socket is None:
            return response_of(answer)
        await self._leave(DONE)
        return None

    async def _accept(self) -> PromptSocket:
        if self._socket is None:
            stamp = {"X-Request-Id": errors.request_id()}
            self._socket = await accept(websocket, stamp, TOO_SLOW_TEXT, self._route.message_bytes)
        return self._socket

    async def _watch_key(self, authenticate: Authenticate, visit: Visit) -> None:
        while True:
            await trio.sleep(self._settings.limits.key_check_every_s)
            if not await is_valid(authenticate):
                visit.end(REVOKED)

    async def _leave(self, goodbye: Goodbye) -> None:
        if self._socket is not None:
            await self._socket.close(goodbye.code, goodbye.reason)
