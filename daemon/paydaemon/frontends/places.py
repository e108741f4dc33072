"""Places: how much may be open without a key, so that there is room for those who have one.

Behind a proxy the connections of all clients are the proxy's, so streams are counted by whom they are for.
"""

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from paydaemon.core.access import PUBLIC, Principal
from paydaemon.core.errors import unavailable
from paydaemon.frontends.settings import Limits


class StreamPlaces:
    """Streams of one invoice, in all and for each address.

    A place is looked for before an answer begins, and taken once it has.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._taken: Counter[Hashable] = Counter()

    def look_for_one(self, client: Hashable | None) -> None:
        """Raises `Refusal` where there is none left. None is whoever needs no place."""
        if client is None:
            return
        full = self._taken.total() >= self._limits.public_streams
        if full or self._taken[client] >= self._limits.public_streams_per_address:
            raise unavailable("too_many_streams", "too many streams without a key are open")

    @contextmanager
    def taken(self, client: Hashable | None) -> Iterator[None]:
        """Have one inside the block."""
        self._taken[client] += client is not None
        try:
            yield
        finally:
            self._taken[client] -= client is not None
            if not self._taken[client]:
                del self._taken[client]


class SocketPlaces:
    """Websockets that take signed transactions."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open = 0

    def take(self, who: Principal) -> None:
        """Raises `Refusal` where there is none left for whoever has no key."""
        if who != PUBLIC:
            return
        if self._open >= self._limits.keyless_sockets:
            raise unavailable("too_many_sockets", "too many websockets without a key are open")
        self._open += 1

    def give_back(self, who: Principal) -> None:
        """It is closed."""
        self._open -= who == PUBLIC
