"""The websocket that takes signed transactions, written against the same port as all others.

Each message hands a transaction in, or asks for one that was handed in before. It is answered when the
network has said its first word, in whatever order that comes, and every change from then on is told by
itself. As many messages as may are dealt with at once; the next one, and that of whoever is faster than its
pace, is read later.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import trio
from pydantic_core import PydanticCustomError

from paydaemon.core.access import PUBLIC, Principal
from paydaemon.core.errors import invalid
from paydaemon.core.public import Json, public_relay
from paydaemon.core.relay import Relay
from paydaemon.engine.course import Course, Tell
from paydaemon.engine.relays import Handed
from paydaemon.frontends import errors, models, strictjson, wire
from paydaemon.frontends.conversation import (
    GOING_AWAY,
    TOO_SLOW,
    Authenticate,
    Conversation,
    Goodbye,
)
from paydaemon.frontends.models import Following, Submission
from paydaemon.frontends.pace import TooFast
from paydaemon.frontends.relayaccess import RelayAccess
from paydaemon.frontends.settings import Limits
from paydaemon.hooks.frontend import PromptSocket, SocketGone

AROUND_BYTES = 1_024
"""What a message holds beside the transaction, at most."""

TOO_SLOW_TEXT = "too slow; ask for your transactions again"
IDLE_TEXT = "nothing is on its way; come again when there is"
STOPPED_TEXT = "the daemon stops; ask for your transactions again"

METHODS: dict[str, type[Submission] | type[Following]] = {"submit": Submission, "follow": Following}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is at the other end, and where what they hand in goes.

    `pace` takes a token for each message, or raises.
    """

    principal: Principal
    authenticate: Authenticate
    pace: Callable[[], None]
    access: RelayAccess
    request_id: str


