"""An attendant: sees to one client's session, what is said in it, and its events that are under way.

Whoever carries the session, poll or websocket, hands over what comes and takes what is to be sent. What was
asked is done to its end, also where its client has gone meanwhile: a transaction that was handed in is not
forgotten with a page that was closed.

Nothing of an attendant runs by itself: a thousand idle ones are a thousand of these objects, and no task.
"""

from collections.abc import Callable

import trio

from paydaemon.core.access import Principal
from paydaemon.hooks.frontend import PromptSocket
from paydaemon_socketio import fields
from paydaemon_socketio.clerk import Clerk
from paydaemon_socketio.dialogue import Dialogue, Heard
from paydaemon_socketio.engineio.packets import Malformed, Packet
from paydaemon_socketio.engineio.session import Session
from paydaemon_socketio.outlet import Outlet


class Attendant:
    """One client's, who may have so many events under way; they run in `nursery`.

    `at_end` is called once the session is over and all its events are answered.
    """

    __slots__ = (
        "_clerk", "_dialogue", "_max_events", "_nursery", "_under_way", "at_end", "client", "session",
    )  # fmt: skip

    def __init__(
        self,
        session: Session,
        dialogue: Dialogue,
        clerk: Clerk,
        client: str | None,
        max_events: int,
        nursery: trio.Nursery,
    ) -> None:
        self.session = session
        self.client = client
        self._dialogue = dialogue
        self._clerk = clerk
        self._max_events = max_events
        self._under_way = 0
        self._nursery = nursery
        self.at_end: Callable[[Attendant], None] | None = None
        session.at_end.append(self._look_for_end)

    def outlet(self, socket: PromptSocket) -> Outlet:
        """What sends to a websocket that carries the session."""
        return Outlet(self.session, socket, self._nursery)

    def greet(self, opening: str) -> None:
        """Say the session's first packets."""
        self.session.say(opening)
        self._dialogue.begin()

    def notice(self) -> None:
        """The client shows that it is still there. By then it must have connected, too."""
        if self._dialogue.is_connected:
            self.session.spoke()

    def hear(self, packet: Packet, principal: Principal) -> None:
        """Deal with a packet. What is malformed is told and closes the session."""
        try:
            self._hear(packet, principal)
        except Malformed as malformed:
            self.reject(malformed)

    def reject(self, malformed: Malformed) -> None:
        """Tell what is wrong; nothing is heard after it."""
        self._dialogue.complain(str(malformed))
        self.session.close(str(malformed), trio.current_time())

    def _hear(self, packet: Packet, principal: Principal) -> None:
        message = self.session.hear(packet, trio.current_time())
        heard = None if message is None else self._dialogue.hear(message)
        self.notice()
        if heard is not None:
            self._begin(heard, principal)

    def _begin(self, heard: Heard, principal: Principal) -> None:
        if self._under_way >= self._max_events:
            self._dialogue.answer(heard, fields.failed(heard.event, fields.BUSY))
            return
        self._under_way += 1
        self._nursery.start_soon(self._answer, heard, principal)

    async def _answer(self, heard: Heard, principal: Principal) -> None:
        client = self.client or self.session.id
        said = await self._clerk.answer(heard.event, heard.payload, principal, client)
        self._dialogue.answer(heard, said)
        self._under_way -= 1
        self._look_for_end()

    def _look_for_end(self) -> None:
        if self.session.is_over and not self._under_way and self.at_end is not None:
            self.at_end(self)
