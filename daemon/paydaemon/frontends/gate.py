"""The gate: everything a request must pass before its body is read.

A key has a pace of its own, wherever it is used from; who has none shares the pace of the address. Whoever
adds a route gets all of this: what needs no key is named here, in `OPEN`, and nowhere else.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import urlsplit

import trio
from quart import Quart, Response, g, request, websocket
from quart.wrappers.base import BaseRequestWebsocket
from werkzeug.datastructures import Headers

from paydaemon.core.access import LOCAL_OPERATOR, PUBLIC, Principal
from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.engine.accounts import Accounts
from paydaemon.frontends import addresses, errors
from paydaemon.frontends.here import is_from_here
from paydaemon.frontends.pace import Paces
from paydaemon.frontends.scope import STREAM
from paydaemon.frontends.settings import FrontendSettings
from paydaemon.frontends.stream import PatientStream
from paydaemon.frontends.unix import peer_uid
from paydaemon.hooks.frontend import Access
from paydaemon.store.port import StoreUnavailable

OPEN = frozenset(
    {
        "health.alive", "health.ready", "checkout.invoice", "checkout.script",
        "checkout.embed",
        "interface.openapi", "interface.docs", "interface.css",
        "public.show", "public.follow", "public.stream",
    }
)  # fmt: skip
"""Endpoints that need no key."""

DESK = "desk."
"""What the names of the desk's endpoints begin with: they need a session of the desk's own, and no key."""

PAYING = frozenset({"paying.prepare", "paying.hand_in", "paying.follow", "paying.no_preflight"})
"""Endpoints that need no key but an invoice's id. In a browser they are for our own pages."""

PREFLIGHT = "relay.preflight"
RELAY = frozenset({"relay.hand_in", "relay.show", "relay.follow", PREFLIGHT})
"""Endpoints that a page in a browser may use, and that need no key where the operator says so."""

ANY_ORIGIN = "*"
"""Stands for every page."""