class RelaySocket(Conversation):
    """One websocket's conversation."""

    def __init__(self, socket: PromptSocket, caller: Caller, stop: trio.Event, limits: Limits) -> None:
        super().__init__(
            socket,
            caller.authenticate,
            stop,
            stopped=STOPPED_TEXT,
            key_check_every_s=limits.key_check_every_s,
        )
        self._prompt = socket
        self._caller = caller
        self._limits = limits
        self._in_flight = limits.in_flight
        self._places = trio.Semaphore(limits.in_flight)
        self._outbox, self._to_send = trio.open_memory_channel[str](limits.updates_queue)
        self._queued = 0
        self._heard = 0
        self._is_over = False
        self._overflowed = trio.Event()
        self._followed: dict[Course, Tell] = {}

    async def run(self) -> None:
        """Talk until one side has had enough."""
        try:
            with self._outbox, self._to_send:
                parts = [self._listen, self._write, self._wait_for_overflow]
                if self._caller.principal == PUBLIC:
                    parts.append(self._wait_for_idleness)
                await self.converse(*parts)
        finally:
            self._is_over = True
            for course, tell in self._followed.items():
                course.tell_no_more(tell)

    async def _listen(self) -> Goodbye | None:
        async with trio.open_nursery() as nursery:
            with suppress(SocketGone):
                while True:
                    await _take(self._places)
                    message = await self._socket.receive()
                    self._heard += 1
                    await self._keep_pace()
                    nursery.start_soon(self._answer, message)
            nursery.cancel_scope.cancel()
        return None

    async def _keep_pace(self) -> None:
        while True:
            try:
                return self._caller.pace()
            except TooFast as fast:
                await trio.sleep(fast.retry_after_s)

    async def _write(self) -> Goodbye | None:
        async for text in self._to_send:
            await self._socket.send(text)
            self._queued -= 1
        return None

    async def _wait_for_overflow(self) -> Goodbye | None:
        await self._overflowed.wait()
        return Goodbye(TOO_SLOW, TOO_SLOW_TEXT)

    async def _wait_for_idleness(self) -> Goodbye | None:
        """Whoever has no key takes a place from others, who are to have it once nothing is done with it."""
        heard = -1
        while heard != self._heard or self._is_busy:
            heard = self._heard
            await trio.sleep(self._limits.keyless_idle_s)
        return Goodbye(GOING_AWAY, IDLE_TEXT)

    @property
    def _is_busy(self) -> bool:
        """Whether anything is still to be told. Of the places, one is for the next message."""
        return bool(self._followed) or self._places.value < self._in_flight - 1

    def _say(self, content: Json) -> None:
        """Never waits: whoever takes too little of it is cut, and nobody else notices."""
        text = wire.encode(content)
        if self._queued == 0 and self._prompt.send_now(text):
            return
        try:
            self._outbox.send_nowait(text)
            self._queued += 1
        except trio.WouldBlock:
            self._overflowed.set()
        except trio.ClosedResourceError:
            pass  # it is over already

    # --- One message

    async def _answer(self, message: str | bytes) -> None:
        asked: Submission | Following | bytes = b""
        id: object = None
        try:
            if isinstance(message, bytes):
                asked = message
            else:
                content = strictjson.loads(message.encode("utf-8", "surrogatepass"), self._limits.json_depth)
                id = _id_of(content)
                asked = _checked(content)
            handed = await self._handed(asked)
        except Exception as error:  # noqa: BLE001 - each message has its own answer
            self._say({"id": id, "error": self._told(error)})
            self._places.release()
        else:
            handed.at_first_word(partial(self._tell, id, handed))

    def _tell(self, id: object, handed: Handed) -> None:
        """Answer; from now on every change is told."""
        self._places.release()
        self._say({"id": id, "result": public_relay(handed.relay)})
        self._follow(handed)

    async def _handed(self, asked: Submission | Following | bytes) -> Handed:
        access = self._caller.access
        match asked:
            case Following():
                return await access.find(asked.params.transaction_id)
            case Submission():
                given: str | bytes = asked.params.transaction
                check_size(given, self._limits)
                return await access.hand_in(given, asked.params.invoice_id)
            case bytes():
                check_size(asked, self._limits)
                return await access.hand_in(asked, None)

    def _told(self, error: Exception) -> object:
        refusal = errors.as_refusal(error)
        about = refusal.type, refusal.code, refusal.message, refusal.param
        return errors.envelope(*about, self._caller.request_id)["error"]

    def _follow(self, handed: Handed) -> None:
        """Tell every change from now on, by one message each, however often it was asked for here."""
        course = handed.course
        if course in self._followed:
            course.tell_no_more(self._followed.pop(course))
        if not (course.is_over or self._is_over):
            tell = self._followed[course] = partial(self._changed, handed)
            course.tell(tell)

    def _changed(self, handed: Handed, relay: Relay) -> None:
        self._say({"method": "relay.updated", "params": public_relay(handed.shown(relay))})
        if relay.status.is_final:
            self._followed.pop(handed.course, None)


async def _take(places: trio.Semaphore) -> None:
    """Take a place, without leaving the turn to others where there is one: most of the time."""
    try:
        places.acquire_nowait()
    except trio.WouldBlock:
        await places.acquire()


def check_size(given: str | bytes, limits: Limits) -> None:
    """Raises `Refusal` for a transaction that is too large to be looked at."""
    if len(given) > limits.transaction_bytes:
        raise invalid("transaction", f"must be at most {limits.transaction_bytes} bytes long", "too_long")


def _id_of(content: Json) -> object:
    """What the answer is known by; null where it cannot be."""
    try:
        return models.message_id(content.get("id"))
    except PydanticCustomError:
        return None


def _checked(content: Json) -> Submission | Following:
    method = content.get("method")
    if not isinstance(method, str) or method not in METHODS:
        raise invalid("method", "must be submit or follow", "missing" if method is None else "invalid_value")
    return models.check(METHODS[method], content)
