"""``/v1/payments``."""

from quart import Blueprint, Response, request

from paydaemon.engine.api import Api
from paydaemon.frontends import body, wire
from paydaemon.frontends.gate import principal
from paydaemon.frontends.models import Assignment
from paydaemon.frontends.requests import Query
from paydaemon.frontends.settings import FrontendSettings


def blueprint(api: Api, settings: FrontendSettings) -> Blueprint:
    """List payments, and give unmatched ones to invoices."""
    routes = Blueprint("payments", __name__)

    @routes.get("/v1/payments")
    async def every() -> Response:
        query = Query(request.args, ("unmatched", "cursor", "limit"))
        found = await api.payments(
            principal(),
            unmatched=query.flag("unmatched"),
            cursor=query.id("cursor"),
            limit=query.limit(settings.limits.page_items),
        )
        return wire.answer(wire.page([wire.payment(view) for view in found.items], found.next_cursor))

    @routes.post("/v1/payments/<id:id>/assign")
    async def assign(id: str) -> Response:
        principal().require_operator()
        asked = await body.read(Assignment, settings.limits)
        view = await api.assign_payment(principal(), id, asked.invoice_id)
        return wire.answer(wire.invoice(view, settings.public_url))

    return routes
