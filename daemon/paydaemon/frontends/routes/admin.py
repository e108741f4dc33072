"""``/admin/v1``: sellers and keys. Only the Unix socket's application has these routes."""

from importlib.metadata import version

from quart import Blueprint, Response, request

from paydaemon.engine.api import Api
from paydaemon.frontends import body, wire
from paydaemon.frontends.requests import NewSeller, Query
from paydaemon.frontends.settings import FrontendSettings


def blueprint(api: Api, settings: FrontendSettings) -> Blueprint:
    """Add sellers, and make keys. Each key's secret is told in the answer that made it, and never again."""
    routes = Blueprint("admin", __name__, url_prefix="/admin/v1")

    @routes.get("/daemon")
    async def daemon() -> Response:
        Query(request.args, ())
        return wire.answer({"public_url": settings.public_url, "version": version("paydaemon")})

    @routes.post("/sellers")
    async def add_seller() -> Response:
        asked = await body.read(NewSeller, settings.limits)
        return wire.answer(wire.new_key(await api.accounts.add_seller(asked.id, asked.name)), 201)

    @routes.get("/sellers")
    async def sellers() -> Response:
        Query(request.args, ())
        return wire.answer(wire.page([wire.seller(known) for known in await api.accounts.sellers()]))

    @routes.post("/sellers/<id:id>/rotate")
    async def rotate(id: str) -> Response:
        await body.expect_none()
        return wire.answer(wire.new_key(await api.accounts.rotate(id)), 201)

    @routes.post("/operators")
    async def add_operator() -> Response:
        await body.expect_none()
        return wire.answer(wire.new_key(await api.accounts.add_operator_key()), 201)

    return routes
