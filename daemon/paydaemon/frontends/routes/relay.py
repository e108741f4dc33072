"""``/v1/relay/{chain}``: signed transactions, handed in by HTTP or by a websocket.

A page in a browser may use all of this, where the operator names its origin: so the answers say to whom they
may be shown (CORS; https://fetch.spec.whatwg.org/#http-cors-protocol).
"""

import trio
from quart import Blueprint, Response, request, websocket
from werkzeug.exceptions import MethodNotAllowed

from paydaemon.core.public import public_relay
from paydaemon.engine.api import Api
from paydaemon.engine.relays import Wait
from paydaemon.frontends import body, errors, wire
from paydaemon.frontends.gate import authenticate_again, pace, principal
from paydaemon.frontends.models import NewRelay
from paydaemon.frontends.places import SocketPlaces
from paydaemon.frontends.relayaccess import KeyRelay
from paydaemon.frontends.relaysocket import Caller, check_size
from paydaemon.frontends.relaytalk import talk
from paydaemon.frontends.requests import Query
from paydaemon.frontends.settings import FrontendSettings

PREFLIGHT_LASTS_S = 600
PATHS = {"/v1/relay/<id:chain>": "POST", "/v1/relay/<id:chain>/<transaction_id>": "GET"}


def blueprint(api: Api, settings: FrontendSettings, stop: trio.Event) -> Blueprint:
    """Hand transactions in, and ask what became of them."""
    routes = Blueprint("relay", __name__)
    limits, places = settings.limits, SocketPlaces(settings.limits)

    @routes.post("/v1/relay/<id:chain>")
    async def hand_in(chain: str) -> Response:
        asked = await body.read(NewRelay, limits, known=("wait",))
        wait = Query(request.args, ("wait",)).one_of("wait", Wait) or Wait.PRECHECK
        check_size(asked.transaction, limits)
        handed = await api.relays.hand_in(principal(), chain, asked.transaction, asked.invoice_id)
        return wire.answer(public_relay(await handed.until(wait)))

    @routes.get("/v1/relay/<id:chain>/<transaction_id>")
    async def show(chain: str, transaction_id: str) -> Response:
        Query(request.args, ())
        return wire.answer(public_relay((await api.relays.find(principal(), chain, transaction_id)).relay))

    @routes.websocket("/v1/relay/<id:chain>")
    async def follow(chain: str) -> None:
        Query(websocket.args, ())
        api.relays.require(chain)
        access = KeyRelay(api.relays, principal(), chain)
        caller = Caller(principal(), authenticate_again(), pace(), access, errors.request_id())
        places.take(caller.principal)
        try:
            await talk(websocket, caller, stop, limits)
        finally:
            places.give_back(caller.principal)

    async def preflight(**_: str) -> Response:
        """A browser's question whether a page may ask; the gate has looked at its origin."""
        method = PATHS[str(request.url_rule)]
        if "Origin" not in request.headers or "Access-Control-Request-Method" not in request.headers:
            raise MethodNotAllowed([method])
        allowed = {"Allow-Methods": method, "Allow-Headers": "Authorization, Content-Type"}
        headers = {f"Access-Control-{name}": value for name, value in allowed.items()}
        return Response("", 204, {**headers, "Access-Control-Max-Age": str(PREFLIGHT_LASTS_S)})

    for path in PATHS:
        routes.add_url_rule(path, "preflight", preflight, methods=["OPTIONS"])
    routes.after_request(_allow_origin)
    return routes


async def _allow_origin(response: Response) -> Response:
    """Show the answer to the page that asked, unless that was refused for its origin."""
    origin = request.headers.get("Origin")
    if origin is not None and response.status_code != 403:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = "X-Request-Id, Retry-After"
    response.headers["Vary"] = "Origin"
    return response
