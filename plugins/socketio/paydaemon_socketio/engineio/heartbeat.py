"""The heartbeat: how each side knows that the other is still there.

In version 3 the client pings, in version 4 the server does; whoever is pinged answers. A client that says
nothing for an interval and a timeout together is gone, and so is one that has only opened a session and then
never spoken. Times are seconds of any clock that only grows.
"""

import math
from dataclasses import dataclass

from paydaemon_socketio.engineio.packets import Malformed, PacketKind, Version


@dataclass(frozen=True, slots=True)
class Times:
    """How long everything may take, in seconds."""

    ping_interval_s: float
    ping_timeout_s: float
    speak_within_s: float


class Heartbeat:
    """One session's."""

    __slots__ = ("_gone_at_s", "_ping_at_s", "_speak_by_s", "_times", "_version")

    def __init__(self, version: Version, times: Times, now_s: float) -> None:
        self._version = version
        self._times = times
        self._ping_at_s = now_s + times.ping_interval_s if version is Version.FOUR else math.inf
        self._gone_at_s = now_s + times.ping_interval_s + times.ping_timeout_s
        self._speak_by_s = now_s + times.speak_within_s

    @property
    def due_at_s(self) -> float:
        """When there is something to do next."""
        return min(self._ping_at_s, self._gone_at_s, self._speak_by_s)

    def spoke(self) -> None:
        """The client has said what it is here for."""
        self._speak_by_s = math.inf

    def heard(self, kind: PacketKind, now_s: float) -> PacketKind | None:
        """What to answer a packet by, if by anything.

        Raises `Malformed` for a heartbeat in the wrong direction, as engine.io does: clients of version 3
        ping, so a pong of theirs answers nothing, and those of version 4 are pinged (lib/socket.ts).
        """
        if kind is (PacketKind.PONG if self._version is Version.THREE else PacketKind.PING):
            raise Malformed("a heartbeat goes in the wrong direction")
        self._gone_at_s = now_s + self._times.ping_interval_s + self._times.ping_timeout_s
        if kind is PacketKind.PONG:
            self._ping_at_s = now_s + self._times.ping_interval_s
        return PacketKind.PONG if kind is PacketKind.PING else None

    def pings(self, now_s: float) -> bool:
        """Whether to ping now; from then on the client has its timeout to answer."""
        if now_s < self._ping_at_s:
            return False
        self._ping_at_s, self._gone_at_s = math.inf, now_s + self._times.ping_timeout_s
        return True

    def why_gone(self, now_s: float) -> str | None:
        """Why the client counts as gone, where it does."""
        if now_s >= self._gone_at_s:
            return "ping timeout"
        return "it never spoke" if now_s >= self._speak_by_s else None
