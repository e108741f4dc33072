"""``/v1/events``: the journal, page by page, as a websocket, or as server-sent events."""

from collections.abc import Iterable
from dataclasses import replace

import structlog
import trio
from quart import Blueprint, Response, request, websocket
from werkzeug.datastructures import Headers, MultiDict

from paydaemon.core.events import LIVE_CONFIRMING, EventType
from paydaemon.core.public import public_event
from paydaemon.engine.api import Api
from paydaemon.frontends import errors, eventstream, wire
from paydaemon.frontends.conversation import INTERNAL_ERROR
from paydaemon.frontends.eventstream import EventStream
from paydaemon.frontends.gate import authenticate_again, principal
from paydaemon.frontends.leftoff import left_off
from paydaemon.frontends.quartsocket import accept
from paydaemon.frontends.requests import Query, member
from paydaemon.frontends.settings import Limits
from paydaemon.frontends.teller import TOO_SLOW_TEXT, Subscription, tell
from paydaemon.frontends.wording import whole_events
from paydaemon.journal import SSE, Filter

log = structlog.get_logger(__name__)

LAST_EVENT_ID = "Last-Event-ID"

FILTERS = ("type", "invoice_id", "seller_id")


def blueprint(api: Api, limits: Limits, stop: trio.Event) -> Blueprint:
    """List events, or follow them."""
    routes = Blueprint("events", __name__)
    wordings = whole_events()

    @routes.get("/v1/events")
    async def page() -> Response:
        query = Query(request.args, ("after", "limit", *FILTERS))
        limit = query.limit(limits.page_items)
        wanted = _filter(query, query.each("type"))
        after = await left_off(query.text("after"), "after", api) or 0
        await api.may_follow(principal(), wanted.invoice_id)
        found = await api.journal.page(principal(), wanted, after, limit + 1)
        shown = [public_event(event) for event in found[:limit]]
        return wire.answer(wire.page(shown, str(found[limit - 1].seq) if len(found) > limit else None))

    @routes.websocket("/v1/events")
    async def follow() -> None:
        wanted = await _subscription(websocket.args, api)
        stamp = {"X-Request-Id": errors.request_id()}
        socket = await accept(websocket, stamp, TOO_SLOW_TEXT, limits.message_bytes)
        try:
            await tell(socket, api, wanted, wordings.frames, stop, limits)
        except Exception:  # the socket is open: only a close can tell
            log.exception("a websocket failed")
            await socket.close(INTERNAL_ERROR, "something went wrong here")

    @routes.get("/v1/events/stream")
    async def stream() -> Response:
        wanted = await _subscription(request.args, api, await _where_it_left_off(request.headers, api))
        wanted = replace(wanted, group=SSE)

        async def talk(outlet: EventStream) -> None:
            await tell(outlet, api, wanted, wordings.messages, stop, limits)

        return eventstream.answer(request, talk, limits)

    return routes


async def _where_it_left_off(headers: Headers, api: Api) -> int | None:
    """What a browser says that has lost its stream; an empty one says nothing."""
    given = headers.get("Last-Event-ID") or None
    return await left_off(given, LAST_EVENT_ID, api)


async def _subscription(args: MultiDict[str, str], api: Api, last: int | None = None) -> Subscription:
    """What is asked for. Where the client has left off counts for more than `after`, which is in a URL that
    it asks for again.
    """
    query = Query(args, ("after", *FILTERS))
    names = query.each("type")
    journaled = [name for name in names if name != LIVE_CONFIRMING]
    wanted = _filter(query, journaled)
    after = await left_off(query.text("after"), "after", api) if last is None else last
    await api.may_follow(principal(), wanted.invoice_id)
    return Subscription(
        principal=principal(),
        authenticate=authenticate_again(),
        journal=wanted if journaled or not names else None,
        live=not names or LIVE_CONFIRMING in names,
        invoice_id=wanted.invoice_id,
        seller_id=wanted.seller_id,
        after=api.journal.last_seq if after is None else after,
    )


def _filter(query: Query, types: Iterable[str]) -> Filter:
    seller_id = principal().require_own(query.id("seller_id"))
    return Filter(frozenset(_types(types)), query.id("invoice_id"), seller_id)


def _types(names: Iterable[str]) -> list[EventType]:
    return [member("type", name, EventType) for name in names]
