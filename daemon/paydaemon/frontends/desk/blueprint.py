"""The desk's routes, each behind the guard and, but for the door itself, the door."""

from collections.abc import Mapping

from quart import Blueprint, Quart, Response, g, request
from werkzeug.exceptions import HTTPException, NotFound

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.engine.api import Api
from paydaemon.frontends import errors, pages
from paydaemon.frontends.desk import (
    deliveries,
    door,
    exports,
    guard,
    invoices,
    overview,
    parts,
    payments,
    volume,
    words,
)
from paydaemon.frontends.desk.cookie import ROOT
from paydaemon.frontends.desk.door import Door
from paydaemon.frontends.desk.render import Renderer, go_to, static
from paydaemon.frontends.exporting import ExportSlots
from paydaemon.frontends.pace import TooFast
from paydaemon.frontends.settings import FrontendSettings, Status
from paydaemon.store.port import StoreUnavailable

NAME = "desk"

AT_THE_DOOR = frozenset({"desk.login", "desk.let_in", "desk.css", "desk.js"})
"""Endpoints for whoever is not logged in."""


def install(app: Quart, api: Api, settings: FrontendSettings, status: Status, slots: ExportSlots) -> None:
    """Put the desk into the application, where there is to be one."""
    if not settings.desk.enabled:
        return

    async def before_request() -> None:
        if _is_ours(request.path) and not guard.is_inside(request, settings):
            raise NotFound

    app.before_request(before_request)
    app.register_blueprint(blueprint(api, settings, status, slots))


def blueprint(api: Api, settings: FrontendSettings, status: Status, slots: ExportSlots) -> Blueprint:
    """Every page."""
    routes, renderer = Blueprint(NAME, __name__), Renderer()
    entrance = Door(api, settings)

    async def before_request() -> None:
        if request.method == "POST":
            guard.require_own_page(request.headers, settings.public_url)
        if request.endpoint not in AT_THE_DOOR:
            await entrance.recognise(request)

    routes.before_request(before_request)
    door.add_pages(routes, api, entrance, renderer)
    overview.add_pages(routes, api, renderer)
    invoices.add_pages(routes, api, renderer)
    payments.add_pages(routes, api, renderer)
    volume.add_pages(routes, api, renderer)
    exports.add_pages(routes, api, renderer, slots)
    parts.add_pages(routes, api, renderer, status)
    deliveries.add_pages(routes, api, renderer)
    _add_files(routes)

    @routes.get("/desk/still")
    async def still() -> Response:
        """For a page that asks by itself whether its session goes on."""
        return Response("", 204)

    @routes.get("/desk/<path:rest>")
    async def nothing(rest: str) -> Response:
        raise NotFound

    _add_errors(routes, renderer, settings)
    return routes


def _add_files(routes: Blueprint) -> None:
    style, code = static("desk.css"), static("desk.js")

    @routes.get("/desk/desk.css")
    async def css() -> Response:
        return pages.css(style)

    @routes.get("/desk/desk.js")
    async def js() -> Response:
        return pages.script(code, "no-store")


def _is_ours(path: str) -> bool:
    return path == ROOT or path.startswith(f"{ROOT}/")


# --- What goes wrong, as a page


def _add_errors(routes: Blueprint, renderer: Renderer, settings: FrontendSettings) -> None:
    async def refused(refusal: Refusal) -> Response:
        if refusal.type is ErrorType.AUTHENTICATION and request.endpoint not in AT_THE_DOOR:
            return _to_the_door()
        headers = {"Retry-After": str(int(refusal.retry_after_s) + 1)} if isinstance(refusal, TooFast) else {}
        return page(errors.STATUS[refusal.type], words.refused(refusal), headers)

    async def unavailable(error: StoreUnavailable) -> Response:
        refusal = errors.as_refusal(error)
        return page(errors.STATUS[refusal.type], refusal.message, {"Retry-After": str(errors.RETRY_AFTER_S)})

    async def http(error: HTTPException) -> Response:
        if not guard.is_inside(request, settings):
            return await errors.as_answer(error)
        return page(error.code or 500, errors.for_status(error.code or 500)[2], {})

    async def unexpected(error: Exception) -> Response:
        refusal = errors.as_refusal(error)
        return page(errors.STATUS[refusal.type], refusal.message, {})

    def page(status: int, message: str, headers: Mapping[str, str]) -> Response:
        answer = renderer.page("error.html", status, status=status, message=message, id=errors.request_id())
        answer.headers.update(headers)
        return answer

    routes.register_error_handler(Refusal, refused)
    routes.register_error_handler(StoreUnavailable, unavailable)
    routes.register_error_handler(HTTPException, http)
    routes.register_error_handler(Exception, unexpected)


def _to_the_door() -> Response:
    """Log in, and come back to where that makes sense."""
    g.pop("desk", None)
    to = request.path.removeprefix(f"{ROOT}/") if request.method in ("GET", "HEAD") else ""
    return go_to(f"login?to={to}" if door.PLACE.fullmatch(to) else "login")
