"""Names: the addresses of an endpoint's host, asked of the system's resolver each time one is connected to.

The resolver is a call that blocks, and takes long where a name server is away. So it has threads of its own,
and not those that all the daemon shares.
"""

import socket
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from ipaddress import ip_address

import trio

from paydaemon_webhook.guard import Address

Resolve = Callable[[str], Awaitable[Sequence[Address]]]
"""A name → its addresses, those to be tried first at the beginning. Raises `OSError`."""

MAX_ADDRESSES = 32
"""How many addresses of one name are looked at."""


class Names:
    """The system's resolver."""

    def __init__(self, lookups: int) -> None:
        self._threads = trio.CapacityLimiter(lookups)

    async def look_up(self, host: str) -> Sequence[Address]:
        """`Resolve`. The thread of a call that is cancelled goes on, and keeps its place until it ends."""
        ask = partial(socket.getaddrinfo, host, None, type=socket.SOCK_STREAM)
        found = await trio.to_thread.run_sync(ask, abandon_on_cancel=True, limiter=self._threads)
        addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
        return tuple(dict.fromkeys(addresses))[:MAX_ADDRESSES]
