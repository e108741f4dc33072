"""Reasons: what went wrong on the way to an endpoint, in a line that its seller is shown.

Everything that httpcore and the system raise comes to a few sentences of our own: theirs may quote what was
sent, what was answered, or an address that is nobody's business.
"""

import os
import ssl
from collections.abc import Iterator

import httpcore


def reason_of(error: Exception, answer_timeout_s: float) -> str:
    """What went wrong on the way, in words that hold nothing of what was sent."""
    tls = next((cause for cause in _causes(error) if isinstance(cause, ssl.SSLError)), None)
    if tls is not None:
        return _of_tls(tls)
    match error:
        case httpcore.ConnectTimeout():
            return "no connection in time"
        case httpcore.ConnectError():
            return f"no connection: {_of_the_system(error)}"
        case httpcore.ReadTimeout() | httpcore.WriteTimeout():
            return f"no answer in {answer_timeout_s:g} s"
        case httpcore.RemoteProtocolError() if error.__context__ is not None:
            return "its answer was none of HTTP"
        case _:
            return "the connection was lost"


def _of_tls(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    return f"TLS failed: {error.reason or 'the connection was lost'}"


def _of_the_system(error: Exception) -> str:
    numbers = (cause.errno for cause in _causes(error) if isinstance(cause, OSError))
    return next((os.strerror(number).lower() for number in numbers if number), "it was lost")


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        if isinstance(seen, BaseExceptionGroup):
            seen = seen.exceptions[0]
        else:
            seen = seen.__cause__ or seen.__context__
