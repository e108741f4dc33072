"""The audience: whoever has caught up with the journal, told of what is new by one task.

A task for each reader that is woken for each event costs some 20 µs of the processor's time before a byte is
sent. So a reader who has caught up leaves a function here, which takes events without waiting; one task goes
through all of them. A reader that could not take everything at once leaves the audience, goes on at its own
pace, and comes back when it has caught up again: nobody ever waits for it.

Readers with the same view are told the same tuple of events, so that what is made of it can be shared too.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import trio

from paydaemon.core.events import Event
from paydaemon.journal.filter import View
from paydaemon.journal.follower import Follower

Hear = Callable[[Sequence[Event]], bool]
"""Takes events and never waits. False says that the reader must finish before it can take more."""

IN_A_ROW = 50
"""How many are told before other tasks have their turn."""


@dataclass(slots=True, eq=False)
class Member:
    """One reader while it is here, and up to which `seq` it has been told."""

    hear: Hear
    after: int
    left: trio.Event = field(default_factory=trio.Event)
    error: Exception | None = None

    def tell(self, events: Sequence[Event], reached: int) -> None:
        """Tell it what it does not have yet of these. It leaves where it cannot take all of it at once."""
        if self.left.is_set() or self.after >= events[-1].seq:
            return
        if self.after >= events[0].seq:
            events = [event for event in events if event.seq > self.after]
        self.after = reached
        try:
            if not self.hear(events):
                self.left.set()
        except Exception as error:  # noqa: BLE001 - one reader's fault must not be everybody's
            self.error = error
            self.left.set()


class Audience:
    """Everybody who has caught up. `reached` is up to which `seq` they have been told, or are just now."""

    def __init__(self, reached: int) -> None:
        self.reached = reached
        self.is_open = False
        self._told = reached
        self._rows: dict[str | None, dict[View, dict[Member, None]]] = {}
        """By the one invoice they follow, so that a page of one invoice costs nothing for all the others."""

    def admits(self, after: int) -> bool:
        """Whether a reader that has come this far can be here: all that is beyond it is yet to be told."""
        return self.is_open and after >= self.reached

    @property
    def is_empty(self) -> bool:
        """Whether nobody is here."""
        return not self._rows

    async def attend(self, me: Follower, view: View, hear: Hear) -> None:
        """Be told by `hear` until it says that there is something to finish, or everybody is sent away.

        Raises what `hear` raised. `admits(me.after)` must hold.
        """
        member = Member(hear, me.after)
        members = self._rows.setdefault(view.invoice_id, {}).setdefault(view, {})
        members[member] = None
        me.member = member
        try:
            await member.left.wait()
        finally:
            me.after, me.member = member.after, None
            self._remove(member, view)
        if member.error is not None:
            raise member.error

    async def tell(self, events: Sequence[Event], reached: int) -> None:
        """Tell everybody who is here. `reached` is up to which `seq` these events are everything."""
        self.reached = reached
        for place, (member, mine) in enumerate(list(self._all_with(events)), 1):
            member.tell(mine, reached)
            if place % IN_A_ROW == 0:
                await trio.lowlevel.checkpoint()
        self._told = reached

    def gather(self, reached: int) -> None:
        """Begin anew from here. Nobody may be here who has not been told of something before it."""
        self.reached = self._told = reached

    def send_away(self) -> None:
        """Everybody reads on by themselves."""
        for rows in self._rows.values():
            for members in rows.values():
                for member in members:
                    member.after = max(member.after, self._told)
                    member.left.set()

    def _all_with(self, events: Sequence[Event]) -> Iterator[tuple[Member, Sequence[Event]]]:
        """Everybody who is here now, with the part that is for them."""
        for invoice_id in dict.fromkeys([None, *(event.invoice_id for event in events)]):
            for view, members in self._rows.get(invoice_id, {}).items():
                if mine := tuple(event for event in events if view.shows(event)):
                    yield from ((member, mine) for member in members)

    def _remove(self, member: Member, view: View) -> None:
        rows = self._rows[view.invoice_id]
        del rows[view][member]
        if not rows[view]:
            del rows[view]
        if not rows:
            del self._rows[view.invoice_id]
