"""Ways: what telling a publisher needs of the network, whichever protocol is spoken over it.

Everything that goes wrong there comes to a few sentences of our own: the libraries' may quote what was sent.
"""

import os
import ssl
from collections.abc import Iterator

import trio

from paydaemon_socketio.publisher.address import host_and_port, is_encrypted
from paydaemon_socketio.publisher.config import PublisherConfig

Stream = trio.SocketStream | trio.SSLStream[trio.SocketStream]


class NoWay(Exception):
    """There is no connection, or no answer; says why in one line, without anything that was sent."""


def trust(config: PublisherConfig) -> ssl.SSLContext:
    """The system's authorities, and the operator's own. Raises `ValueError` where these cannot be used."""
    context = ssl.create_default_context()
    if config.ca_file is not None:
        try:
            context.load_verify_locations(cafile=config.ca_file)
        except ssl.SSLError as error:
            raise ValueError("ca_file: there are no certificates in it") from error
        except OSError as error:
            raise ValueError(f"ca_file: cannot be read: {error.strerror}") from error
    return context


async def connected(url: str, context: ssl.SSLContext, timeout_s: float) -> Stream:
    """A connection, with TLS where the URL says so. Raises `NoWay`."""
    try:
        with trio.fail_after(timeout_s):
            tcp = await trio.open_tcp_stream(*host_and_port(url))
    except trio.TooSlowError:
        raise NoWay("no connection in time") from None
    except OSError as error:
        raise NoWay(f"no connection: {cause_of(error)}") from error
    return await _secured(tcp, url, context, timeout_s) if is_encrypted(url) else tcp


async def _secured(
    tcp: trio.SocketStream, url: str, context: ssl.SSLContext, timeout_s: float
) -> trio.SSLStream[trio.SocketStream]:
    stream = trio.SSLStream(tcp, context, server_hostname=host_and_port(url)[0], https_compatible=True)
    try:
        with trio.fail_after(timeout_s):
            await stream.do_handshake()
    except BaseException as error:
        await trio.aclose_forcefully(tcp)
        if isinstance(error, trio.TooSlowError):
            raise NoWay("no connection in time") from None
        if isinstance(error, trio.BrokenResourceError):
            raise NoWay(f"no connection: {cause_of(error)}") from error
        raise
    return stream


def cause_of(error: BaseException) -> str:
    """What the system, or TLS, has against it."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed: {cause.reason or 'the connection was lost'}"
        if isinstance(cause, OSError) and cause.errno:
            return _in_words(cause.errno)
    return "it was lost"


def _in_words(number: int) -> str:
    """The system's words; a name that cannot be looked up has a number below zero (gai_strerror(3))."""
    return os.strerror(number).lower() if number > 0 else "its name could not be looked up"


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        if isinstance(seen, BaseExceptionGroup):
            seen = seen.exceptions[0]
        else:
            seen = seen.__cause__ or seen.__context__
