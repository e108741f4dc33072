"""What an endpoint's answer means: any 2xx is taken, and all else is tried again, but 410.

An endpoint that answers 404 or 401 is most often one that is being deployed or mended, so no other status
gives an event up. Of an answer nothing but its status and ``Retry-After`` is believed, or kept.
"""

import re
from collections.abc import Iterable
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from paydaemon.hooks.notifier import NotTold, Told

MAX_RETRY_AFTER_S = 3_600.0
"""However long an endpoint asks for. A slip of its must not keep news for a day."""

_SECONDS = re.compile(r"[0-9]{1,10}", re.ASCII)
_MAX_DATE = 40


def told(status: int, retry_after: str | None, now_s: float) -> Told:
    """How that went. Raises `NotTold`."""
    phrase = _phrase(status)
    if 200 <= status < 300:
        return Told(status, phrase)
    raise NotTold(
        f"it answered {status} {phrase}".rstrip() + _besides(status),
        status=status,
        retry_after_s=retry_after_s(retry_after, now_s),
        for_good=status == HTTPStatus.GONE,
    )


def retry_after_s(given: str | None, now_s: float) -> float | None:
    """How long to wait, from either form (RFC 9110, section 10.2.3); None where there is none that is one."""
    text = (given or "").strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), MAX_RETRY_AFTER_S)
    at_s = _date_s(text)
    return None if at_s is None else min(max(0.0, at_s - now_s), MAX_RETRY_AFTER_S)


def header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str | None:
    """The first header of that name."""
    return next((value.decode("latin-1") for known, value in headers if known.lower() == name), None)


def _date_s(text: str) -> float | None:
    if not text or len(text) > _MAX_DATE:
        return None
    try:
        at = parsedate_to_datetime(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def _phrase(status: int) -> str:
    """The words that belong to it, not those that were sent."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _besides(status: int) -> str:
    if 300 <= status < 400:
        return ", and redirects are not followed"
    return ": it wants none of this any more" if status == HTTPStatus.GONE else ""
