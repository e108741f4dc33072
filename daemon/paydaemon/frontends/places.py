"""Places: how many websockets may be open without a key, so that there is room for those who have one."""

from paydaemon.core.access import PUBLIC, Principal
from paydaemon.core.errors import unavailable
from paydaemon.frontends.settings import Limits


class Places:
    """How many websockets without a key are open."""

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
