"""Points in time: integer milliseconds since the Unix epoch inside, RFC 3339 in UTC outside."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_WRITTEN = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)


def rfc3339(at_ms: int) -> str:
    """``2026-01-31T12:00:00.000Z``: RFC 3339, section 5.6, always UTC and always with milliseconds."""
    return f"{_second(at_ms // 1000)}.{at_ms % 1000:03d}Z"


def parse_rfc3339(text: str) -> int:
    """The time that a text of RFC 3339 stands for, in ms; what is finer is left out.

    Raises `ValueError` for anything else, also for what `datetime.fromisoformat` takes beside it, and for the
    leap second.
    """
    match = _WRITTEN.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no time of RFC 3339")
    day, clock, fraction, zone = match.groups()
    at = datetime.fromisoformat(f"{day}T{clock}{'+00:00' if zone in 'Zz' else zone}")
    return (at - _EPOCH) // _MILLISECOND + int((fraction or "0").ljust(3, "0")[:3])


@lru_cache(maxsize=4096)
def _second(at_s: int) -> str:
    """Remembered, since what happens together is written with the same few times again and again."""
    return (_EPOCH + timedelta(seconds=at_s)).strftime("%Y-%m-%dT%H:%M:%S")
