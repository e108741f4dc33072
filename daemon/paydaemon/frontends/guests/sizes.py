"""Sizes: how large a body may be, where a plugin's route says otherwise than all others."""

import re
from collections.abc import Sequence
from typing import Any

from quart import Request
from quart_trio.asgi import TrioASGIHTTPConnection

from paydaemon.frontends.guests.live import LiveFrontend
from paydaemon.hooks.frontend import Route

_OPEN_PART = re.compile("<[^>]*>")


class BodySizes:
    """Of all routes that say it."""

    def __init__(self, guests: Sequence[LiveFrontend]) -> None:
        routes = [route for guest in guests for route in guest.routes if isinstance(route, Route)]
        self._sizes = [
            (_pattern(route.path), route.body_bytes) for route in routes if route.body_bytes is not None
        ]

    def at(self, path: str) -> int | None:
        """The size in bytes; None where it is that of all others."""
        return next((size for pattern, size in self._sizes if pattern.fullmatch(path)), None)


class SizedConnection(TrioASGIHTTPConnection):
    """Makes requests with bodies of the size that their path has. Nothing of a body has been read by then."""

    def _create_request_from_scope(self, send: Any) -> Request:
        request = super()._create_request_from_scope(send)
        sizes = self.app.config["BODY_SIZES"]
        assert isinstance(sizes, BodySizes)
        size = sizes.at(request.path)
        if size is not None:
            request.body = request.body_class(request.content_length, size)
        return request


def _pattern(path: str) -> re.Pattern[str]:
    fixed = [re.escape(part) for part in _OPEN_PART.split(path.rstrip("/"))]
    return re.compile("[^/]+".join(fixed) + "/?")
