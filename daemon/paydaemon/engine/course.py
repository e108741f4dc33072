"""Courses: relays whose outcome is not final yet, each with whoever waits for it.

A course is where the daemon remembers a relay while it is carried to its end. Whoever waits is woken after
the commit that made it what it is: what is told here is recorded.
"""

from collections.abc import Callable

import trio

from paydaemon.core.relay import Relay, RelayStatus, SignedTransfer

Tell = Callable[[Relay], None]
"""Is told what a relay has become. Must not wait and must not raise."""


class Course:
    """One relay on its way. `transfer` is what was signed, or None where that is still to be read again.

    It is `in_doubt` where the network may have heard of it already: unless this run of the daemon has
    recorded it itself, and has not begun to hand it over. `unanswered` is how often in a row its chain has
    given no answer.
    """

    def __init__(
        self, relay: Relay, transfer: SignedTransfer | None = None, *, in_doubt: bool = True
    ) -> None:
        self.relay = relay
        self.transfer = transfer
        self.in_doubt = in_doubt
        self.began_s = trio.current_time()
        self.unanswered = 0
        self._waiters = trio.lowlevel.ParkingLot()
        self._told: dict[Tell, None] = {}

    @property
    def key(self) -> tuple[str, str]:
        """The relay's chain and transaction id, by which it is known."""
        return self.relay.chain, self.relay.transaction_id

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.relay.status.is_final

    @property
    def is_answered(self) -> bool:
        """Whether the network has said anything of it."""
        return self.relay.status is not RelayStatus.RECEIVED

    def became(self, relay: Relay) -> None:
        """Tell everybody what was recorded. Once it is over, nobody is told any more."""
        if relay == self.relay:
            return
        self.relay = relay
        self._waiters.unpark_all()
        for tell in list(self._told):
            tell(relay)
        if self.is_over:
            self._told.clear()

    def tell(self, tell: Tell) -> None:
        """Have every change from now on told."""
        if not self.is_over:
            self._told[tell] = None

    def tell_no_more(self, tell: Tell) -> None:
        """Take that back."""
        self._told.pop(tell, None)

    async def answered(self) -> None:
        """Wait until the network has said anything of it."""
        await trio.lowlevel.checkpoint()
        while not self.is_answered:
            await self._waiters.park()

    async def over(self) -> None:
        """Wait until its outcome is final."""
        await trio.lowlevel.checkpoint()
        while not self.is_over:
            await self._waiters.park()
