"""A dialogue: what one client says in Socket.IO, and how it is answered. It does no I/O.

By version 3 of Engine.IO a client is connected as soon as it has a session; by version 4 it asks for that.
What is no Socket.IO raises `Malformed`, which ends the session: nobody could tell what its client means next.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from paydaemon_socketio import messages
from paydaemon_socketio.engineio.packets import Malformed, PacketKind, Version
from paydaemon_socketio.events import ERROR_EVENT, Event, Said
from paydaemon_socketio.messages import ROOT, Message, MessageKind

NO_SUCH_NAMESPACE = "Invalid namespace"
"""As socket.io words it (lib/client.ts)."""

_SHOWN_NAME = 64


@dataclass(frozen=True, slots=True)
class Heard:
    """An event, what it carries, and the id by which it is to be acknowledged."""

    event: Event
    payload: object
    id: int | None


class Dialogue:
    """One session's. `say` takes an Engine.IO packet; messages may have so many characters."""

    __slots__ = ("_max_attachments", "_max_characters", "_partial", "_say", "_version", "is_connected")

    def __init__(
        self, version: Version, say: Callable[[str], None], max_characters: int, max_attachments: int
    ) -> None:
        self.is_connected = False
        self._version = version
        self._say = say
        self._max_characters = max_characters
        self._max_attachments = max_attachments
        self._partial: Message | None = None

    def begin(self) -> None:
        """The session is open."""
        if self._version is Version.THREE:
            self._connect()

    def hear(self, said: str | bytes) -> Heard | None:
        """The event that a message is, or completes. Raises `Malformed`."""
        message = self._completed(said) if isinstance(said, bytes) else self._read(said)
        if not message.is_whole:
            self._partial = message
            return None
        return self._understand(message)

    def answer(self, heard: Heard, said: Said) -> None:
        """Tell what an event has come to, unless its client has left."""
        if not self.is_connected:
            return
        self._tell(heard.event.response, said.fields)
        self._acknowledge(heard.id, said.fields)
        if said.complaint is not None:
            self.complain(said.complaint)

    def complain(self, error: str) -> None:
        """Tell what is wrong, where that is not the answer to one of the events."""
        self._tell(ERROR_EVENT, {"error": error})

    # --- What is heard

    def _read(self, text: str) -> Message:
        if self._partial is not None:
            raise Malformed("a message comes before the attachment of the one before it")
        if len(text) > self._max_characters:
            raise Malformed(f"a message is longer than {self._max_characters} characters")
        return messages.read(text, self._max_attachments)

    def _completed(self, attachment: bytes) -> Message:
        if self._partial is None:
            raise Malformed("an attachment belongs to no message")
        message, self._partial = self._partial, None
        message.attach(attachment)
        return message

    def _understand(self, message: Message) -> Heard | None:
        match message.kind:
            case MessageKind.CONNECT:
                self._asked_to_connect(message)
            case _ if message.namespace != ROOT or not self.is_connected:
                raise Malformed("a message is for a namespace that its client is not connected to")
            case MessageKind.DISCONNECT:
                self.is_connected = False
            case MessageKind.EVENT | MessageKind.BINARY_EVENT:
                return self._asked(message)
            case MessageKind.ACK | MessageKind.BINARY_ACK | MessageKind.CONNECT_ERROR:
                raise Malformed("a message answers what was never asked")
        return None

    def _asked(self, message: Message) -> Heard | None:
        name, payload = message.event
        if name in list(Event):
            return Heard(Event(name), payload, message.id)
        error = f"there is no event {name[:_SHOWN_NAME]!r}"
        self._acknowledge(message.id, {"error": error})
        self.complain(error)
        return None

    def _asked_to_connect(self, message: Message) -> None:
        if message.namespace != ROOT:
            is_old = self._version is Version.THREE
            content = NO_SUCH_NAMESPACE if is_old else {"message": NO_SUCH_NAMESPACE}
            self._send(messages.not_connected(message.namespace, content))
        elif self._version is Version.FOUR and self.is_connected:
            raise Malformed("a client connects that is connected already")
        else:
            self._connect()

    # --- What is said

    def _connect(self) -> None:
        self.is_connected = True
        is_old = self._version is Version.THREE
        self._send(messages.connected(None if is_old else {"sid": secrets.token_urlsafe(15)}))

    def _tell(self, name: str, content: object) -> None:
        self._send(messages.event(name, content))

    def _acknowledge(self, id: int | None, content: object) -> None:
        if id is not None:
            self._send(messages.ack(id, content))

    def _send(self, message: str) -> None:
        self._say(f"{PacketKind.MESSAGE}{message}")
