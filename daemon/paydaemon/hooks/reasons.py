"""Reasons: why a connection could not be made or was lost, in a line that may be shown to anybody.

Whatever the system, TLS and the libraries around them raise comes to a few sentences of our own: theirs may
quote what was sent, what was answered, or an address that is nobody's business.

Understood are the errors of `ssl`, every `OSError` that has a number, names that cannot be looked up, and
timeouts: those of Python, trio, and of libraries that raise them from one of these. What an error was raised
from, or while handling, is looked at, and what is in a group, or in ``reason`` as `urllib.error.URLError` has
it. All else "was lost".
"""

import os
import ssl
from collections.abc import Iterator

import trio


def cause_of(error: BaseException) -> str:
    """What TLS, or else the system, or else a clock, has against it: words such as ``connection refused``."""
    return tls_cause_of(error) or _of_the_system(error) or _of_the_clock(error) or "it was lost"


def tls_cause_of(error: BaseException) -> str | None:
    """What TLS has against it; None where that is not what went wrong."""
    cause = next((cause for cause in _causes(error) if isinstance(cause, ssl.SSLError)), None)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {cause.verify_message}"
    return None if cause is None else f"TLS failed: {cause.reason or 'the connection was lost'}"


def _of_the_system(error: BaseException) -> str | None:
    numbers = (cause.errno for cause in _causes(error) if isinstance(cause, OSError))
    number = next(filter(None, numbers), None)
    if number is None:
        return None
    # A name that cannot be looked up has a number below zero (gai_strerror(3)).
    return os.strerror(number).lower() if number > 0 else "its name could not be looked up"


def _of_the_clock(error: BaseException) -> str | None:
    late = any(isinstance(cause, TimeoutError | trio.TooSlowError) for cause in _causes(error))
    return "it took too long" if late else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    looked_at: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in looked_at:
        yield cause
        looked_at.append(cause)
        cause = _inside(cause) or cause.__cause__ or cause.__context__


def _inside(error: BaseException) -> BaseException | None:
    """What an error carries along beside what it was raised from."""
    if isinstance(error, BaseExceptionGroup):
        return error.exceptions[0]
    reason: object = getattr(error, "reason", None)
    return reason if isinstance(reason, BaseException) else None
