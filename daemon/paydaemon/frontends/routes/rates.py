"""``/v1/rates``."""

from quart import Blueprint, Response, request

from paydaemon.core.errors import invalid
from paydaemon.core.raterules import named
from paydaemon.engine.api import Api
from paydaemon.engine.ratehistory import LATEST_MS, Span
from paydaemon.frontends import wire
from paydaemon.frontends.gate import principal
from paydaemon.frontends.requests import Query
from paydaemon.frontends.settings import FrontendSettings


def blueprint(api: Api, settings: FrontendSettings) -> Blueprint:
    """What every pair costs, and what it has cost."""
    routes = Blueprint("rates", __name__)

    @routes.get("/v1/rates")
    async def every() -> Response:
        query = Query(request.args, ("pair", "cursor", "limit"))
        pair, after = query.pair("pair"), query.pair("cursor")
        limit = query.limit(settings.limits.page_items)
        if pair is not None:
            return wire.answer(wire.page([wire.rate(api.rate_now(principal(), pair))]))
        looks, last = await api.rates_now(principal(), after=after, limit=limit)
        return wire.answer(wire.page(map(wire.rate, looks), None if last is None else named(last)))

    @routes.get("/v1/rates/history")
    async def history() -> Response:
        query = Query(request.args, ("pair", "from", "to", "cursor", "limit"))
        found = await api.kept_rates(
            _span(query),
            cursor=query.id("cursor"),
            limit=query.limit(settings.limits.page_items),
        )
        return wire.answer(wire.page(map(wire.kept_rate, found.items), found.next_cursor))

    return routes


def _span(query: Query) -> Span:
    pair = query.pair("pair")
    if pair is None:
        raise invalid("pair", "is required", "missing")
    from_ms, until_ms = query.time_ms("from"), query.time_ms("to")
    if from_ms is not None and until_ms is not None and until_ms < from_ms:
        raise invalid("to", "must not be before from", "out_of_range")
    return Span(*pair, from_ms or 0, LATEST_MS if until_ms is None else until_ms)
