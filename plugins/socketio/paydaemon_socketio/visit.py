"""A visit: one client's session, what is said in it, and its events that are under way.

Whoever carries the session, poll or websocket, hands over what comes and takes what is to be sent. What was
asked is done to its end, also where its client has gone meanwhile: a transaction that was handed in is not
forgotten with a page that was closed.
"""

import trio

from paydaemon.core.access import Principal
from paydaemon_socketio import wording
from paydaemon_socketio.desk import Desk
from paydaemon_socketio.dialogue import Dialogue, Heard
from paydaemon_socketio.engineio.packets import Malformed, Packet
from paydaemon_socketio.engineio.session import Session

STOPPED = "the frontend stops"


class Visit:
    """One client's, which may have so many events under way."""

    def __init__(
        self, session: Session, dialogue: Dialogue, desk: Desk, client: str | None, max_events: int
    ) -> None:
        self.session = session
        self.client = client
        self._dialogue = dialogue
        self._desk = desk
        self._max_events = max_events
        self._under_way = 0
        self._nursery: trio.Nursery | None = None

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Until the session is over, and all its events are answered."""
        try:
            async with trio.open_nursery() as self._nursery:
                task_status.started()
                await self._keep_time()
        finally:
            self.session.end(STOPPED)

    def greet(self, opening: str) -> None:
        """Say the session's first packets."""
        self.session.say(opening)
        self._dialogue.begin()

    def attend(self) -> None:
        """The client shows that it is still there. By then it must have connected, too."""
        if self._dialogue.is_connected:
            self.session.spoke()

    def hear(self, packet: Packet, principal: Principal) -> bool:
        """Deal with a packet; whether it began an event. What is malformed is told and closes the session."""
        try:
            return self._hear(packet, principal)
        except Malformed as malformed:
            self.reject(malformed)
            return False

    def reject(self, malformed: Malformed) -> None:
        """Tell what is wrong; nothing is heard after it."""
        self._dialogue.complain(str(malformed))
        self.session.close(str(malformed), trio.current_time())

    def _hear(self, packet: Packet, principal: Principal) -> bool:
        message = self.session.hear(packet, trio.current_time())
        heard = None if message is None else self._dialogue.hear(message)
        self.attend()
        if heard is not None:
            self._begin(heard, principal)
        return heard is not None

    def _begin(self, heard: Heard, principal: Principal) -> None:
        if self._under_way >= self._max_events or self._nursery is None:
            self._dialogue.answer(heard, wording.failed(heard.event, wording.BUSY))
            return
        self._under_way += 1
        self._nursery.start_soon(self._answer, heard, principal)

    async def _answer(self, heard: Heard, principal: Principal) -> None:
        said = await self._desk.answer(heard.event, heard.payload, principal)
        self._under_way -= 1
        self._dialogue.answer(heard, said)

    async def _keep_time(self) -> None:
        session = self.session
        while not session.is_over:
            with trio.move_on_at(session.due_at_s):
                await session.bell.wait()
            session.keep_time(trio.current_time())
