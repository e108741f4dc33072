"""What a publisher's answer means: any 2xx is taken, and all else is tried again, but 410.

One that answers 404 or 401 is most often being deployed or mended, so no other status gives anything up.
And one 2xx is none: the WordPress plugin says 200 to a signature that it cannot verify, with a body that
tells the truth. Whoever has the wrong public key would lose every payment by it, and nobody would know.
"""

import json
import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from paydaemon.hooks.notifier import NotTold, Told

MAX_RETRY_AFTER_S = 3_600.0
"""However long a publisher asks for. A slip of its must not keep payments from it for a day."""

_REFUSAL = "failed validation"
_SECONDS = re.compile(r"[0-9]{1,10}", re.ASCII)
_MAX_DATE = 40


def told(status: int, retry_after: str | None, body: bytes, now_s: float) -> Told:
    """How that went. Raises `NotTold`."""
    phrase = _phrase(status)
    if 200 <= status < 300 and not _is_refusal(body):
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


def _is_refusal(body: bytes) -> bool:
    """Whether it is ``{"msg":"failed validation…"}``; WordPress writes that as a string of JSON in JSON."""
    said: object = body
    for _ in range(2):
        if not isinstance(said, str | bytes):
            break
        try:
            said = json.loads(said)
        except (ValueError, RecursionError):
            return False
    return isinstance(said, dict) and str(said.get("msg", "")).startswith(_REFUSAL)


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
    if 200 <= status < 300:
        return ", but that it failed to validate what was sent: look whether it has our public key"
    if 300 <= status < 400:
        return ", and redirects are not followed"
    return ": it wants none of this any more" if status == HTTPStatus.GONE else ""
