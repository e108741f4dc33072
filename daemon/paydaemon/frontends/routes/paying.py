"""``/v1/public/invoices/{id}/prepare/…`` and ``…/relay/…``: an invoice is paid by a wallet that signs.

Its payer has a link and no key. So what is prepared pays exactly this invoice, and nothing else is passed on
here: be the relay open to everybody besides or not. Streams and websockets of payers share their places, and
every request and message takes from the pace of its address.
"""

import trio
from quart import Blueprint, Response, request, websocket
from werkzeug.exceptions import MethodNotAllowed

from paydaemon.core.access import PUBLIC
from paydaemon.core.public import public_relay
from paydaemon.engine.api import Api
from paydaemon.engine.clock import system_clock
from paydaemon.engine.preparations import Wish
from paydaemon.engine.relays import Wait
from paydaemon.frontends import addresses, body, errors, payer, wire
from paydaemon.frontends.gate import nobody, pace
from paydaemon.frontends.payermodels import NewPayment, NewPreparation
from paydaemon.frontends.places import StreamPlaces
from paydaemon.frontends.relayaccess import PayerRelay
from paydaemon.frontends.relaysocket import Caller, check_size
from paydaemon.frontends.relaytalk import talk
from paydaemon.frontends.requests import Query
from paydaemon.frontends.settings import FrontendSettings


def blueprint(api: Api, settings: FrontendSettings, places: StreamPlaces, stop: trio.Event) -> Blueprint:
    """Have a payment of an invoice prepared, and hand in what was signed."""
    routes = Blueprint("paying", __name__)
    limits = settings.limits

    @routes.post("/v1/public/invoices/<id:id>/prepare/<id:chain>")
    async def prepare(id: str, chain: str) -> Response:
        asked = await body.read(NewPreparation, limits)
        wish = Wish(id, chain, asked.asset, asked.payer, asked.nodes)
        return wire.answer(payer.prepared(await api.preparations.prepare(wish), system_clock()))

    @routes.post("/v1/public/invoices/<id:id>/relay/<id:chain>")
    async def hand_in(id: str, chain: str) -> Response:
        asked = await body.read(NewPayment, limits, known=("wait",))
        wait = Query(request.args, ("wait",)).one_of("wait", Wait) or Wait.PRECHECK
        check_size(asked.transaction, limits)
        await api.payers_view(id)
        handed = await PayerRelay(api.relays, id, chain).hand_in(asked.transaction, None)
        return wire.answer(public_relay(await handed.until(wait)))

    @routes.websocket("/v1/public/invoices/<id:id>/relay/<id:chain>")
    async def follow(id: str, chain: str) -> None:
        Query(websocket.args, ())
        api.relays.require(chain)
        client = addresses.one_of(websocket, settings.trusted_proxies)
        places.look_for_one(client)
        with places.taken(client):
            await api.payers_view(id)
            access = PayerRelay(api.relays, id, chain)
            caller = Caller(PUBLIC, nobody, pace(), access, errors.request_id())
            await talk(websocket, caller, stop, limits)

    @routes.route("/v1/public/invoices/<id:id>/relay/<id:chain>", methods=["OPTIONS"])
    async def no_preflight(**_: str) -> Response:
        """There is none: foreign pages may not ask. The websocket beside it is no method that could be."""
        raise MethodNotAllowed(["POST"])

    return routes
