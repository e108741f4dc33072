"""Traffic: what one application was asked and how it went, counted for the metrics and told in the log.

Told is the route and never the path, which may hold anything; nor a header, a query or a body. A method that
HTTP does not know is "other", so that a client cannot invent numbers to count or words to log.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus

import structlog
import trio
from quart import g
from quart.typing import ResponseTypes
from quart.wrappers.base import BaseRequestWebsocket

from paydaemon.frontends import addresses
from paydaemon.frontends.settings import Network
from paydaemon.measures import DURATIONS_S, Histogram

log = structlog.get_logger(__name__)

NO_ROUTE = "none"
"""The route of a request that reached none."""

NO_ANSWER = 0
"""The status of a request whose client left before the answer, or whose daemon stopped."""

UPGRADED = HTTPStatus.SWITCHING_PROTOCOLS
"""The status of a websocket that was opened."""

OTHER = "other"
"""Every method that is none of these."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
"""Routes that machines ask every few seconds: their lines are for debugging."""

_CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>", re.ASCII)


@dataclass(slots=True)
class Counts:
    """What the guard has seen. `open` is now, the others are since the start."""

    open: int = 0
    accepted: int = 0
    refused: int = 0
    failed: int = 0


@dataclass(slots=True)
class Ending:
    """How a request ended: by its answer, or by the status `otherwise`."""

    otherwise: int
    answer: ResponseTypes | None = None

    @property
    def status(self) -> int:
        """The status of the answer."""
        return self.otherwise if self.answer is None else self.answer.status_code


@dataclass(slots=True)
class Traffic:
    """One application's, by the name of what it listens on. `logged` may change at any time."""

    listener: str
    trusted: Sequence[Network] = ()
    logged: bool = True
    connections: Counts = field(default_factory=Counts)
    websockets: int = 0
    requests: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    """By route, method and status."""
    durations_s: dict[tuple[str, str], Histogram] = field(default_factory=dict)
    """By route and method, until the answer began. Not of websockets, which last."""

    @contextmanager
    def noting(self, asked: BaseRequestWebsocket, otherwise: int) -> Iterator[Ending]:
        """Note how a request ends inside the block; with the status `otherwise` where there is no answer."""
        began, ending = trio.current_time(), Ending(otherwise)
        try:
            yield ending
        except Exception:
            ending.otherwise = HTTPStatus.INTERNAL_SERVER_ERROR
            raise
        finally:
            self._note(asked, ending, trio.current_time() - began)

    @contextmanager
    def open_websocket(self) -> Iterator[None]:
        """Count a websocket for as long as it is open."""
        self.websockets += 1
        try:
            yield
        finally:
            self.websockets -= 1

    def _note(self, asked: BaseRequestWebsocket, ending: Ending, took_s: float) -> None:
        route, method = route_of(asked), method_of(asked)
        self.requests[route, method, ending.status] += 1
        if ending.status != UPGRADED:
            self._durations_of(route, method).observe(took_s)
        if self.logged:
            self._log(asked, ending, took_s)

    def _log(self, asked: BaseRequestWebsocket, ending: Ending, took_s: float) -> None:
        route, client = route_of(asked), addresses.client_of(asked, self.trusted)
        principal = g.get("principal")
        tell = log.debug if route in PROBES else log.info
        tell(
            "request",
            method=method_of(asked),
            route=route,
            status=ending.status or None,
            duration_ms=round(1000 * took_s, 3),
            bytes=0 if ending.answer is None else ending.answer.content_length,
            key_id=None if principal is None else principal.key_id,
            client=None if client is None else str(client),
        )

    def refused(self, status: int, request_id: str, peer: tuple[str, int] | None) -> None:
        """Note a request that HTTP itself did not let through."""
        self.requests[NO_ROUTE, OTHER, status] += 1
        if self.logged:
            client = None if peer is None else peer[0]
            about = {"request_id": request_id, "client": client}
            log.info("request", method=OTHER, route=NO_ROUTE, status=status, **about)

    def _durations_of(self, route: str, method: str) -> Histogram:
        try:
            return self.durations_s[route, method]
        except KeyError:
            return self.durations_s.setdefault((route, method), Histogram(DURATIONS_S))


def route_of(asked: BaseRequestWebsocket) -> str:
    """The route as the documentation writes it: ``/v1/invoices/{id}``."""
    return NO_ROUTE if asked.url_rule is None else as_documented(asked.url_rule.rule)


@lru_cache(maxsize=256)
def as_documented(rule: str) -> str:
    """A rule of the router's, with its converters left out."""
    return _CONVERTER.sub(r"{\1}", rule)


def method_of(asked: BaseRequestWebsocket) -> str:
    """The method, where HTTP knows it."""
    return asked.method if asked.method in METHODS else OTHER
