"""``/v1/rates``."""

from quart import Blueprint, Response, request

from paydaemon.engine.api import Api
from paydaemon.frontends import wire
from paydaemon.frontends.requests import Query


def blueprint(api: Api) -> Blueprint:
    """What every rate source last said."""
    routes = Blueprint("rates", __name__)

    @routes.get("/v1/rates")
    async def every() -> Response:
        Query(request.args, ())
        return wire.answer(wire.page([wire.rate(published) for published in api.rates()]))

    return routes
