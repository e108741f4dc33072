"""``/v1/plugins``."""

from quart import Blueprint, Response, request

from paydaemon.frontends import wire
from paydaemon.frontends.gate import principal
from paydaemon.frontends.requests import Query
from paydaemon.frontends.settings import Status


def blueprint(status: Status) -> Blueprint:
    """The installed plugins and how each is doing; for operators."""
    routes = Blueprint("plugins", __name__)

    @routes.get("/v1/plugins")
    async def every() -> Response:
        principal().require_operator()
        Query(request.args, ())
        return wire.answer(wire.page(status.plugins()))

    return routes
