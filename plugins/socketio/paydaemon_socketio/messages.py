"""Messages: Socket.IO's packets, read and written by python-socketio, and looked at before that.

What is read is bounded first: by its form, how many attachments it has, the digits of its id and how deep its
JSON is. Namespaces, ids and attachments have one form in all versions:
https://github.com/socketio/socket.io-protocol#packet-format

python-socketio brings its servers and clients along with its packets: 0.1 s and 7 MB. So it is imported by
who runs this, not by who only has it installed.
"""

import re
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any

from paydaemon_socketio.engineio.packets import Malformed

MAX_DEPTH = 16
"""Of the JSON in a message. An event is a list of two, and an attachment's place an object in it."""

ROOT = "/"
"""The one namespace that there is."""

_FORM = re.compile(
    r"""
    (?P<kind>[0-6])
    (?:(?P<attachments>[0-9]{1,4})-)?
    (?:(?P<namespace>/[^,]{0,255})(?:,|\Z))?
    (?P<id>[0-9]{0,15})
    (?P<json>(?![0-9/]).*)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
# A string is matched whole, ended or not, so that the scan stays linear whatever it is given.
_BRACKET = re.compile(r'"(?:[^"\\]++|\\.?)*+"?|([\[{])|([\]}])', re.DOTALL)


class MessageKind(IntEnum):
    """What a message is."""

    CONNECT = 0
    DISCONNECT = 1
    EVENT = 2
    ACK = 3
    CONNECT_ERROR = 4
    BINARY_EVENT = 5
    BINARY_ACK = 6


@dataclass(slots=True)
class Message:
    """One message, as python-socketio reads it. It is whole once it has got its attachments."""

    kind: MessageKind
    packet: Any
    is_whole: bool

    @property
    def namespace(self) -> str:
        """Whom it is for."""
        return self.packet.namespace or ROOT

    @property
    def id(self) -> int | None:
        """By which its sender wants it acknowledged."""
        found: int | None = self.packet.id
        return found

    @property
    def event(self) -> tuple[str, object]:
        """The event's name and the first thing it carries, None where that is nothing. Raises `Malformed`."""
        match self.packet.data:
            case [str(name), *rest]:
                return name, rest[0] if rest else None
            case _:
                raise Malformed("an event has no name")

    def attach(self, attachment: bytes) -> None:
        """Give it its next attachment. Raises `Malformed` where there is no place for it."""
        try:
            self.is_whole = bool(self.packet.add_attachment(attachment))
        except (ValueError, LookupError, TypeError):
            raise Malformed("an attachment has no place in its message") from None


def read(text: str, max_attachments: int) -> Message:
    """The message that a text is. Raises `Malformed`."""
    form = _FORM.fullmatch(text)
    if form is None:
        raise Malformed("a message has not the form of one")
    kind, attachments = MessageKind(int(form["kind"])), form["attachments"]
    if (attachments is not None) is not (kind in (MessageKind.BINARY_EVENT, MessageKind.BINARY_ACK)):
        raise Malformed("a message has attachments that it cannot have, or does not say how many")
    if int(attachments or 0) > max_attachments:
        raise Malformed(f"a message has more than {max_attachments} attachment(s)")
    if _is_deep(form["json"]):
        raise Malformed(f"a message is nested deeper than {MAX_DEPTH} levels")
    return Message(kind, _packet(text), not int(attachments or 0))


def event(name: str, content: object) -> str:
    """An event as text."""
    return _text(MessageKind.EVENT, [name, content])


def ack(id: int, content: object) -> str:
    """The acknowledgement of an event."""
    return _text(MessageKind.ACK, [content], id=id)


def connected(content: object = None) -> str:
    """A namespace's welcome."""
    return _text(MessageKind.CONNECT, content)


def not_connected(namespace: str, content: object) -> str:
    """The answer to whoever asks for a namespace that there is not."""
    return _text(MessageKind.CONNECT_ERROR, content, namespace=namespace)


@cache
def packets() -> Any:
    """The class that reads and writes them."""
    from socketio.packet import Packet  # noqa: PLC0415 - see above

    return Packet


def _packet(text: str) -> Any:
    try:
        return packets()(encoded_packet=text)
    except (ValueError, RecursionError):
        raise Malformed("a message is not JSON") from None


def _text(kind: MessageKind, data: object, **others: object) -> str:
    text: str = packets()(packet_type=int(kind), data=data, **others).encode()
    return text


def _is_deep(json: str) -> bool:
    if json.count("[") + json.count("{") <= MAX_DEPTH:
        return False
    level = 0
    for found in _BRACKET.finditer(json):
        level += bool(found[1]) - bool(found[2])
        if level > MAX_DEPTH:
            return True
    return False
