"""``/v1/deliveries`` and ``/v1/targets``: what is on its way to whom, and what is to be tried again."""

from quart import Blueprint, Response, request

from paydaemon.core.delivery import DeliveryState
from paydaemon.engine.api import Api
from paydaemon.engine.deliveries import Wish
from paydaemon.frontends import body, wire
from paydaemon.frontends.gate import principal
from paydaemon.frontends.requests import Query
from paydaemon.frontends.settings import FrontendSettings


def blueprint(api: Api, settings: FrontendSettings) -> Blueprint:
    """List deliveries and targets, and have them tried again."""
    routes = Blueprint("deliveries", __name__)

    @routes.get("/v1/deliveries")
    async def every() -> Response:
        query = Query(request.args, ("target", "state", "invoice_id", "cursor", "limit"))
        target, state = query.target("target"), query.one_of("state", DeliveryState)
        wish = Wish(target, state, query.id("invoice_id"))
        limit, cursor = query.limit(settings.limits.page_items), query.id("cursor")
        found = await api.records.page(principal(), wish, cursor=cursor, limit=limit + 1)
        next_cursor = found[limit - 1].id if len(found) > limit else None
        return wire.answer(wire.page(map(wire.delivery, found[:limit]), next_cursor))

    @routes.get("/v1/deliveries/<id:id>")
    async def show(id: str) -> Response:
        Query(request.args, ())
        return wire.answer(wire.delivery_log(await api.records.one(principal(), id)))

    @routes.post("/v1/deliveries/<id:id>/retry")
    async def retry(id: str) -> Response:
        await body.expect_none()
        return wire.answer(wire.delivery(await api.records.retry(principal(), id)))

    @routes.get("/v1/targets")
    async def targets() -> Response:
        principal().require_operator()
        query = Query(request.args, ("cursor", "limit"))
        limit, cursor = query.limit(settings.limits.page_items), query.target("cursor")
        found = await api.records.targets(principal(), cursor=cursor, limit=limit + 1)
        next_cursor = found[limit - 1].target.id if len(found) > limit else None
        return wire.answer(wire.page(map(wire.target, found[:limit]), next_cursor))

    @routes.post("/v1/targets/<target:id>/retry")
    async def retry_parked(id: str) -> Response:
        await body.expect_none()
        done = await api.records.retry_parked(principal(), id)
        return wire.answer({"retried": done.retried, "parked": done.parked})

    return routes
