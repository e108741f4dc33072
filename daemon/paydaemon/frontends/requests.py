"""What requests may say beside their body: query strings parameter by parameter, and headers.

Nothing unknown is taken and nothing is converted. Whatever is wrong comes out as a `Refusal` that names the
parameter or the header.
"""

import re
from enum import StrEnum
from typing import TypeVar

from werkzeug.datastructures import Headers, MultiDict

from paydaemon.core.errors import Refusal, invalid
from paydaemon.core.ids import ID, TARGET
from paydaemon.core.raterules import PAIR
from paydaemon.core.times import parse_rfc3339
from paydaemon.frontends.strictjson import dotted

MAX_LIMIT = 200
DEFAULT_LIMIT = 50
MAX_QUERY_TEXT = 255
MAX_VALUES = 100
IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,255}", re.ASCII)

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)

E = TypeVar("E", bound=StrEnum)


def idempotency_key(headers: Headers) -> str | None:
    """The ``Idempotency-Key`` header. Raises `Refusal` where it is unusable or given twice."""
    given = headers.getlist("Idempotency-Key")
    if not given:
        return None
    if len(given) > 1:
        raise _bad_idempotency_key()
    return checked_idempotency_key(given[0])


def checked_idempotency_key(given: str) -> str:
    """The same, however it was sent."""
    if IDEMPOTENCY_KEY.fullmatch(given) is None:
        raise _bad_idempotency_key()
    return given


def _bad_idempotency_key() -> Refusal:
    return invalid("Idempotency-Key", "must be one value of 1 to 255 visible ASCII characters")


class Query:
    """A query string. Parameters that are not `known`, or are given twice without need, are refused."""

    def __init__(self, args: MultiDict[str, str], known: tuple[str, ...]) -> None:
        for name in args:
            if name not in known:
                raise invalid(dotted([name]), "is not a parameter of this request", "unknown_parameter")
        self._args = args

    def text(self, name: str) -> str | None:
        """A parameter as it stands, or None."""
        given = self._args.getlist(name)
        if len(given) > 1:
            raise invalid(name, "is given twice", "duplicate_parameter")
        if given and (not given[0] or len(given[0]) > MAX_QUERY_TEXT or _CONTROL.search(given[0])):
            raise invalid(name, f"must be 1 to {MAX_QUERY_TEXT} printable characters")
        return given[0] if given else None

    def integer(self, name: str, least: int, most: int) -> int | None:
        """A parameter as a whole number of ASCII digits, or None."""
        text = self.text(name)
        return None if text is None else whole_number(name, text, least, most)

    def limit(self, most: int = MAX_LIMIT) -> int:
        """``limit``: how many items a page holds at most; never more than the operator's `most`."""
        return min(self.integer("limit", 1, MAX_LIMIT) or DEFAULT_LIMIT, most)

    def id(self, name: str) -> str | None:
        """A parameter that is an identifier, or None."""
        text = self.text(name)
        if text is not None and ID.fullmatch(text) is None:
            raise invalid(name, "is not an identifier")
        return text

    def target(self, name: str) -> str | None:
        """A parameter that is a target's identifier, or None."""
        text = self.text(name)
        if text is not None and TARGET.fullmatch(text) is None:
            raise invalid(name, "is not the identifier of a target")
        return text

    def time_ms(self, name: str) -> int | None:
        """A parameter that is a time of RFC 3339, in ms, or None."""
        text = self.text(name)
        try:
            return None if text is None else parse_rfc3339(text)
        except ValueError:
            raise invalid(name, f"must be a time such as 2026-01-31T12:00:00Z{_lost_plus(text)}") from None

    def pair(self, name: str) -> tuple[str, str] | None:
        """A parameter that is a pair such as ``BTC/EUR``: base and quote, or None."""
        text = self.text(name)
        match = None if text is None else PAIR.fullmatch(text)
        if text is not None and match is None:
            raise invalid(name, "must be a pair such as BTC/EUR")
        return None if match is None else (match[1], match[2])

    def one_of(self, name: str, kinds: type[E]) -> E | None:
        """A parameter that is a member of an enumeration, or None."""
        text = self.text(name)
        return None if text is None else member(name, text, kinds)

    def flag(self, name: str) -> bool:
        """``true`` or ``false``; false where it is not given."""
        text = self.text(name)
        if text not in (None, "true", "false"):
            raise invalid(name, "must be true or false")
        return text == "true"

    def each(self, name: str) -> list[str]:
        """A parameter that may be repeated, each time with several values between commas."""
        values = [value for given in self._args.getlist(name) for value in given.split(",")]
        if len(values) > MAX_VALUES:
            raise invalid(name, f"holds more than {MAX_VALUES} values", "too_long")
        return values


def _lost_plus(text: str | None) -> str:
    """A hint where the + of a time was read as the blank that it stands for in a query string."""
    try:
        parse_rfc3339((text or "").replace(" ", "+"))
    except ValueError:
        return ""
    return "; write its + as %2B"


def whole_number(name: str, text: str, least: int, most: int) -> int:
    """A whole number of ASCII digits. Raises `Refusal`."""
    if _DIGITS.fullmatch(text) is None or not least <= int(text) <= most:
        raise invalid(name, f"must be a whole number from {least} to {most}", "out_of_range")
    return int(text)


def member(name: str, text: str, kinds: type[E]) -> E:
    """The member of an enumeration that `text` names. Raises `Refusal`."""
    try:
        return kinds(text)
    except ValueError:
        known = ", ".join(kind.value for kind in kinds)
        raise invalid(name, f"must be one of {known}") from None
