"""Claims: which frontend serves what, so that no request could go to either of two.

Between two frontends no routes may overlap: which of them is asked would hang on the shape of the other's
paths, which neither author knows. Within one the author knows, and the rule is that of the router: from left
to right, a part that is written out goes before an open one.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from paydaemon.config.routes import OPEN, check_route, parts_of
from paydaemon.hooks.frontend import Route, SocketRoute

ASKING_FIRST = "OPTIONS"
"""How a browser asks whether a page may ask: what has origins answers it, by the daemon."""


class Claim(NamedTuple):
    """That a frontend serves a route. An open part of the path has no name."""

    id: str
    route: Route | SocketRoute
    parts: tuple[str, ...]


class Claims:
    """Who serves what."""

    def __init__(self) -> None:
        self._claims: dict[str, list[Claim]] = {}

    def take(self, id: str, routes: Sequence[Route | SocketRoute]) -> None:
        """Let a frontend serve these. Raises `ValueError` for what cannot be served, or is already."""
        if not isinstance(routes, Sequence):
            raise ValueError(f"its routes must be a tuple, not {routes!r}")
        for route in map(check_route, routes):
            claim = Claim(id, route, parts_of(route.path))
            for kind in sorted(_kinds(route)):
                for other in self._claims.setdefault(kind, []):
                    _refuse_both(kind, claim, other)
                self._claims[kind].append(claim)


def _refuse_both(kind: str, new: Claim, old: Claim) -> None:
    """Raises `ValueError` where a request could be meant for either."""
    if new.id != old.id:
        if _overlap(new.parts, old.parts):
            raise ValueError(
                f"its route {kind} {new.route.path} takes requests that frontends.{old.id} serves"
                f" by {kind} {old.route.path}"
            )
    elif new.parts == old.parts:
        _refuse_twice(kind, new.route, old.route)


def _refuse_twice(kind: str, new: Route | SocketRoute, old: Route | SocketRoute) -> None:
    if kind != ASKING_FIRST:
        raise ValueError(f"its routes {kind} {old.path} and {kind} {new.path} are the same")
    if _pages(new) != _pages(old):
        raise ValueError(
            f"its route {new.path}: origins and credentials must be those of its other route {old.path}:"
            " a browser asks once for both"
        )


def _pages(route: Route | SocketRoute) -> tuple[frozenset[str], bool]:
    return frozenset(route.origins), isinstance(route, Route) and route.credentials


def _kinds(route: Route | SocketRoute) -> Iterator[str]:
    """What a route takes: methods, or websockets."""
    if isinstance(route, SocketRoute):
        yield "websocket"
        return
    yield from set(route.methods)
    if route.origins:
        yield ASKING_FIRST


def _overlap(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Whether one path could match both."""
    return len(some) == len(others) and all(
        one == other or OPEN in (one, other) for one, other in zip(some, others, strict=True)
    )
