"""Payments: listed, looked at, and given to the invoice they were meant for."""

from quart import Blueprint, Response, request

from paydaemon.core.errors import Refusal
from paydaemon.core.payment import confirmations
from paydaemon.engine.api import Api
from paydaemon.frontends.desk import guard
from paydaemon.frontends.desk.fields import filled_in, or_problem, status_of
from paydaemon.frontends.desk.invoices import PAGE
from paydaemon.frontends.desk.render import Renderer, go_to, principal, visit


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
        return await shown(id, "", None)

    @routes.post("/desk/payments/<id:id>/assign")
    async def assign(id: str) -> Response:
        fields = await guard.form(request, visit(), ("invoice_id",))
        meant = fields.get("invoice_id", "").strip()
        view, problem = await or_problem(api.assign_payment(principal(), id, meant))
        return await shown(id, meant, problem) if view is None else go_to(f"invoices/{view.invoice.id}")

    async def shown(id: str, asked: str, problem: Refusal | None) -> Response:
        credit = await api.desk.payment(principal(), id)
        depth = confirmations(credit.payment, credit.tip)
        return renderer.page(
            "payment.html", status_of(problem), credit=credit, depth=depth, asked=asked, problem=problem
        )
