"""A frontend that runs, a daemon behind it that answers as it is told, and clients in front of it.

The clients make their requests and read the answers by code of their own, so that a mistake of the server's
codec is not made twice.
"""

import base64
import json
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import trio
import trio.testing

from paydaemon.core.access import PUBLIC, Principal
from paydaemon.core.relay import Relay, RelayStatus
from paydaemon.hooks.frontend import Accept, Answer, Json, Request, Route, SocketGone, SocketRoute
from paydaemon.hooks.ports import Reply
from paydaemon_socketio.config import SocketIoConfig
from paydaemon_socketio.frontend import SocketIoFrontend
from paydaemon_socketio.limits import SocketIoLimits

CLIENT = "192.0.2.7"
TX = bytes(range(200))
TX_ID = "0.0.1001@1700000000.000000001"
OCTETS = "application/octet-stream"
TEXT = "text/plain;charset=UTF-8"


def relay(
    status: RelayStatus = RelayStatus.ACCEPTED,
    precheck: str | None = "OK",
    receipt: str | None = None,
    error: str | None = None,
) -> Relay:
    """A relay as the daemon tells it."""
    return Relay(
        id="rly_1",
        chain="hedera",
        transaction_id=TX_ID,
        digest=b"",
        status=status,
        precheck=precheck,
        receipt=receipt,
        node="0.0.3",
        invoice_id=None,
        seller_id=None,
        payer=None,
        memo=None,
        transfers=(),
        payees=(),
        error=error,
        raw=None,
        expires_at_ms=0,
        created_at_ms=0,
        updated_at_ms=0,
    )


@dataclass
class Host:
    """The daemon: says `relay`, and one of `replies` after the other; waits for `gate` where there is one."""

    answer_within_s: float = 30.0
    stopping: trio.Event = field(default_factory=trio.Event)
    gate: trio.Event | None = None
    relay: Relay | Exception = field(default_factory=relay)
    replies: list[Reply | Exception] = field(default_factory=list)
    handed: list[tuple[Principal, str, bytes | str]] = field(default_factory=list)
    asked: list[tuple[Principal, str, bytes, Collection[str]]] = field(default_factory=list)
    askers: list[str | None] = field(default_factory=list)

    async def hand_in(
        self, principal: Principal, chain: str, given: bytes | str, *, invoice_id: str | None = None
    ) -> Relay:
        self.handed.append((principal, chain, given))
        await self._wait()
        if isinstance(self.relay, Exception):
            raise self.relay
        return self.relay

    async def ask(
        self,
        principal: Principal,
        chain: str,
        question: bytes,
        kinds: Collection[str],
        *,
        client: str | None = None,
    ) -> Reply:
        self.asked.append((principal, chain, question, kinds))
        self.askers.append(client)
        await self._wait()
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        return reply

    def acting_for(self, seller_id: str) -> Principal:
        raise NotImplementedError

    async def create_invoice(
        self, principal: Principal, order: Json, idempotency_key: str | None = None
    ) -> Json:
        raise NotImplementedError

    async def invoice(self, principal: Principal, id: str) -> Json:
        raise NotImplementedError

    def look_now(self, chain: str) -> None:
        raise NotImplementedError

    async def _wait(self) -> None:
        await trio.lowlevel.checkpoint()
        if self.gate is not None:
            await self.gate.wait()


class Wire:
    """A websocket: the server's end is a `PromptSocket`, the client's `say` and `hear`."""

    def __init__(self, room: float = 1_000) -> None:
        self.closed: tuple[int, str] | None = None
        self._said, self._to_server = trio.open_memory_channel[str | bytes](1_000)
        self._heard, self._to_client = trio.open_memory_channel[str | bytes](room)

    async def receive(self) -> str | bytes:
        try:
            return await self._to_server.receive()
        except (trio.EndOfChannel, trio.ClosedResourceError):
            raise SocketGone from None

    async def send(self, message: str | bytes) -> None:
        try:
            await self._heard.send(message)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise SocketGone from None

    def send_now(self, text: str) -> bool:
        try:
            self._heard.send_nowait(text)
        except (trio.WouldBlock, trio.BrokenResourceError, trio.ClosedResourceError):
            return False
        return True

    async def close(self, code: int, reason: str) -> None:
        await trio.lowlevel.checkpoint()
        if self.closed is None:
            self.closed = code, reason
        self._heard.close()

    async def say(self, *messages: str | bytes) -> None:
        for message in messages:
            await self._said.send(message)

    async def hear(self) -> str:
        """The next text; a test that hears nothing fails soon."""
        message = await self._to_client.receive()
        assert isinstance(message, str)
        return message

    async def hear_all(self) -> list[str]:
        """Until the server has closed it."""
        return [str(message) async for message in self._to_client]

    def leave(self) -> None:
        """The client is gone, without a word."""
        self._said.close()
        self._to_client.close()


