"""Times as exchanges write them → milliseconds since the Unix epoch. No float is made of them either."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal

from paydaemon_rates.exchange import Unreadable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXACT = Context(prec=30)
_UNIX = re.compile(r"[0-9]{1,11}(?:\.[0-9]{1,9})?", re.ASCII)
_RFC3339 = re.compile(r"[0-9-]{10}T[0-9:]{8}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def unix_ms(said: object) -> int:
    """Seconds since the epoch, as a string or a number. Raises `Unreadable`."""
    if isinstance(said, Decimal):
        said = format(said, "f") if said.is_finite() and abs(said.adjusted()) < 12 else ""
    if not isinstance(said, str) or _UNIX.fullmatch(said) is None:
        raise Unreadable("its time is none")
    return int(_EXACT.multiply(Decimal(said), 1000))


def rfc3339_ms(said: object) -> int:
    """``2026-11-22T12:00:00.123456Z``. Raises `Unreadable`."""
    if not isinstance(said, str) or _RFC3339.fullmatch(said) is None:
        raise Unreadable("its time is none")
    try:
        return (datetime.fromisoformat(said) - _EPOCH) // timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        raise Unreadable("its time is none") from None


def day_ms(said: object) -> int:
    """The beginning of ``2026-11-20`` in UTC. Raises `Unreadable`."""
    if not isinstance(said, str) or _DATE.fullmatch(said) is None:
        raise Unreadable("its date is none")
    try:
        day = date.fromisoformat(said)
    except ValueError:
        raise Unreadable("its date is none") from None
    return (datetime(day.year, day.month, day.day, tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)
