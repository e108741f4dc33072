"""Reasons: why a connection could not be made or was lost, in a line that may be shown to anybody.

Whatever the system, TLS and the libraries around them raise comes to a few sentences of our own: theirs may
quote what was sent, what was answered, or an address that is nobody's business.
"""

import os
import ssl
from collections.abc import Iterator


def cause_of(error: BaseException) -> str:
    """What TLS, or else the system, has against it."""
    return tls_cause_of(error) or _of_the_system(error) or "it was lost"


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


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        if isinstance(seen, BaseExceptionGroup):
            seen = seen.exceptions[0]
        else:
            seen = seen.__cause__ or seen.__context__
