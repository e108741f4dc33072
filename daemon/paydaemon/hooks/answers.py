"""Answers by HTTP: what they mean for a notice that was posted, and when they let one ask again.

Any 2xx is taken, and all else is tried again, but 410. Whoever answers 404 or 401 is most often being
deployed or mended, so no other status gives anything up. Of an answer nothing but its status and
``Retry-After`` is believed, or kept.
"""

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from paydaemon.hooks.notifier import NotTold, Told

MAX_RETRY_AFTER_S = 3_600.0
"""However long somebody asks for. A slip of theirs must not keep news, or prices, for a day."""

_SECONDS = re.compile(r"[0-9]{1,1000}", re.ASCII)
_MAX_DATE = 40


def told(status: int, retry_after: str | None, now_s: float) -> Told:
    """How telling it by HTTP went. Raises `NotTold`."""
    if is_taken(status):
        return Told(status, _phrase(status))
    raise NotTold(
        in_words(status) + _besides(status),
        status=status,
        retry_after_s=retry_after_s(retry_after, now_s),
        for_good=status == HTTPStatus.GONE,
    )


def is_taken(status: int) -> bool:
    """RFC 9110, section 15.3."""
    return 200 <= status < 300


def in_words(status: int) -> str:
    """A status in words that belong to it, not those that were sent."""
    return f"it answered {status} {_phrase(status)}".rstrip()


def retry_after_s(given: str | None, now_s: float | None) -> float | None:
    """How long to wait, from either form (RFC 9110, section 10.2.3); None where there is none that is one.

    `now_s` is the time in the clock that a date is meant by: None where that is not known.
    """
    text = (given or "").strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), MAX_RETRY_AFTER_S)
    at_s = date_s(text)
    return None if at_s is None or now_s is None else min(max(0.0, at_s - now_s), MAX_RETRY_AFTER_S)


def date_s(text: str | None) -> float | None:
    """A date as headers have it (RFC 9110, section 5.6.7), in Unix seconds; None for what is none."""
    if not text or len(text) > _MAX_DATE:
        return None
    try:
        at = parsedate_to_datetime(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _besides(status: int) -> str:
    if 300 <= status < 400:
        return ", and redirects are not followed"
    return ": it wants none of this any more" if status == HTTPStatus.GONE else ""
