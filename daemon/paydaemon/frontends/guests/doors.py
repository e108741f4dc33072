"""Doors: the routes of plugins' frontends, each led to its frontend once the gate is passed.

A page in a browser may ask where a route names its origin; then the answer says so (CORS;
https://fetch.spec.whatwg.org/#http-cors-protocol).
"""

from collections.abc import Iterator, Mapping, Sequence

from quart import Blueprint, Response, request

from paydaemon.config.routes import parts_of
from paydaemon.frontends.gate import Door, Preflight, pace, principal
from paydaemon.frontends.guests.faults import told_of
from paydaemon.frontends.guests.live import LiveFrontend
from paydaemon.frontends.guests.talks import Talk
from paydaemon.frontends.guests.translation import request_of, response_of
from paydaemon.frontends.settings import FrontendSettings
from paydaemon.hooks.frontend import Route, SocketRoute

ROOM = "guests"
PREFLIGHT_LASTS_S = 600


def doors(guests: Sequence[LiveFrontend]) -> Mapping[str, Door | Preflight]:
    """What the gate is to know of each endpoint."""
    found: dict[str, Door | Preflight] = {}
    for guest in guests:
        for place, route in enumerate(guest.routes):
            found[f"{ROOM}.{_name(guest, place)}"] = Door(frozenset(route.origins), route.access)
        for place, route, _ in _asked_first(guest):
            found[f"{ROOM}.{_preflight(guest, place)}"] = Preflight(frozenset(route.origins))
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
        for place, route, methods in _asked_first(guest):
            _add_preflight(routes, guest, place, route, methods)
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
        with guest.asked(), told_of(guest.id, route):
            response = response_of(await route.handle(asked))
        return _shown(route, response)

    name, methods = _name(guest, place), sorted(route.methods)
    routes.add_url_rule(route.path, name, answer, methods=methods, strict_slashes=False)


def _add_preflight(
    routes: Blueprint, guest: LiveFrontend, place: int, route: Route, methods: Sequence[str]
) -> None:
    async def preflight(**_: str) -> Response:
        """A browser's question whether a page may ask; the gate has looked at its origin."""
        allowed = {
            "Access-Control-Allow-Methods": ", ".join(methods),
            "Access-Control-Allow-Headers": "Authorization, Content-Type",
            "Access-Control-Max-Age": str(PREFLIGHT_LASTS_S),
        }
        return _shown(route, Response("", 204, allowed))

    name = _preflight(guest, place)
    routes.add_url_rule(route.path, name, preflight, methods=["OPTIONS"], strict_slashes=False)


def _asked_first(guest: LiveFrontend) -> Iterator[tuple[int, Route, Sequence[str]]]:
    """Of each path that foreign pages may ask at its first route, and the methods of all of them."""
    paths: dict[tuple[str, ...], list[tuple[int, Route]]] = {}
    for place, route in enumerate(guest.routes):
        if isinstance(route, Route) and route.origins:
            paths.setdefault(parts_of(route.path), []).append((place, route))
    for found in paths.values():
        place, route = found[0]
        yield place, route, sorted({method for _, one in found for method in one.methods})


def _shown(route: Route, response: Response) -> Response:
    """An answer, shown to the page that asked."""
    origin = request.headers.get("Origin")
    if origin is not None and route.origins:
        response.headers["Access-Control-Allow-Origin"] = origin
        if route.credentials:
            response.headers["Access-Control-Allow-Credentials"] = "true"
    if route.origins:
        response.vary.add("Origin")
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
        return await Talk(guest, route, settings).run(values)

    routes.add_websocket(route.path, _name(guest, place), talk, strict_slashes=False)
