"""Names: the addresses of an endpoint's host, asked of the system's resolver each time one is connected to.

The resolver is a call that blocks, cannot be ended, and takes long where a name server is away. So it has
threads of its own, and not those that all the daemon shares; and as whoever makes an endpoint may run that
name server, one name has two of them at most, and one seller a part of all. Whoever finds these taken waits
without a thread.
"""

import socket
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from ipaddress import ip_address
from typing import cast
from weakref import WeakValueDictionary

import trio

from paydaemon_webhook.guard import Address

Resolve = Callable[[str, str | None], Awaitable[Sequence[Address]]]
"""A name and the seller who wants it, None for the operator → its addresses, those to be tried first at the
beginning. Raises `OSError`."""

Ask = Callable[[str], Sequence[Address]]
"""The same, as a call that blocks."""

MAX_ADDRESSES = 32
"""How many addresses of one name are looked at."""
OF_ONE_NAME = 2
"""How many threads ask for one name at the same time."""
SELLERS_PART = 4
"""One seller has this part of all threads at most: 4 for a quarter."""


def ask_the_system(host: str) -> Sequence[Address]:
    """`Ask`, by getaddrinfo(3)."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    return tuple(dict.fromkeys(addresses))[:MAX_ADDRESSES]


class Names:
    """The system's resolver, or another that blocks; `lookups` is how many threads there are for it."""

    def __init__(self, lookups: int, ask: Ask = ask_the_system) -> None:
        self._ask = ask
        self._threads = trio.CapacityLimiter(lookups)
        self._of_names = _Limiters(OF_ONE_NAME)
        self._of_sellers = _Limiters(max(1, lookups // SELLERS_PART))

    async def look_up(self, host: str, seller_id: str | None) -> Sequence[Address]:
        """`Resolve`. The thread of a call that is cancelled goes on, and keeps its places until it ends."""
        places = _Places(self._of_names.of(host), self._of_sellers.of(seller_id), self._threads)
        ask = partial(self._ask, host)
        limiter = cast("trio.CapacityLimiter", places)  # trio asks no more of one than what `_Places` has
        return await trio.to_thread.run_sync(ask, abandon_on_cancel=True, limiter=limiter)


class _Limiters:
    """A limiter for each of many, kept for as long as somebody waits or is let in by it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._limiters: WeakValueDictionary[str | None, trio.CapacityLimiter] = WeakValueDictionary()

    def of(self, whom: str | None) -> trio.CapacityLimiter:
        return self._limiters.setdefault(whom, trio.CapacityLimiter(self._most))


class _Places:
    """A place in each of several limiters, waited for in this order: the narrowest first, so that whoever has
    to wait there takes nothing of what is everybody's.
    """

    def __init__(self, *limiters: trio.CapacityLimiter) -> None:
        self._limiters = limiters

    async def acquire_on_behalf_of(self, borrower: object) -> None:
        taken: list[trio.CapacityLimiter] = []
        try:
            for limiter in self._limiters:
                await limiter.acquire_on_behalf_of(borrower)
                taken.append(limiter)
        except BaseException:
            for limiter in taken:
                limiter.release_on_behalf_of(borrower)
            raise

    def release_on_behalf_of(self, borrower: object) -> None:
        for limiter in self._limiters:
            limiter.release_on_behalf_of(borrower)
