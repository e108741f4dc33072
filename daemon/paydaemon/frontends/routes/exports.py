"""``/v1/exports``: what was paid, for accountants."""

from quart import Blueprint, Response, request

from paydaemon.core.errors import invalid
from paydaemon.engine.api import Api
from paydaemon.engine.exports import Extract
from paydaemon.frontends import exporting
from paydaemon.frontends.exporting import CSV, JSON_LINES, ExportSlots, Format
from paydaemon.frontends.gate import authenticate_again, principal
from paydaemon.frontends.leftoff import left_off
from paydaemon.frontends.requests import Query
from paydaemon.store.deskport import LATEST_MS

MOST_LINES = 10**9
PARAMETERS = ("after", "from", "to", "seller_id", "limit")


def blueprint(api: Api, slots: ExportSlots) -> Blueprint:
    """Export payments."""
    routes = Blueprint("exports", __name__)

    @routes.get("/v1/exports/payments.csv")
    async def csv() -> Response:
        return await payments(CSV)

    @routes.get("/v1/exports/payments.jsonl")
    async def jsonl() -> Response:
        return await payments(JSON_LINES)

    async def payments(form: Format) -> Response:
        wanted = await extract(Query(request.args, PARAMETERS), api)
        pages = api.exports.pages(principal(), wanted)
        return exporting.answer(request, pages, form, slots, authenticate_again())

    return routes


async def extract(query: Query, api: Api) -> Extract:
    """What a query asks for. Raises `Refusal`."""
    since_ms, until_ms = query.time_ms("from"), query.time_ms("to")
    if since_ms is not None and until_ms is not None and until_ms < since_ms:
        raise invalid("to", "must not be before from", "out_of_range")
    return Extract(
        seller_id=principal().require_own(query.id("seller_id")),
        after=await left_off(query.text("after"), "after", api) or 0,
        since_ms=since_ms or 0,
        until_ms=LATEST_MS if until_ms is None else until_ms,
        most=query.integer("limit", 1, MOST_LINES),
    )
