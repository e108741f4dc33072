"""What frontends of plugins may declare: paths that are not the daemon's own, and fields that mean something.

A plugin is anybody's code, and no type checker has to have seen it. So whatever it declares is looked at
before the first request comes, and what is refused is told by route and field.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields
from typing import TypeGuard

from paydaemon.hooks.frontend import Access, Route, SocketRoute

OWN = frozenset(
    {"", "-", "admin", "assets", "desk", "docs", "healthz", "i", "metrics", "openapi.json", "readyz", "v1"}
)
"""How the daemon's own paths begin; "-" is where paths lead that begin with two slashes."""

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})

_PART = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._~-]*|<[a-z_]+>", re.ASCII)
_ORIGIN = re.compile(r"\*|[a-z][a-z0-9+.-]*://[^/\sA-Z]+", re.ASCII)


OPEN = "<>"
"""An open part of a path, whatever its name."""

Rule = Callable[[object], str | None]
"""What is wrong with a field, if anything."""


def parts_of(path: str) -> tuple[str, ...]:
    """What a path is matched by: without the names of its open parts, nor a slash at its end."""
    return tuple(re.sub("<[^>]*>", OPEN, path).rstrip("/").split("/"))


def check_route(route: object) -> Route | SocketRoute:
    """One that can be served. Raises `ValueError` that names route and field."""
    if not isinstance(route, Route | SocketRoute):
        raise ValueError(f"its routes must be Routes and SocketRoutes, and one is a {type(route).__name__}")
    for field in fields(route):
        fault = RULES[field.name](getattr(route, field.name))
        if fault is not None:
            raise ValueError(f"its route {_shown(route.path)}: {field.name} {fault}")
    return route


def _path(path: object) -> str | None:
    if not isinstance(path, str) or not path.startswith("/"):
        return "must begin with a slash"
    first, *_ = parts = path[1:].split("/")
    if "" in parts[:-1] or not all(map(_PART.fullmatch, parts)):
        return 'must be such as "/orders/<number>": of letters, digits and "-._~", or open as a whole'
    if first in OWN or first.startswith("<"):
        return "is not free: it begins as the daemon's own paths do"
    twice = [part for part, times in Counter(parts).items() if times > 1 and part.startswith("<")]
    return f"has two open parts {twice[0]}" if twice else None


def _methods(methods: object) -> str | None:
    if _is_collection(methods) and methods and all(method in METHODS for method in methods):
        return None
    return f"must be some of {', '.join(sorted(METHODS))}, not {methods!r}"


def _origins(origins: object) -> str | None:
    if not _is_collection(origins):
        return f'must be a tuple such as ("https://shop.example",) or ("*",), not {origins!r}'
    for origin in origins:
        if not isinstance(origin, str) or _ORIGIN.fullmatch(origin) is None:
            return f'has {origin!r}, which is no origin as browsers write it, "https://shop.example", nor "*"'
    return None


def _access(access: object) -> str | None:
    known = ", ".join(f"Access.{one.name}" for one in Access)
    return None if isinstance(access, Access) else f"must be one of {known}, not {access!r}"


def _function(function: object) -> str | None:
    return None if callable(function) else f"must be a function, not {function!r}"


def _choice(choice: object) -> str | None:
    return None if isinstance(choice, bool) else f"must be True or False, not {choice!r}"


def _body_bytes(size: object) -> str | None:
    if size is None or _is_size(size, least=0):
        return None
    return f"must be a number of bytes, 0 or more, or None, not {size!r}"


def _message_bytes(size: object) -> str | None:
    return None if _is_size(size, least=1) else f"must be a number of bytes, 1 or more, not {size!r}"


RULES: Mapping[str, Rule] = {
    "path": _path,
    "methods": _methods,
    "handle": _function,
    "converse": _function,
    "access": _access,
    "origins": _origins,
    "credentials": _choice,
    "body_bytes": _body_bytes,
    "message_bytes": _message_bytes,
}
"""By field, of requests and of websockets."""


def _is_collection(value: object) -> TypeGuard[Collection[object]]:
    """A text is one of its letters, which nobody means."""
    return isinstance(value, Collection) and not isinstance(value, str | bytes)


def _is_size(value: object, *, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _shown(path: object) -> str:
    return path if isinstance(path, str) and path.startswith("/") else repr(path)
