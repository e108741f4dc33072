"""The application: every route behind one gate and inside one error envelope.

There are two of it. The one for everybody listens on TCP and asks for keys. The one for administration
listens on the Unix socket, takes whoever can open that for an operator, and alone has the routes of
``/admin``: on TCP they do not exist, whatever a request says.
"""

from collections.abc import Callable, Sequence
from typing import NoReturn

import trio
from quart import request, websocket
from quart.ctx import RequestContext, WebsocketContext
from quart.routing import QuartRule
from quart.typing import ResponseTypes
from quart.wrappers.base import BaseRequestWebsocket
from quart_trio import QuartTrio
from structlog.contextvars import bind_contextvars
from werkzeug.routing import BaseConverter, MapAdapter

from paydaemon.core.errors import unavailable
from paydaemon.core.ids import ID, TARGET
from paydaemon.engine.api import Api
from paydaemon.frontends import desk, errors, gate
from paydaemon.frontends.exporting import ExportSlots
from paydaemon.frontends.guests import doors
from paydaemon.frontends.guests.live import LiveFrontend
from paydaemon.frontends.guests.sizes import BodySizes, SizedConnection
from paydaemon.frontends.places import StreamPlaces
from paydaemon.frontends.quartsocket import Handshake
from paydaemon.frontends.routes import (
    admin,
    checkout,
    deliveries,
    events,
    exports,
    health,
    interface,
    invoices,
    metrics,
    paying,
    payments,
    plugins,
    public,
    rates,
    relay,
    webhooks,
)
from paydaemon.frontends.settings import FrontendSettings, Limits, Status
from paydaemon.frontends.traffic import NO_ANSWER, UPGRADED, Traffic

NOWHERE = "/-"
"""Stands for a path that begins with an empty segment: the library would leave it out."""


class Identifier(BaseConverter):
    """An identifier in a path: anything else is no path of ours, and is not repeated in an answer."""

    regex = ID.pattern


class TargetId(BaseConverter):
    """A target's identifier in a path."""

    regex = TARGET.pattern


class Route(QuartRule):
    """A route that only matches: no address is ever made from one.

    The library writes and compiles two functions for each route, which make addresses from it. That was more
    than half of what making an application takes.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        return _no_address


def _no_address(route: Route, **values: object) -> NoReturn:
    raise NotImplementedError(f"no address is made from the route {route.rule}")


class App(QuartTrio):
    """Quart, with a time-out on requests and without belief in the Host header."""

    asgi_http_class = SizedConnection
    asgi_websocket_class = Handshake
    url_rule_class = Route  # type: ignore[assignment]  # as QuartRule is there

    def __init__(self, limits: Limits, gate: gate.Gate, traffic: Traffic, sizes: BodySizes) -> None:
        super().__init__(__name__, static_folder=None, template_folder=None)
        self.traffic = traffic
        self._limits = limits
        self._gate = gate
        self._copy_limits()
        self.config["BODY_SIZES"] = sizes
        self.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
        self.url_map.converters["id"] = Identifier
        self.url_map.converters["target"] = TargetId
        self.url_map.merge_slashes = False  # a redirect would name the host that the client claims

    def limits_changed(self) -> None:
        """Take note of those limits that others keep a copy of."""
        self._copy_limits()
        self._gate.limits_changed()

    def _copy_limits(self) -> None:
        self.config["MAX_CONTENT_LENGTH"] = self._limits.body_bytes
        self.config["BODY_TIMEOUT"] = self._limits.body_timeout_s

    def create_url_adapter(self, asked: BaseRequestWebsocket | None) -> MapAdapter | None:
        """Match by path and method alone."""
        if asked is None:
            return None
        path = NOWHERE if asked.scope["path"].startswith("//") else asked.path
        return self.url_map.bind("localhost", None, None, asked.scheme, asked.method, path)

    async def full_dispatch_request(self, request_context: RequestContext | None = None) -> ResponseTypes:
        """Answer a request, in time, and note how it went."""
        bind_contextvars(request_id=errors.request_id())
        with self.traffic.noting(request, NO_ANSWER) as ending:
            ending.answer = await self._answer(request_context)
            return ending.answer

    async def full_dispatch_websocket(
        self, websocket_context: WebsocketContext | None = None
    ) -> ResponseTypes | None:
        """Serve a websocket, and note how it went."""
        bind_contextvars(request_id=errors.request_id())
        with self.traffic.open_websocket(), self.traffic.noting(websocket, UPGRADED) as ending:
            ending.answer = await super().full_dispatch_websocket(websocket_context)
            return ending.answer

    async def _answer(self, request_context: RequestContext | None) -> ResponseTypes:
        with trio.move_on_after(self._limits.request_timeout_s):
            return await super().full_dispatch_request(request_context)
        seconds = f"{self._limits.request_timeout_s:g}"
        late = unavailable("timeout", f"this took longer than {seconds} s; whether it was done is not known")
        return await self.finalize_request(await self.handle_user_exception(late), request_context)


def make_app(
    api: Api,
    settings: FrontendSettings,
    status: Status,
    stop: trio.Event,
    *,
    administration: bool = False,
    guests: Sequence[LiveFrontend] = (),
) -> App:
    """The application for TCP or, with `administration`, the one for the Unix socket.

    `stop` tells websockets and streams that the daemon stops; they are closed with 1001.
    `guests` are the frontends of plugins, which are there on TCP alone.
    """
    authenticate = gate.local if administration else gate.bearer(api.accounts)
    guarded = gate.Gate(settings, authenticate, doors.doors(guests))
    listener = "unix" if administration else "tcp"
    traffic = Traffic(listener, settings.trusted_proxies, settings.log_requests)
    app = App(settings.limits, guarded, traffic, BodySizes(guests))
    slots = ExportSlots(settings.limits)
    places = StreamPlaces(settings.limits)
    errors.install(app)
    guarded.install(app)
    app.register_blueprint(health.blueprint(api, status))
    app.register_blueprint(invoices.blueprint(api, settings))
    app.register_blueprint(payments.blueprint(api, settings))
    app.register_blueprint(exports.blueprint(api, slots))
    app.register_blueprint(events.blueprint(api, settings.limits, stop))
    app.register_blueprint(relay.blueprint(api, settings, stop))
    app.register_blueprint(webhooks.blueprint(api, settings))
    app.register_blueprint(deliveries.blueprint(api, settings))
    app.register_blueprint(rates.blueprint(api, settings))
    app.register_blueprint(checkout.blueprint(api, settings))
    app.register_blueprint(public.blueprint(api, settings, places, stop))
    if settings.relay_checkout:
        app.register_blueprint(paying.blueprint(api, settings, places, stop))
    app.register_blueprint(plugins.blueprint(status))
    app.register_blueprint(interface.blueprint(settings, administration=administration))
    app.register_blueprint(metrics.blueprint(status))
    if not administration:
        desk.install(app, api, settings, status, slots)
    else:
        app.register_blueprint(admin.blueprint(api, settings))
    app.register_blueprint(doors.blueprint(guests, settings))
    return app
