"""Lanes: how much is on its way at once, so that those who hang take no place from those who answer.

Targets that could not be reached have a small lane of their own. Whoever has not yet been found out starts in
the open one; what takes longer than most gives its place up there, and goes on beside it.
"""

import trio

from paydaemon.engine.deliveries.limits import DeliveryLimits

SLOW_S = 1.0
"""How long a notice is waited for before its place is somebody else's."""
MOST_SLOW = 256
"""How many such there may be at once; beyond them, they keep their places."""
LOOK_S = 0.25


class Place:
    """A place in a lane, until it is left."""

    def __init__(self, lane: trio.CapacityLimiter) -> None:
        self.since_s = trio.current_time()
        self.is_handed_on = False
        self._lane = lane

    def hand_on(self) -> None:
        """Let somebody else have it, whether or not what it was taken for goes on."""
        if not self.is_handed_on:
            self.is_handed_on = True
            self._lane.release_on_behalf_of(self)


class Lanes:
    """The places there are. `limits` may change at any time."""

    def __init__(self, limits: DeliveryLimits) -> None:
        self._limits = limits
        self._open = trio.CapacityLimiter(limits.at_once)
        self._failing = trio.CapacityLimiter(limits.at_once_failing)
        self._taken: set[Place] = set()
        self._busy = trio.Event()

    async def take(self, *, failing: bool) -> Place:
        """Wait for a place; whoever has waited longest has the next."""
        self._open.total_tokens = self._limits.at_once
        self._failing.total_tokens = self._limits.at_once_failing
        lane = self._failing if failing else self._open
        place = Place(lane)
        await lane.acquire_on_behalf_of(place)
        place.since_s = trio.current_time()
        self._taken.add(place)
        self._busy.set()
        return place

    def leave(self, place: Place) -> None:
        """It is not needed any more."""
        place.hand_on()
        self._taken.discard(place)

    @property
    def under_way(self) -> int:
        """How many have a place, or have handed theirs on and go on."""
        return len(self._taken)

    async def run(self) -> None:
        """Have those who are slow hand on their places, until cancelled.

        In the lane of those that fail as well: there, too, one that answers waits behind some that hang.
        """
        while True:
            self._busy = trio.Event()
            if not any(not place.is_handed_on for place in self._taken):
                await self._busy.wait()
            await trio.sleep(LOOK_S)
            self._hand_on(trio.current_time() - SLOW_S)

    def _hand_on(self, before_s: float) -> None:
        slow = sum(place.is_handed_on for place in self._taken)
        for place in self._taken:
            if slow < MOST_SLOW and not place.is_handed_on and place.since_s < before_s:
                place.hand_on()
                slow += 1