class Client:
    """Somebody with a page open, who speaks version 3 or 4."""

    def __init__(self, frontend: SocketIoFrontend, version: int = 3, address: str | None = CLIENT) -> None:
        self.version = version
        self.address = address
        self.principal = PUBLIC
        self.sid = ""
        self.paced = 0
        self.at_pace: Callable[[], None] = lambda: None
        polling, socket = frontend.routes
        assert isinstance(polling, Route)
        assert isinstance(socket, SocketRoute)
        self._handle, self._converse = polling.handle, socket.converse

    def request(
        self, method: str, query: Sequence[tuple[str, str]], body: bytes = b"", content_type: str = TEXT
    ) -> Request:
        async def pace() -> None:
            await trio.lowlevel.checkpoint()
            self.paced += 1
            self.at_pace()

        headers = {"content-type": content_type} if body else {}
        about = self.principal, self.address, "req_1", pace
        return Request(method, "/socket.io/", {}, query, headers, body, *about)

    def query(self, transport: str = "polling", **more: str) -> list[tuple[str, str]]:
        own = {"EIO": str(self.version), "transport": transport, "t": "NxYz", **more}
        return [*own.items(), *([("sid", self.sid)] if self.sid else [])]

    # --- Polling

    async def open(self) -> dict[str, Any]:
        """Open a session by polling, and be connected; returns what its first packet says."""
        opening, *rest = self.packets(await self.get())
        content: dict[str, Any] = json.loads(opening[1:])
        self.sid = content["sid"]
        if self.version == 4:
            await self.say("40")
            rest += await self.poll()
        assert [packet[:2] for packet in rest] == ["40"]
        return content

    async def get(self) -> Answer:
        return await self._handle(self.request("GET", self.query()))

    async def poll(self) -> list[str]:
        return self.packets(await self.get())

    async def post(self, body: bytes, content_type: str = TEXT) -> Answer:
        return await self._handle(self.request("POST", self.query(), body, content_type))

    async def say(self, *packets: str) -> None:
        """Packets that are text, in one body."""
        await self.post(self.body(*packets))

    def body(self, *packets: str) -> bytes:
        return text_v3(*packets) if self.version == 3 else "\x1e".join(packets).encode()

    async def emit(self, event: str, payload: bytes, id: str = "") -> None:
        """A binary event with its one attachment, as a browser sends it."""
        head = f'451-{id}["{event}",{{"_placeholder":true,"num":0}}]'
        if self.version == 3:
            await self.post(octets_v3(head, b"\x04" + payload), OCTETS)
        else:
            await self.say(head, "b" + in_base64(payload))

    def packets(self, answer: Answer) -> list[str]:
        """What an answer to a poll says."""
        assert (answer.status, answer.content_type) == (200, "text/plain; charset=UTF-8")
        text = answer.body.decode()
        return list(split_v3(text)) if self.version == 3 else text.split("\x1e")

    # --- Websockets

    async def talk(self, wire: Wire) -> Answer | None:
        """Speak by a websocket, until the server ends it."""

        async def accept() -> Wire:
            await trio.lowlevel.checkpoint()
            return wire

        accepting: Accept = accept
        answer = await self._converse(self.request("GET", self.query("websocket")), accepting)
        await wire.close(1000, "the frontend returned")
        return answer


@asynccontextmanager
async def running(
    host: Host, config: SocketIoConfig | None = None, **limits: int
) -> AsyncIterator[SocketIoFrontend]:
    """A frontend that runs."""
    config = config or SocketIoConfig(limits=SocketIoLimits(**limits))
    frontend = SocketIoFrontend("older", config)
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(frontend.run, host))
        yield frontend
        nursery.cancel_scope.cancel()


def sessions(frontend: SocketIoFrontend) -> int:
    """How many places are taken."""
    assert frontend.service is not None
    return len(frontend.service.registry)


async def settle() -> None:
    """Until nothing happens any more by itself."""
    await trio.testing.wait_all_tasks_blocked()


# --- The wire of older clients


def text_v3(*packets: str) -> bytes:
    """Packets with their lengths as JavaScript counts them."""
    return "".join(f"{len(one.encode('utf-16-le')) // 2}:{one}" for one in packets).encode()


def octets_v3(*packets: str | bytes) -> bytes:
    """Packets as browsers send them that have something binary to send."""
    parts = []
    for packet in packets:
        data = packet.encode() if isinstance(packet, str) else packet
        digits = bytes(int(digit) for digit in str(len(data)))
        parts.append((b"\x00" if isinstance(packet, str) else b"\x01") + digits + b"\xff" + data)
    return b"".join(parts)


def split_v3(text: str) -> Sequence[str]:
    """The packets of what is all ASCII."""
    found = []
    while text:
        length, _, rest = text.partition(":")
        found.append(rest[: int(length)])
        text = rest[int(length) :]
    return found


def in_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def said(packet: str) -> tuple[str, Any]:
    """An event's name and content."""
    assert packet.startswith("42"), packet
    name, content = json.loads(packet[2:])
    return name, content
