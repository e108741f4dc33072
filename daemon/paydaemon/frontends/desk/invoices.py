"""Invoices: found, looked at whole, and marked."""

from quart import Blueprint, Response, request

from paydaemon.core.errors import invalid
from paydaemon.core.invoice import Flag, Mark, Status
from paydaemon.core.status import remaining_minor, tally
from paydaemon.core.times import parse_rfc3339
from paydaemon.engine.api import Api
from paydaemon.engine.desk import DAY_MS
from paydaemon.frontends.desk import guard
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
        query = filled_in(PARAMETERS)
        wanted = _filter(query)
        found = await api.desk.search(
            principal(), wanted, query.text("q"), cursor=query.id("cursor"), limit=PAGE
        )
        return renderer.page(
            "invoices.html",
            found=found,
            asked={name: query.text(name) or "" for name in PARAMETERS},
            sellers=await api.desk.sellers(principal()),
            statuses=list(Status),
            flags=list(Flag),
        )

    @routes.get("/desk/invoices/<id:id>")
    async def invoice(id: str) -> Response:
        query = Query(request.args, ("after",))
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

    @routes.post("/desk/invoices/<id:id>/mark")
    async def mark(id: str) -> Response:
        fields = await guard.form(request, visit(), ("status",))
        await api.mark_invoice(principal(), id, member("status", fields.get("status", ""), Mark))
        return go_to(f"invoices/{id}")


def filled_in(known: tuple[str, ...]) -> Query:
    """The query of a form, in which what was left empty stands for nothing."""
    given = request.args.copy()
    for name in [name for name, value in request.args.items() if not value.strip()]:
        given.poplist(name)
    return Query(given, known)


def _filter(query: Query) -> InvoiceFilter:
    since_ms, until_ms = day_ms(query, "from"), day_ms(query, "to")
    return InvoiceFilter(
        seller_id=principal().require_own(query.id("seller")),
        status=query.one_of("status", Status),
        flag=query.one_of("flag", Flag),
        since_ms=since_ms or 0,
        until_ms=LATEST_MS if until_ms is None else until_ms + DAY_MS,
    )


def day_ms(query: Query, name: str) -> int | None:
    """A parameter that is a day, as a browser's field for one writes it: when it begins, in UTC."""
    text = query.text(name)
    try:
        return None if text is None else parse_rfc3339(f"{text}T00:00:00Z")
    except ValueError:
        raise invalid(name, "must be a day such as 2026-01-31") from None
