"""Reasons: what went wrong on the way to an endpoint, in a line that its seller is shown."""

import httpcore

from paydaemon.hooks.reasons import cause_of, tls_cause_of


def reason_of(error: Exception, answer_timeout_s: float) -> str:
    """What went wrong on the way, in words that hold nothing of what was sent."""
    tls = tls_cause_of(error)
    if tls is not None:
        return tls
    match error:
        case httpcore.ConnectTimeout():
            return "no connection in time"
        case httpcore.ConnectError():
            return f"no connection: {cause_of(error)}"
        case httpcore.ReadTimeout() | httpcore.WriteTimeout():
            return f"no answer in {answer_timeout_s:g} s"
        case httpcore.RemoteProtocolError() if error.__context__ is not None:
            return "its answer was none of HTTP"
        case _:
            return "the connection was lost"
