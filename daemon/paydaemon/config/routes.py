"""What frontends of plugins may serve: paths that are not the daemon's own, and each of them once."""

import re
from collections.abc import Iterator, Sequence

from paydaemon.hooks.frontend import Route, SocketRoute

OWN = frozenset(
    {"", "admin", "assets", "desk", "docs", "healthz", "i", "metrics", "openapi.json", "readyz", "v1"}
)
"""How the daemon's own paths begin."""

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})

_PART = re.compile(r"[A-Za-z0-9._~-]*|<[a-z_]+>", re.ASCII)
_ORIGIN = re.compile(r"\*|[a-z][a-z0-9+.-]*://[^/\s]+", re.ASCII)

Served = tuple[str, str]
"""A method, or "websocket", and a path whose open parts have no names."""


class Claims:
    """Who serves what."""

    def __init__(self) -> None:
        self._claims: dict[Served, str] = {}

    def take(self, id: str, routes: Sequence[Route | SocketRoute]) -> None:
        """Let a frontend serve these. Raises `ValueError` for what cannot be served, or is already."""
        for route in routes:
            _check_path(route.path)
            _check_origins(route)
            for served in _served(route):
                if served in self._claims:
                    raise ValueError(f"{self._claims[served]} serves {served[0]} {route.path} already")
                self._claims[served] = id


def _served(route: Route | SocketRoute) -> Iterator[Served]:
    path = re.sub("<[^>]*>", "<>", route.path).rstrip("/")
    if isinstance(route, SocketRoute):
        yield "websocket", path
        return
    if not (route.methods and METHODS.issuperset(route.methods)):
        raise ValueError(f"the methods of {route.path} must be some of {', '.join(sorted(METHODS))}")
    for method in sorted(set(route.methods)):
        yield method, path


def _check_path(path: str) -> None:
    nothing, _, rest = path.partition("/")
    parts = rest.split("/")
    if nothing or "" in parts[:-1] or not all(_PART.fullmatch(part) for part in parts):
        raise ValueError(f'"{path}" is no path that can be served')
    if parts[0] in OWN or parts[0].startswith("<"):
        raise ValueError(f"{path} is not free: it begins as the daemon's own paths do")


def _check_origins(route: Route | SocketRoute) -> None:
    for origin in route.origins:
        if _ORIGIN.fullmatch(origin) is None:
            raise ValueError(f'"{origin}" is no origin such as "https://shop.example", nor "*"')
