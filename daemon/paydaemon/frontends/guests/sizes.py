"""Sizes: how large a body may be, where a plugin's route says otherwise than all others."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from quart import Request
from quart_trio.asgi import TrioASGIHTTPConnection

from paydaemon.config.routes import OPEN, parts_of
from paydaemon.frontends.guests.live import LiveFrontend
from paydaemon.hooks.frontend import Route

Size = tuple[str, re.Pattern[str], int | None]
"""A method, the paths, and the bytes that a body may have."""


class BodySizes:
    """Of all routes, in the order in which the router tries them: what is written out before what is open."""

    def __init__(self, guests: Sequence[LiveFrontend]) -> None:
        routes = [route for guest in guests for route in guest.routes if isinstance(route, Route)]
        routes.sort(key=lambda route: [part == OPEN for part in parts_of(route.path)])
        said = any(route.body_bytes is not None for route in routes)
        self._sizes = [size for route in routes for size in _sizes(route)] if said else []

    def at(self, method: str, path: str) -> int | None:
        """The size in bytes; None where it is that of all others."""
        found = (size for one, pattern, size in self._sizes if one == method and pattern.fullmatch(path))
        return next(found, None)


class SizedConnection(TrioASGIHTTPConnection):
    """Makes requests with bodies of the size that their path has. Nothing of a body has been read by then."""

    def _create_request_from_scope(self, send: Any) -> Request:
        request = super()._create_request_from_scope(send)
        sizes = self.app.config["BODY_SIZES"]
        assert isinstance(sizes, BodySizes)
        size = sizes.at(request.method, request.path)
        if size is not None:
            request.body = request.body_class(request.content_length, size)
        return request


def _sizes(route: Route) -> Iterator[Size]:
    pattern = re.compile(
        "/".join("[^/]+" if part == OPEN else re.escape(part) for part in parts_of(route.path)) + "/?"
    )
    yield from ((method, pattern, route.body_bytes) for method in route.methods)
