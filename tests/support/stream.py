"""The event stream as a client of a daemon reads it: one websocket, everything it brings, and when."""

import json
from dataclasses import dataclass, field
from typing import Any

import trio
from trio_websocket import ConnectionClosed

from tests.support.conformance import check_message
from tests.support.waiting import until

Json = dict[str, Any]


def texts(frames: bytes) -> list[bytes]:
    """The payloads of a server's frames, each whole (RFC 6455, section 5.2)."""
    found = []
    while frames:
        length, start = frames[1], 2
        if length == 126:
            length, start = int.from_bytes(frames[2:4], "big"), 4
        elif length == 127:
            length, start = int.from_bytes(frames[2:10], "big"), 10
        found.append(frames[start : start + length])
        frames = frames[start + length :]
    return found


@dataclass(slots=True)
class Stream:
    """What an event stream has brought so far, live pushes included.

    `at_s` says when each of `events` came, by trio's clock; `ended` whether the daemon has said goodbye.
    """

    events: list[Json] = field(default_factory=list)
    at_s: list[float] = field(default_factory=list)
    ended: bool = False

    async def read(self, connection: Any) -> None:
        """Collect messages until the connection ends."""
        try:
            while True:
                event = json.loads(await connection.get_message())
                check_message(event)
                self.at_s.append(trio.current_time())
                self.events.append(event)
        except ConnectionClosed:
            self.ended = True

    async def until(self, type: str, invoice_id: str | None = None) -> Json:
        """Wait for an event of a type, and return it."""
        await until(lambda: self.find(type, invoice_id) is not None)
        found = self.find(type, invoice_id)
        assert found is not None
        return found

    async def until_seq(self, seq: int) -> None:
        """Wait for the event of this number."""
        await until(lambda: bool(self.journaled) and self.journaled[-1]["seq"] >= seq)

    def find(self, type: str, invoice_id: str | None = None) -> Json | None:
        """The first event of a type so far."""
        for event in self.events:
            if event["type"] == type and invoice_id in (None, event["invoice_id"]):
                return event
        return None

    def came_at_s(self, event: Json) -> float:
        """When an event came, by trio's clock."""
        return self.at_s[self.events.index(event)]

    @property
    def journaled(self) -> list[Json]:
        """The events so far, without live pushes."""
        return [event for event in self.events if "seq" in event]

    @property
    def pushes(self) -> list[Json]:
        """The live pushes so far."""
        return [event for event in self.events if "seq" not in event]

    def types(self, invoice_id: str) -> list[str]:
        """The types of an invoice's events so far, in order, without live pushes."""
        return [event["type"] for event in self.journaled if event["invoice_id"] == invoice_id]
