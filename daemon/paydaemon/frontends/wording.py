"""Wording: what an event looks like on the wire, made once for all who hear of it.

The JSON of an event takes a tenth of a millisecond and its delivery a hundredth, so what was made is kept for
a while: for the hundreds who are told now, and for those who come back together and replay the same. How much
is kept is bounded in bytes; what is no longer kept is made again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from paydaemon.core.events import Event
from paydaemon.core.public import Json, public_event
from paydaemon.engine.live import LivePush
from paydaemon.frontends import wire
from paydaemon.frontends.framing import sse_message, text_frame

KEPT_BYTES = 4 << 20
"""How much of each form is kept: some thousand events."""

Form = Callable[[Event], bytes]


class Kept:
    """Makes something of events and keeps it; the oldest is let go first."""

    def __init__(self, make: Form, most_bytes: int = KEPT_BYTES) -> None:
        self._make = make
        self._most_bytes = most_bytes
        self._made: dict[str, bytes] = {}
        self.size_bytes = 0

    def __call__(self, event: Event) -> bytes:
        found = self._made.get(event.id)
        return self._keep(event.id, self._make(event)) if found is None else found

    def _keep(self, id: str, made: bytes) -> bytes:
        self._made[id] = made
        self.size_bytes += len(made)
        while self.size_bytes > self._most_bytes:
            self.size_bytes -= len(self._made.pop(next(iter(self._made))))
        return made


class Wording:
    """One way to word events and pushes. Whoever is told the same is given the same bytes."""

    def __init__(self, event: Form, push: Callable[[LivePush], bytes]) -> None:
        self._event = Kept(event)
        self._make_push = push
        self._events: Sequence[Event] = ()
        self._joined = b""
        self._push: LivePush | None = None
        self._pushed = b""

    def events(self, events: Sequence[Event]) -> bytes:
        """Several events, one after the other."""
        if len(events) == 1:
            return self._event(events[0])
        if events is not self._events:
            self._joined, self._events = b"".join(map(self._event, events)), events
        return self._joined

    def push(self, push: LivePush) -> bytes:
        """One live push."""
        if push is not self._push:
            self._pushed, self._push = self._make_push(push), push
        return self._pushed


@dataclass(frozen=True, slots=True)
class Wordings:
    """The same words for websockets and for server-sent events."""

    frames: Wording
    messages: Wording


def wordings(event: Callable[[Event], Json], push: Callable[[LivePush], Json], *, numbered: bool) -> Wordings:
    """How `event` and `push` are said by both. The JSON of an event is made once for the two.

    Where they are `numbered`, a server-sent event bears its event's id, to go on from.
    """
    json = Kept(lambda one: _json(event(one)))
    return Wordings(
        Wording(lambda one: text_frame(json(one)), lambda one: text_frame(_json(push(one)))),
        Wording(
            lambda one: sse_message(one.type.value, json(one), one.id if numbered else None),
            lambda one: sse_message(one.type, _json(push(one))),
        ),
    )


def whole_events() -> Wordings:
    """Events and pushes as whoever has a key is told them."""
    return wordings(public_event, lambda push: push.body, numbered=True)


def _json(content: Json) -> bytes:
    return wire.encode(content).encode()
