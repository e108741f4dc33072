"""``/v1/invoices``."""

from quart import Blueprint, Response, request

from paydaemon.core.invoice import Status
from paydaemon.core.ledger import PAYMENTS_TOLD
from paydaemon.engine.api import Api
from paydaemon.frontends import body, wire
from paydaemon.frontends.gate import principal
from paydaemon.frontends.models import NewInvoice, NewMark
from paydaemon.frontends.requests import Query, idempotency_key
from paydaemon.frontends.settings import FrontendSettings


def blueprint(api: Api, settings: FrontendSettings) -> Blueprint:
    """Create, read, list and mark invoices."""
    routes = Blueprint("invoices", __name__)

    @routes.post("/v1/invoices")
    async def create() -> Response:
        key = idempotency_key(request.headers)
        order = (await body.read(NewInvoice, settings.limits)).order()
        view = await api.create_invoice(principal(), order, key)
        location = {"Location": f"/v1/invoices/{view.invoice.id}"}
        return wire.answer(wire.invoice(view, settings.public_url), 201, location)

    @routes.get("/v1/invoices")
    async def every() -> Response:
        query = Query(request.args, ("status", "seller_id", "cursor", "limit"))
        found = await api.invoices(
            principal(),
            seller_id=principal().require_own(query.id("seller_id")),
            status=query.one_of("status", Status),
            cursor=query.id("cursor"),
            limit=query.limit(settings.limits.page_items),
        )
        shown = [wire.invoice(view, settings.public_url, newest=PAYMENTS_TOLD) for view in found.items]
        return wire.answer(wire.page(shown, found.next_cursor))

    @routes.get("/v1/invoices/<id:id>")
    async def one(id: str) -> Response:
        Query(request.args, ())
        return wire.answer(wire.invoice(await api.invoice(principal(), id), settings.public_url))

    @routes.post("/v1/invoices/<id:id>/mark")
    async def mark(id: str) -> Response:
        asked = await body.read(NewMark, settings.limits)
        view = await api.mark_invoice(principal(), id, asked.mark())
        return wire.answer(wire.invoice(view, settings.public_url))

    return routes
