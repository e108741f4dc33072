"""A session: one client's packets and how they are carried, as a state machine that does no I/O.

It is open, then closing (what is queued is still taken, nothing is heard any more), then over. It is carried
by polling, or by a websocket, or on its way from one to the other: a websocket is probed (``2probe``,
``3probe``) while polls go on, and carries all from the packet ``5`` on. Every change rings its bell.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from paydaemon_socketio.bell import Bell
from paydaemon_socketio.engineio.heartbeat import Heartbeat, Times
from paydaemon_socketio.engineio.packets import Packet, PacketKind, Version
from paydaemon_socketio.engineio.query import Transport
from paydaemon_socketio.engineio.refusals import Code, Refused

TOO_SLOW = "too slow: it does not take what waits for it"


class State(StrEnum):
    """How far a session is."""

    OPEN = "open"
    CLOSING = "closing"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What may wait for a client. One message may be larger than all of the bytes."""

    queued_messages: int
    queued_bytes: int


class Session:
    """One session. `reason` says why it is no longer open, and all of `at_end` are called once it is over."""

    __slots__ = (
        "_bounds", "_busy", "_close_by_s", "_heartbeat", "_is_upgrading", "_queue", "_queued_bytes", "_state",
        "_times", "at_end", "bell", "id", "reason", "transport", "version",
    )  # fmt: skip

    def __init__(
        self, id: str, version: Version, transport: Transport, times: Times, bounds: Bounds, now_s: float
    ) -> None:
        self.id = id
        self.version = version
        self.transport = transport
        self.reason = ""
        self.bell = Bell()
        self.at_end: list[Callable[[], None]] = []
        self._state = State.OPEN
        self._heartbeat = Heartbeat(version, times, now_s)
        self._times = times
        self._bounds = bounds
        self._queue: list[str] = []
        self._queued_bytes = 0
        self._close_by_s = 0.0
        self._busy: list[str] = []
        self._is_upgrading = False

    # --- How it stands

    @property
    def is_open(self) -> bool:
        """Whether it hears and says anything."""
        return self._state is State.OPEN

    @property
    def is_closing(self) -> bool:
        """Whether what is queued is the last that it says."""
        return self._state is State.CLOSING

    @property
    def is_over(self) -> bool:
        """Whether nothing more can come of it."""
        return self._state is State.OVER

    @property
    def is_carried_by_websocket(self) -> bool:
        """Whether it is still there, and polls are no longer for it."""
        return self.transport is Transport.WEBSOCKET and not self.is_over

    @property
    def is_upgrading(self) -> bool:
        """Whether a websocket has been probed that is to carry it."""
        return self._is_upgrading

    @property
    def has_news(self) -> bool:
        """Whether there is something to be sent, or to be told by ending."""
        return bool(self._queue) or not self.is_open

    # --- Packets

    def say(self, text: str) -> None:
        """Queue a packet. A client for which too much waits already is cut."""
        if not self.is_open:
            return
        is_too_much = self._queued_bytes + len(text) > self._bounds.queued_bytes
        if len(self._queue) >= self._bounds.queued_messages or (self._queue and is_too_much):
            self.end(TOO_SLOW)
            return
        self._queue.append(text)
        self._queued_bytes += len(text)
        self.bell.ring()

    def take(self) -> list[str]:
        """All that is queued, to be sent now."""
        taken, self._queue = self._queue, []
        self._queued_bytes = 0
        return taken

    def hear(self, packet: Packet, now_s: float) -> str | bytes | None:
        """What a packet means for whoever uses the session. Raises `Malformed`."""
        if not self.is_open:
            return None
        answer = self._heartbeat.heard(packet.kind, now_s)
        if answer is not None:
            self.say(answer)
        if packet.kind is PacketKind.CLOSE:
            self.end("the client has closed it")
        return packet.data if packet.kind is PacketKind.MESSAGE else None

    # --- Time

    @property
    def due_at_s(self) -> float:
        """When `keep_time` is to be called next."""
        return self._heartbeat.due_at_s if self.is_open else self._close_by_s

    def spoke(self) -> None:
        """The client has said what it is here for."""
        self._heartbeat.spoke()

    def keep_time(self, now_s: float) -> None:
        """Do what is due: a ping, or giving up."""
        if self.is_closing and now_s >= self._close_by_s:
            self.end(self.reason)
        if not self.is_open:
            return
        gone = self._heartbeat.why_gone(now_s)
        if gone is not None:
            self.end(gone)
        elif self._heartbeat.pings(now_s):
            self.say(PacketKind.PING)

    # --- Ending

    def close(self, reason: str, now_s: float) -> None:
        """Say what is queued, and nothing more. Whoever does not take it in time has had it."""
        if self.is_open:
            self._state, self.reason = State.CLOSING, reason
            self._close_by_s = now_s + self._times.ping_timeout_s
            self.bell.ring()

    def sent(self) -> None:
        """What was taken has been sent; of a session that is closing it was the last."""
        if self.is_closing:
            self.end(self.reason)

    def end(self, reason: str) -> None:
        """It is over, now. What is queued is dropped."""
        if not self.is_over:
            self._state, self.reason = State.OVER, reason
            self.take()
            self.bell.ring()
            for tell in self.at_end:
                tell()

    # --- How it is carried

    @contextmanager
    def polled(self) -> Iterator[None]:
        """While a poll waits. Raises `Refused` for a second one, which ends the session."""
        with self._alone("poll"):
            yield

    @contextmanager
    def posted(self) -> Iterator[None]:
        """While a body is dealt with. Raises `Refused` for a second one, which ends the session."""
        with self._alone("post"):
            yield

    @contextmanager
    def probed(self) -> Iterator[None]:
        """While a websocket is tried, or carries the session. Raises `Refused` where another one does."""
        if "probe" in self._busy or self.transport is Transport.WEBSOCKET:
            raise Refused(Code.BAD_REQUEST)
        self._busy.append("probe")
        try:
            yield
        finally:
            self._busy.remove("probe")
            self._is_upgrading = False

    def require_polling(self) -> None:
        """Raises `Refused` where a websocket carries it."""
        if self.transport is not Transport.POLLING:
            raise Refused(Code.BAD_REQUEST)

    def begin_upgrade(self) -> None:
        """The websocket works: a poll that waits is to be answered, so that the client can leave it."""
        self._is_upgrading = True
        self.bell.ring()

    def finish_upgrade(self) -> None:
        """From now on the websocket carries everything."""
        self.transport = Transport.WEBSOCKET
        self._is_upgrading = False
        self.bell.ring()

    @contextmanager
    def _alone(self, what: str) -> Iterator[None]:
        if what in self._busy:
            self.end(f"a {what} overlaps another")
            raise Refused(Code.BAD_REQUEST)
        self._busy.append(what)
        try:
            yield
        finally:
            self._busy.remove(what)
