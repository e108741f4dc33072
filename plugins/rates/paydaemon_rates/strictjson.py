"""JSON with one meaning or none: numbers stay exact, and what parsers disagree about is refused."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from paydaemon_rates.exchange import Unreadable


def loads(body: bytes) -> object:
    """What `body` says; every number in it is a `Decimal`. Raises `Unreadable`."""
    if body.lstrip()[:1] == b"<":
        raise Unreadable("it answered a page, not data")
    try:
        return _DECODER.decode(body.decode("utf-8"))
    except Unreadable:
        raise
    except (ValueError, RecursionError, InvalidOperation):
        raise Unreadable("its answer is not JSON") from None


def mapping(value: object, what: str = "its answer") -> Mapping[str, Any]:
    """Raises `Unreadable` unless it is an object."""
    if not isinstance(value, dict):
        raise Unreadable(f"{what} is not as documented")
    return value


def listing(value: object, what: str = "its answer") -> Sequence[Any]:
    """Raises `Unreadable` unless it is a list."""
    if not isinstance(value, list):
        raise Unreadable(f"{what} is not as documented")
    return value


def by_name(value: object, key: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """A list of objects, by the text that they have for `key`; nothing for any other text.

    Raises `Unreadable` where it is no such list. Who reads one of them sees that it is `the_one`.
    """
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for entry in map(mapping, listing(value)):
        if isinstance(entry.get(key), str):
            found[entry[key]].append(entry)
    return found


def text(value: object, what: str) -> str:
    """Raises `Unreadable` unless it is a string."""
    if not isinstance(value, str):
        raise Unreadable(f"{what} is not as documented")
    return value


def _object(members: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(members)
    if len(found) < len(members):
        raise Unreadable("its answer says the same twice")
    return found


def _constant(name: str) -> object:
    raise Unreadable(f"its answer holds {name}, which is no number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=Decimal, parse_int=Decimal, parse_constant=_constant
)
