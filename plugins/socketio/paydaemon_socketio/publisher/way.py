"""Ways: connections to a publisher, whichever protocol is spoken over them."""

import ssl

import trio

from paydaemon.hooks.reasons import cause_of
from paydaemon_socketio.publisher.address import host_and_port, is_encrypted

Stream = trio.SocketStream | trio.SSLStream[trio.SocketStream]


class NoWay(Exception):
    """There is no connection, or no answer; says why in one line, without anything that was sent."""


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
