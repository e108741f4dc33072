"""Exports: the same as through the API, for whoever clicks."""

from quart import Blueprint, Response, request

from paydaemon.engine.api import Api
from paydaemon.engine.desk import DAY_MS
from paydaemon.engine.exports import Extract
from paydaemon.frontends import exporting
from paydaemon.frontends.desk.invoices import day_ms, filled_in
from paydaemon.frontends.desk.render import Renderer, principal, visit
from paydaemon.frontends.exporting import COLUMNS, FORMATS, ExportSlots
from paydaemon.frontends.leftoff import left_off
from paydaemon.frontends.requests import Query
from paydaemon.store.deskport import LATEST_MS

PARAMETERS = ("after", "from", "to", "seller")


def add_pages(routes: Blueprint, api: Api, renderer: Renderer, slots: ExportSlots) -> None:
    """``/desk/exports``."""

    @routes.get("/desk/exports")
    async def exports() -> Response:
        Query(request.args, ())
        return renderer.page("exports.html", sellers=await api.desk.sellers(principal()), columns=COLUMNS)

    @routes.get("/desk/exports/payments.<any(csv, jsonl):ending>")
    async def download(ending: str) -> Response:
        query, here = filled_in(PARAMETERS), visit()
        since_ms, until_ms = day_ms(query, "from"), day_ms(query, "to")
        wanted = Extract(
            seller_id=principal().require_own(query.id("seller")),
            after=await left_off(query.text("after"), "after", api) or 0,
            since_ms=since_ms or 0,
            until_ms=LATEST_MS if until_ms is None else until_ms + DAY_MS,
        )

        async def still() -> None:
            await api.sessions.enter(here.secret)

        pages = api.exports.pages(here.principal, wanted)
        answer = exporting.answer(request, pages, FORMATS[ending], slots, still)
        answer.headers["Content-Disposition"] = f'attachment; filename="payments.{ending}"'
        return answer
