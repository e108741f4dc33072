"""``/v1/events``: the journal, page by page or as a websocket."""

import re
from collections.abc import Iterable

import structlog
import trio
from quart import Blueprint, Response, request, websocket
from werkzeug.datastructures import MultiDict

from paydaemon.core.errors import invalid
from paydaemon.core.events import LIVE_CONFIRMING, EventType
from paydaemon.core.public import public_event
from paydaemon.engine.api import Api
from paydaemon.frontends import errors, wire
from paydaemon.frontends.conversation import INTERNAL_ERROR
from paydaemon.frontends.gate import authenticate_again, principal
from paydaemon.frontends.quartsocket import accept
from paydaemon.frontends.requests import Query, member
from paydaemon.frontends.settings import Limits
from paydaemon.frontends.websocket import TOO_SLOW_TEXT, Subscription, tell
from paydaemon.journal import Filter

log = structlog.get_logger(__name__)

MAX_SEQ = 10**18
EVENT_ID = re.compile(r"evt_[0-9a-z]{1,32}_([0-9]{1,18})", re.ASCII)


def blueprint(api: Api, limits: Limits, stop: trio.Event) -> Blueprint:
    """List events, or follow them."""
    routes = Blueprint("events", __name__)

    @routes.get("/v1/events")
    async def page() -> Response:
        query = Query(request.args, ("after", "type", "invoice_id", "limit"))
        limit = query.limit(limits.page_items)
        wanted = Filter(frozenset(_types(query.each("type"))), query.id("invoice_id"))
        after = await _after(query, api) or 0
        await api.may_follow(principal(), wanted.invoice_id)
        found = await api.journal.page(principal(), wanted, after, limit + 1)
        shown = [public_event(event) for event in found[:limit]]
        return wire.answer(wire.page(shown, str(found[limit - 1].seq) if len(found) > limit else None))

    @routes.websocket("/v1/events")
    async def follow() -> None:
        wanted = await _subscription(websocket.args, api)
        await api.may_follow(wanted.principal, wanted.invoice_id)
        stamp = {"X-Request-Id": errors.request_id()}
        socket = await accept(websocket, stamp, TOO_SLOW_TEXT, limits.message_bytes)
        try:
            await tell(socket, api, wanted, stop, limits)
        except Exception:  # the socket is open: only a close can tell
            log.exception("a websocket failed")
            await socket.close(INTERNAL_ERROR, "something went wrong here")

    return routes


async def _subscription(args: MultiDict[str, str], api: Api) -> Subscription:
    query = Query(args, ("after", "type", "invoice_id"))
    names = query.each("type")
    types = _types(name for name in names if name != LIVE_CONFIRMING)
    invoice_id = query.id("invoice_id")
    after = await _after(query, api)
    return Subscription(
        principal=principal(),
        authenticate=authenticate_again(),
        journal=Filter(frozenset(types), invoice_id) if types or not names else None,
        live=not names or LIVE_CONFIRMING in names,
        invoice_id=invoice_id,
        after=api.journal.last_seq if after is None else after,
    )


def _types(names: Iterable[str]) -> list[EventType]:
    return [member("type", name, EventType) for name in names]


async def _after(query: Query, api: Api) -> int | None:
    """Where to go on from: a `seq`, or the id of an event, which must still be the one of that number.

    Beyond the newest event there is nothing to go on from: the journal is another.
    """
    match = EVENT_ID.fullmatch(query.text("after") or "")
    after = int(match[1]) if match else query.integer("after", 0, MAX_SEQ)
    if after is not None and after > api.journal.last_seq:
        message = f"is beyond the newest event, {api.journal.last_seq}: read again from 0"
        raise invalid("after", message, "beyond_the_journal")
    if match and not await api.journal.holds(after or 0, match[0]):
        message = "is not in this journal, or is no more since a backup was restored: read again from 0"
        raise invalid("after", message, "beyond_the_journal")
    return after
