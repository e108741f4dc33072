"""Payments: listed, looked at, and given to the invoice they were meant for."""

from quart import Blueprint, Response, request

from paydaemon.core.payment import confirmations
from paydaemon.engine.api import Api
from paydaemon.frontends.desk import guard
from paydaemon.frontends.desk.invoices import PAGE, filled_in
from paydaemon.frontends.desk.render import Renderer, go_to, principal, visit
from paydaemon.frontends.requests import Query


def add_pages(routes: Blueprint, api: Api, renderer: Renderer) -> None:
    """``/desk/payments``."""

    @routes.get("/desk/payments")
    async def payments() -> Response:
        query = filled_in(("unmatched", "cursor"))
        unmatched = query.flag("unmatched")
        found = await api.payments(principal(), unmatched=unmatched, cursor=query.id("cursor"), limit=PAGE)
        return renderer.page("payments.html", found=found, unmatched=unmatched, confirmations=confirmations)

    @routes.get("/desk/payments/<id:id>")
    async def payment(id: str) -> Response:
        Query(request.args, ())
        credit = await api.desk.payment(principal(), id)
        return renderer.page("payment.html", credit=credit, depth=confirmations(credit.payment, credit.tip))

    @routes.post("/desk/payments/<id:id>/assign")
    async def assign(id: str) -> Response:
        fields = await guard.form(request, visit(), ("invoice_id",))
        view = await api.assign_payment(principal(), id, fields.get("invoice_id", "").strip())
        return go_to(f"invoices/{view.invoice.id}")
