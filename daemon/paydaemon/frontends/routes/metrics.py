"""``/metrics``: what Prometheus scrapes. Amounts are confidential, so it asks for an operator's key."""

from quart import Blueprint, Response, request

from paydaemon.frontends.gate import principal
from paydaemon.frontends.openapi.operation import PROMETHEUS
from paydaemon.frontends.requests import Query
from paydaemon.frontends.settings import Status


def blueprint(status: Status) -> Blueprint:
    """The metrics of the whole daemon; for operators."""
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    async def scrape() -> Response:
        principal().require_operator()
        Query(request.args, ())
        return Response(await status.metrics(), content_type=PROMETHEUS)

    return routes
