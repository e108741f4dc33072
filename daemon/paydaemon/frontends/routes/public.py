"""``/v1/public/invoices/{id}``: what a payer sees of one invoice, as it stands or as it goes on. No key.

A stream begins with how the invoice stands; each message after it shows all of it again. So whoever comes
back has missed nothing, and there is no number to resume after.

Any page may ask: nothing is shown that its visitor, who has the link, could not see anyway.
"""

from dataclasses import dataclass

import structlog
import trio
from quart import Blueprint, Response, request, websocket

from paydaemon.core.access import PUBLIC, Principal
from paydaemon.engine.api import Api
from paydaemon.engine.clock import system_clock
from paydaemon.frontends import addresses, errors, eventstream, payer, wire
from paydaemon.frontends.conversation import INTERNAL_ERROR
from paydaemon.frontends.eventstream import EventStream
from paydaemon.frontends.framing import sse_message, text_frame
from paydaemon.frontends.gate import ANY_ORIGIN, nobody
from paydaemon.frontends.places import StreamPlaces
from paydaemon.frontends.quartsocket import accept
from paydaemon.frontends.requests import Query
from paydaemon.frontends.settings import FrontendSettings
from paydaemon.frontends.teller import TOO_SLOW_TEXT, Subscription, connect_again, tell
from paydaemon.frontends.wording import wordings
from paydaemon.journal import PUBLIC_PAGES, Filter

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an invoice stands: after the journal's event of this number, and whose it is."""

    message: bytes
    after: int
    seller_id: str


def blueprint(api: Api, settings: FrontendSettings, places: StreamPlaces, stop: trio.Event) -> Blueprint:
    """Show an invoice to a payer, or tell them what becomes of it."""
    routes = Blueprint("public", __name__)
    limits = settings.limits
    worded = wordings(lambda event: payer.event(event, api.watches), payer.push, numbered=False)

    @routes.get("/v1/public/invoices/<id:id>")
    async def show(id: str) -> Response:
        Query(request.args, ())
        view, _ = await api.payers_view(id)
        return wire.answer(payer.view(view, api.watches))

    @routes.websocket("/v1/public/invoices/<id:id>/events")
    async def follow(id: str) -> None:
        Query(websocket.args, ())
        client = addresses.one_of(websocket, settings.trusted_proxies)
        places.look_for_one(client)
        standing = await _standing(api, id)
        wanted = _subscription(id, standing, text_frame(standing.message))
        stamp = {"X-Request-Id": errors.request_id()}
        socket = await accept(websocket, stamp, TOO_SLOW_TEXT, limits.message_bytes)
        try:
            with places.taken(client):
                await tell(socket, api, wanted, worded.frames, stop, limits)
        except Exception:  # the socket is open: only a close can tell
            log.exception("a websocket failed")
            await socket.close(INTERNAL_ERROR, "something went wrong here")

    @routes.get("/v1/public/invoices/<id:id>/events")
    async def stream(id: str) -> Response:
        Query(request.args, ())
        client = addresses.one_of(request, settings.trusted_proxies)
        places.look_for_one(client)
        standing = await _standing(api, id)
        wanted = _subscription(id, standing, sse_message(payer.NOW, standing.message))

        async def talk(outlet: EventStream) -> None:
            with places.taken(client):
                await tell(outlet, api, wanted, worded.messages, stop, limits)

        return eventstream.answer(request, talk, limits)

    routes.after_request(_for_any_page)
    return routes


async def _standing(api: Api, id: str) -> Standing:
    view, last_seq = await api.payers_view(id)
    message = payer.now(view, api.watches, system_clock())
    return Standing(wire.encode(message).encode(), last_seq, view.invoice.seller_id)


def _subscription(id: str, standing: Standing, first: bytes) -> Subscription:
    return Subscription(
        principal=Principal(PUBLIC.key_id, standing.seller_id),
        authenticate=nobody,
        journal=Filter(payer.TYPES, id),
        live=True,
        invoice_id=id,
        after=standing.after,
        first=first,
        group=PUBLIC_PAGES,
        advice=connect_again,
    )


async def _for_any_page(response: Response) -> Response:
    """Let a page of another origin read it (CORS; https://fetch.spec.whatwg.org/#http-cors-protocol)."""
    response.headers["Access-Control-Allow-Origin"] = ANY_ORIGIN
    return response
