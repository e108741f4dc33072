"""``/v1/webhooks``: endpoints, each of which is sent what its seller is told."""

from quart import Blueprint, Response, request

from paydaemon.core.delivery import DeliveryState, Target
from paydaemon.core.public import Json
from paydaemon.engine.api import Api
from paydaemon.engine.deliveries import NewSecret, Wish
from paydaemon.frontends import body, wire
from paydaemon.frontends.gate import principal
from paydaemon.frontends.requests import Query
from paydaemon.frontends.settings import FrontendSettings
from paydaemon.frontends.webhookmodels import ChangedWebhook, NewWebhook, Redelivery


def blueprint(api: Api, settings: FrontendSettings) -> Blueprint:
    """Make webhooks, look after them, and see what they were sent. A secret is told once: when it is made."""
    routes = Blueprint("webhooks", __name__)

    def shown(target: Target) -> Json:
        return wire.webhook(target, api.records.state(target))

    def with_secret(made: NewSecret) -> Json:
        return {**shown(made.target), "secret": made.secret}

    @routes.post("/v1/webhooks")
    async def add() -> Response:
        asked = await body.read(NewWebhook, settings.limits)
        made = await api.webhooks.add(principal(), asked.request())
        return wire.answer(with_secret(made), 201, {"Location": f"/v1/webhooks/{made.target.id}"})

    @routes.get("/v1/webhooks")
    async def every() -> Response:
        query = Query(request.args, ("seller_id", "cursor", "limit"))
        limit = query.limit(settings.limits.page_items)
        found = await api.webhooks.page(
            principal(), seller_id=query.id("seller_id"), cursor=query.id("cursor"), limit=limit + 1
        )
        next_cursor = found[limit - 1].id if len(found) > limit else None
        return wire.answer(wire.page([shown(one) for one in found[:limit]], next_cursor))

    @routes.get("/v1/webhooks/<id:id>")
    async def show(id: str) -> Response:
        Query(request.args, ())
        return wire.answer(shown(await api.webhooks.one(principal(), id)))

    @routes.patch("/v1/webhooks/<id:id>")
    async def change(id: str) -> Response:
        asked = await body.read(ChangedWebhook, settings.limits)
        return wire.answer(shown(await api.webhooks.change(principal(), id, asked.request())))

    @routes.delete("/v1/webhooks/<id:id>")
    async def remove(id: str) -> Response:
        await body.expect_none()
        return wire.answer(shown(await api.webhooks.remove(principal(), id)))

    @routes.post("/v1/webhooks/<id:id>/rotate")
    async def rotate(id: str) -> Response:
        await body.expect_none()
        return wire.answer(with_secret(await api.webhooks.rotate(principal(), id)), 201)

    @routes.post("/v1/webhooks/<id:id>/test")
    async def test(id: str) -> Response:
        await body.expect_none()
        return wire.answer(wire.tested(await api.webhooks.test(principal(), id)))

    _add_deliveries(routes, api, settings)
    return routes


def _add_deliveries(routes: Blueprint, api: Api, settings: FrontendSettings) -> None:
    @routes.get("/v1/webhooks/<id:id>/deliveries")
    async def deliveries(id: str) -> Response:
        query = Query(request.args, ("state", "invoice_id", "cursor", "limit"))
        wish = Wish(id, query.one_of("state", DeliveryState), query.id("invoice_id"))
        limit, cursor = query.limit(settings.limits.page_items), query.id("cursor")
        await api.webhooks.one(principal(), id)
        found = await api.records.page(principal(), wish, cursor=cursor, limit=limit + 1)
        next_cursor = found[limit - 1].id if len(found) > limit else None
        return wire.answer(wire.page(map(wire.delivery, found[:limit]), next_cursor))

    @routes.post("/v1/webhooks/<id:id>/redeliver")
    async def redeliver(id: str) -> Response:
        asked = await body.read(Redelivery, settings.limits)
        done = await api.webhooks.redeliver(principal(), id, asked.id)
        return wire.answer(wire.delivery(done))
