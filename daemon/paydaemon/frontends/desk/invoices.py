"""Invoices: found, looked at whole, and marked."""

from quart import Blueprint, Response, request

from paydaemon.core.invoice import Flag, Mark, Status
from paydaemon.core.status import remaining_minor, tally
from paydaemon.engine.api import Api
from paydaemon.engine.desk import DAY_MS, Found
from paydaemon.frontends.desk import guard
from paydaemon.frontends.desk.fields import day_ms, filled_in, or_problem, status_of, typed
from paydaemon.frontends.desk.render import Renderer, go_to, principal, visit
from paydaemon.frontends.leftoff import MAX_SEQ
from paydaemon.frontends.requests import Query, member
from paydaemon.store.deskport import LATEST_MS, InvoiceFilter

PAGE = 50
PARAMETERS = ("q", "status", "flag", "seller", "from", "to", "cursor")


def add_pages(routes: Blueprint, api: Api, renderer: Renderer) -> None:
    """``/desk/invoices``."""

    @routes.get("/desk/invoices")
    async def invoices() -> Response:
        found, problem = await or_problem(_search(api))
        return renderer.page(
            "invoices.html",
            status_of(problem),
            found=found,
            problem=problem,
            asked=typed(PARAMETERS),
            sellers=await api.desk.sellers(principal()),
            statuses=list(Status),
            flags=list(Flag),
        )

    @routes.get("/desk/invoices/<id:id>")
    async def invoice(id: str) -> Response:
        query = filled_in(("after",))
        after = query.integer("after", 0, MAX_SEQ) or 0
        course = await api.desk.course(principal(), id, after=after)
        view = course.view
        sums = tally(view.invoice, view.payments)
        return renderer.page(
            "invoice.html",
            course=course,
            invoice=view.invoice,
            options=[
                (option, remaining_minor(view.invoice, option, sums)) for option in view.invoice.options
            ],
            payments=view.payments[-PAGE:],
            paid_times=len(view.payments),
            tips=view.tips,
            after=after,
            marks=[mark for mark in Mark if mark is not view.invoice.standing.mark],
        )

    @routes.get("/desk/invoices/<id:id>/mark")
    async def about_to_mark(id: str) -> Response:
        course = await api.desk.course(principal(), id, after=MAX_SEQ)
        wanted = member("status", filled_in(("status",)).text("status") or "", Mark)
        return renderer.page("mark.html", invoice=course.view.invoice, mark=wanted)

    @routes.post("/desk/invoices/<id:id>/mark")
    async def mark(id: str) -> Response:
        fields = await guard.form(request, visit(), ("status",))
        await api.mark_invoice(principal(), id, member("status", fields.get("status", ""), Mark))
        return go_to(f"invoices/{id}")


async def _search(api: Api) -> Found:
    query = filled_in(PARAMETERS)
    wanted, cursor = _filter(query), query.id("cursor")
    return await api.desk.search(principal(), wanted, query.text("q"), cursor=cursor, limit=PAGE)


def _filter(query: Query) -> InvoiceFilter:
    since_ms, until_ms = day_ms(query, "from"), day_ms(query, "to")
    return InvoiceFilter(
        seller_id=principal().require_own(query.id("seller")),
        status=query.one_of("status", Status),
        flag=query.one_of("flag", Flag),
        since_ms=since_ms or 0,
        until_ms=LATEST_MS if until_ms is None else until_ms + DAY_MS,
    )
