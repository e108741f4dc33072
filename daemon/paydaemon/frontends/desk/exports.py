"""Exports: the same as through the API, for whoever clicks."""

from quart import Blueprint, Response, request

from paydaemon.core.errors import Refusal
from paydaemon.engine.api import Api
from paydaemon.engine.desk import DAY_MS
from paydaemon.engine.exports import Extract
from paydaemon.frontends import exporting
from paydaemon.frontends.desk.fields import day_ms, filled_in_exactly, or_problem, status_of, typed
from paydaemon.frontends.desk.render import Renderer, principal, visit
from paydaemon.frontends.exporting import COLUMNS, FORMATS, ExportSlots
from paydaemon.frontends.leftoff import left_off
from paydaemon.store.deskport import LATEST_MS

PARAMETERS = ("after", "from", "to", "seller")


def add_pages(routes: Blueprint, api: Api, renderer: Renderer, slots: ExportSlots) -> None:
    """``/desk/exports``."""

    @routes.get("/desk/exports")
    async def exports() -> Response:
        return await shown(None)

    @routes.get("/desk/exports/payments.<any(csv, jsonl):ending>")
    async def download(ending: str) -> Response:
        wanted, problem = await or_problem(_extract(api))
        if wanted is None:
            return await shown(problem)
        here = visit()

        async def still() -> None:
            await api.sessions.enter(here.secret)

        pages = api.exports.pages(here.principal, wanted)
        answer = exporting.answer(request, pages, FORMATS[ending], slots, still)
        answer.headers["Content-Disposition"] = f'attachment; filename="payments.{ending}"'
        return answer

    async def shown(problem: Refusal | None) -> Response:
        return renderer.page(
            "exports.html",
            status_of(problem),
            problem=problem,
            asked=typed(PARAMETERS),
            sellers=await api.desk.sellers(principal()),
            columns=COLUMNS,
        )


async def _extract(api: Api) -> Extract:
    """What is to be in the file. Nothing is passed over: a file with more in it than was meant is wrong."""
    query = filled_in_exactly(PARAMETERS)
    since_ms, until_ms = day_ms(query, "from"), day_ms(query, "to")
    return Extract(
        seller_id=principal().require_own(query.id("seller")),
        after=await left_off(query.text("after"), "after", api) or 0,
        since_ms=since_ms or 0,
        until_ms=LATEST_MS if until_ms is None else until_ms + DAY_MS,
    )