_BEARER = re.compile(r"bearer +([!-~]+)", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Door:
    """Who may pass to an endpoint of a plugin's: from what pages beside our own, and with what access."""

    origins: Collection[str]
    access: Access


@dataclass(frozen=True, slots=True)
class Preflight:
    """An endpoint by which browsers ask whether a page may ask. Nobody has to be known for that."""

    origins: Collection[str]


Authenticate = Callable[[BaseRequestWebsocket], Awaitable[Principal]]


def principal() -> Principal:
    """Who makes the current request."""
    found = g.principal
    assert isinstance(found, Principal)
    return found


def authenticate_again() -> Callable[[], Awaitable[Principal]]:
    """Looks at the current request's key once more, for what outlives the request."""
    found: Callable[[], Awaitable[Principal]] = g.authenticate
    return found


def pace() -> Callable[[], None]:
    """Takes one token of whoever makes the current request, for each message of what outlives it.

    Raises `TooFast` where there is none.
    """
    found: Callable[[], None] = g.pace
    return found


async def operator_asks() -> bool:
    """Whether a request that needs no key comes from an operator all the same. A wrong key is no key here."""
    try:
        return (await authenticate_again()()).is_operator
    except (Refusal, StoreUnavailable):
        return False


async def local(asked: BaseRequestWebsocket) -> Principal:
    """Authenticates everybody: the listener has looked at the peer's credentials already."""
    await trio.lowlevel.checkpoint()
    stream = asked.scope["state"][STREAM]
    assert isinstance(stream, PatientStream)
    return replace(LOCAL_OPERATOR, uid=peer_uid(stream.socket))


def bearer(accounts: Accounts) -> Authenticate:
    """Authenticates by ``Authorization: Bearer <key>`` (RFC 6750, section 2.1)."""

    async def authenticate(asked: BaseRequestWebsocket) -> Principal:
        given = asked.headers.getlist("Authorization")
        if not given:
            message = 'send your API key as "Authorization: Bearer <key>"'
            raise Refusal(ErrorType.AUTHENTICATION, "missing_key", message, "Authorization")
        match = _BEARER.fullmatch(given[0])
        if match is None or len(given) > 1:
            message = 'must be one "Bearer <key>"'
            raise Refusal(ErrorType.AUTHENTICATION, "invalid_key", message, "Authorization")
        return await accounts.authenticate(match[1])

    return authenticate


class Gate:
    """Lets requests through, or raises `Refusal`."""

    def __init__(
        self,
        settings: FrontendSettings,
        authenticate: Authenticate,
        doors: Mapping[str, Door | Preflight] | None = None,
    ) -> None:
        self._limits = limits = settings.limits
        self._authenticate = authenticate
        self._doors = doors or {}
        self._trusted = settings.trusted_proxies
        self._public_url = settings.public_url
        self._origin = origin_of(settings.public_url)
        self._relay_public = settings.relay_public
        self._relay_origins = settings.relay_origins
        self._paces = Paces(limits.requests_per_s, limits.requests_burst, limits.paces_remembered)

    def install(self, app: Quart) -> None:
        """Stand before every request and websocket of `app`."""

        async def before_request() -> None:
            # Itself, and not what stands for it: an answer that lasts goes on where there is no such thing.
            await self.pass_through(request._get_current_object())  # type: ignore[attr-defined] # noqa: SLF001

        async def before_websocket() -> None:
            if websocket.endpoint not in (*RELAY, *OPEN, *self._doors):
                self.check_origin(websocket.headers)
            await self.pass_through(websocket)

        app.before_request(before_request)
        app.before_websocket(before_websocket)
        app.after_request(_stamp)
        app.after_websocket(_stamp_websocket)  # type: ignore[type-var] # Quart passes None once accepted

    def limits_changed(self) -> None:
        """Go on at the pace that the limits name now."""
        self._paces.per_s, self._paces.burst = self._limits.requests_per_s, self._limits.requests_burst
        self._paces.remembered = self._limits.paces_remembered

    async def pass_through(self, asked: BaseRequestWebsocket) -> None:
        """Let one request pass. A path that does not exist is told so to anybody."""
        g.authenticate = partial(self._authenticate, asked)
        g.pace = self._pace_of_address(asked)
        door = self._doors.get(asked.endpoint or "")
        if asked.endpoint in RELAY:
            self.check_origin(asked.headers, self._relay_origins)
        if asked.endpoint in PAYING:
            self.check_origin(asked.headers)
        if door is not None:
            self.check_origin(asked.headers, door.origins)
        if self._asks_for_nothing(asked, door):
            g.pace()
            return
        if self._lets_in_without_key(asked, door):
            g.authenticate = nobody
        try:
            g.principal = await g.authenticate()
        except Refusal:
            g.pace()
            raise
        if g.principal.key_id not in (PUBLIC.key_id, LOCAL_OPERATOR.key_id):
            g.pace = partial(self._paces.take, ("key", g.principal.key_id))
        g.pace()

    def _asks_for_nothing(self, asked: BaseRequestWebsocket, door: Door | Preflight | None) -> bool:
        """Nobody has to be known for it."""
        if asked.routing_exception is not None or _is_open(asked.endpoint or ""):
            return True
        return isinstance(door, Preflight)

    def _lets_in_without_key(self, asked: BaseRequestWebsocket, door: Door | Preflight | None) -> bool:
        """A key that is sent is looked at, also where none is needed."""
        if "Authorization" in asked.headers or asked.scope.get("client") is None:
            return False
        match door:
            case Door(access=Access.OPEN):
                return True
            case Door(access=Access.LOOPBACK):
                return is_from_here(asked, self._trusted, self._public_url)
            case _:
                return self._relay_public and asked.endpoint in RELAY

    def check_origin(self, headers: Headers, others: Collection[str] = ()) -> None:
        """Refuse what a foreign page asks for, but for those of `others`.

        No browser asks first whether a page may open a websocket (RFC 6455, section 10.2).
        """
        origin = headers.get("Origin")
        if origin is not None and not {origin.lower(), ANY_ORIGIN} & {self._origin, *others}:
            raise Refusal(ErrorType.PERMISSION, "foreign_origin", "this page may not connect here", "Origin")

    def _pace_of_address(self, asked: BaseRequestWebsocket) -> Callable[[], None]:
        address = addresses.client_of(asked, self._trusted)
        if address is None:
            return _unpaced
        return partial(self._paces.take, ("address", addresses.one_client(address)))


def _is_open(endpoint: str) -> bool:
    return endpoint in (*OPEN, *PAYING, PREFLIGHT) or endpoint.startswith(DESK)


def _unpaced() -> None:
    """On the Unix socket nobody is too fast."""


async def nobody() -> Principal:
    """Whoever has no key stays so."""
    await trio.lowlevel.checkpoint()
    return PUBLIC


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, as browsers write an origin (RFC 6454, section 6.1)."""
    parts = urlsplit(url.lower())
    default = {"http": 80, "https": 443}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in (None, default) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


async def _stamp(response: Response) -> Response:
    """What every answer carries: its id, and that nobody should reinterpret it.

    Nor keep it, unless it says itself for how long.
    """
    response.headers["X-Request-Id"] = errors.request_id()
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


async def _stamp_websocket(response: Response | None) -> Response | None:
    return None if response is None else await _stamp(response)
