"""Points in time: integer milliseconds since the Unix epoch inside, RFC 3339 in UTC outside."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rfc3339(at_ms: int) -> str:
    """``2026-01-31T12:00:00.000Z``: RFC 3339, section 5.6, always UTC and always with milliseconds."""
    moment = _EPOCH + timedelta(milliseconds=at_ms)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at_ms % 1000:03d}Z"
