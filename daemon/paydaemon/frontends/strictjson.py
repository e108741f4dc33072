"""JSON as it comes from strangers: one meaning or none.

Parsers disagree about duplicate keys, ``NaN``, numbers beyond a double and lone surrogates, and disagreement
about a payment is a hole. All of these are refused, with the path of the field. Depth is measured before
anything recurses.
"""

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from paydaemon.core.errors import Refusal, invalid

MAX_SAFE_INTEGER = 2**53 - 1
"""RFC 8259, section 6: beyond it, implementations do not agree on an integer's value."""
MAX_INTEGER_DIGITS = 16
MAX_PATH = 200

# A string is matched whole, ended or not, so that the scan stays linear whatever it is given.
_BRACKET = re.compile(rb'"(?:[^"\\]++|\\.?)*+"?|([\[{])|([\]}])', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class _Unusable:
    """Stands where a value cannot be used, until the walk knows its path."""

    code: str
    message: str
    key: str | None = None


def loads(data: bytes, max_depth: int) -> dict[str, object]:
    """The JSON object that `data` is. Raises `Refusal` naming the field where one is at fault."""
    if _may_be_deeper(data, max_depth) and depth(data) > max_depth:
        raise invalid(None, f"the body must not be nested deeper than {max_depth} levels", "too_deep")
    value = _parse(data)
    for path, unusable in _unusable(value, ()):
        raise _refusal(path, unusable)
    if not isinstance(value, dict):
        raise invalid(None, "the body must be a JSON object", "not_an_object")
    return value


def _may_be_deeper(data: bytes, max_depth: int) -> bool:
    """Whether there are as many brackets at all, which is soon counted: most bodies have a few."""
    return data.count(b"{") + data.count(b"[") > max_depth


def depth(data: bytes) -> int:
    """How deep lists and objects are nested, counted without parsing. Linear in the length of `data`."""
    deepest = level = 0
    for match in _BRACKET.finditer(data):
        if match[1]:
            level += 1
            deepest = max(deepest, level)
        elif match[2]:
            level -= 1
    return deepest


def _parse(data: bytes) -> object:
    try:
        return _DECODER.decode(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise invalid(None, f"the body is not UTF-8 at byte {error.start}", "invalid_utf8") from None
    except json.JSONDecodeError as error:
        if data.startswith(codecs.BOM_UTF8):
            said = "the body begins with a byte order mark: send it as UTF-8 without one"
            raise invalid(None, said, "invalid_json") from None
        where = f"{error.msg}: line {error.lineno}, column {error.colno}"
        raise invalid(None, f"the body is not JSON: {where}", "invalid_json") from None


def _object(pairs: list[tuple[str, object]]) -> object:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    seen: set[str] = set()
    twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    return _Unusable("duplicate_key", "is given twice", twice)


def _integer(text: str) -> object:
    if len(text.lstrip("-")) <= MAX_INTEGER_DIGITS:
        value = int(text)
        if abs(value) <= MAX_SAFE_INTEGER:
            return value
    return _Unusable("number_out_of_range", "is an integer beyond 2^53; write it as a string")


def _float(text: str) -> object:
    value = float(text)
    return value if isfinite(value) else _Unusable("number_out_of_range", "is a number too large")


def _constant(name: str) -> object:
    return _Unusable("not_a_number", f"must not be {name}: that is not JSON")


def _unusable(value: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], _Unusable]]:
    match value:
        case _Unusable():
            yield path, value
        case str():
            if problem := _bad_text(value):
                yield path, problem
        case list():
            for index, item in enumerate(value):
                yield from _unusable(item, (*path, str(index)))
        case dict():
            for key, item in value.items():
                if problem := _bad_text(key):
                    yield path, problem
                yield from _unusable(item, (*path, key))
        case _:
            pass


def _bad_text(text: str) -> _Unusable | None:
    if "\0" in text:
        return _Unusable("invalid_text", "must not hold U+0000")
    if _SURROGATE.search(text):
        return _Unusable("invalid_text", "must not hold half of a surrogate pair")
    return None


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
)


def _refusal(path: tuple[str, ...], unusable: _Unusable) -> Refusal:
    full = path if unusable.key is None else (*path, unusable.key)
    return invalid(dotted(full), unusable.message, unusable.code)


def dotted(path: Sequence[str | int]) -> str | None:
    """A field's path as errors name it, such as ``buyer.email``; short and printable whatever its keys."""
    text = ".".join(str(step) for step in path if step != "")[:MAX_PATH]
    return text.encode("utf-8", "replace").decode() or None
