"""Why there is no connection, in words of our own: whatever else it was wrapped in says nothing."""

import errno
import socket
import ssl
import urllib.error

import pytest
import trio

from paydaemon.hooks.reasons import cause_of, tls_cause_of

SECRET = "https://user:password@192.0.2.1/"


def wrapped(cause: BaseException) -> BaseException:
    """As libraries do it: by ``from``, without, and in a group."""
    raised = Exception(SECRET)
    raised.__cause__ = ExceptionGroup(SECRET, [Exception(SECRET)])
    raised.__cause__.exceptions[0].__context__ = cause
    return raised


def failed(reason: str | None) -> ssl.SSLError:
    error = ssl.SSLError(1, SECRET)
    error.reason = reason  # type: ignore[assignment]
    return error


def untrusted() -> ssl.SSLError:
    error = ssl.SSLCertVerificationError(1, SECRET)
    error.verify_message = "self-signed certificate"
    return error


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (OSError(errno.ECONNREFUSED, SECRET), "connection refused"),
        (socket.gaierror(socket.EAI_NONAME, SECRET), "its name could not be looked up"),
        (failed("WRONG_VERSION_NUMBER"), "TLS failed: WRONG_VERSION_NUMBER"),
        (failed(None), "TLS failed: the connection was lost"),
        (untrusted(), "its certificate is not trusted: self-signed certificate"),
        (TimeoutError(SECRET), "it took too long"),
        (TimeoutError(errno.ETIMEDOUT, SECRET), "connection timed out"),
        (trio.TooSlowError(), "it took too long"),
        (urllib.error.URLError(ConnectionRefusedError(errno.ECONNREFUSED, SECRET)), "connection refused"),
        (urllib.error.URLError(SECRET), "it was lost"),
        (urllib.error.URLError(untrusted()), "its certificate is not trusted: self-signed certificate"),
        (ValueError(SECRET), "it was lost"),
        (OSError(SECRET), "it was lost"),
    ],
)
def test_the_innermost_is_what_counts(cause: BaseException, said: str) -> None:
    assert cause_of(wrapped(cause)) == cause_of(cause) == said


def test_tls_goes_before_the_system() -> None:
    lost = ConnectionResetError(errno.ECONNRESET, SECRET)
    assert tls_cause_of(lost) is None
    lost.__cause__ = untrusted()
    assert cause_of(lost) == tls_cause_of(lost) == "its certificate is not trusted: self-signed certificate"


def test_what_goes_round_in_a_circle_ends() -> None:
    outer, inner = urllib.error.URLError(SECRET), ValueError(SECRET)
    outer.reason, inner.__context__ = inner, outer
    assert cause_of(outer) == "it was lost"
