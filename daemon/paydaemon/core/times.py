"""Points in time: integer milliseconds since the Unix epoch inside, RFC 3339 in UTC outside."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rfc3339(at_ms: int) -> str:
    """``2026-01-31T12:00:00.000Z``: RFC 3339, section 5.6, always UTC and always with milliseconds."""
    return f"{_second(at_ms // 1000)}.{at_ms % 1000:03d}Z"


@lru_cache(maxsize=4096)
def _second(at_s: int) -> str:
    """Remembered, since what happens together is written with the same few times again and again."""
    return (_EPOCH + timedelta(seconds=at_s)).strftime("%Y-%m-%dT%H:%M:%S")
