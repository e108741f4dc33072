"""Wake-ups from the node over ZMQ. They may be lost, doubled or forged, so they only say where to look.

Every topic has a counter of its own: a step other than one means that something was missed, and so does every
loss and return of a connection. Either way the listener is told to look at everything anew. Source: Bitcoin
Core, ``doc/zmq.md``.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self

import trio
import zmq
from zmq.utils.monitor import recv_monitor_message

from paydaemon_bitcoin.limits import BitcoinLimits
from paydaemon_bitcoin.transactions import MAX_BYTES


@dataclass(frozen=True, slots=True)
class RawTransaction:
    """A transaction came into the mempool, or its block into the chain or out of it."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Added:
    """A transaction came into the mempool."""

    txid: str


@dataclass(frozen=True, slots=True)
class Removed:
    """A transaction left the mempool for another reason than being mined."""

    txid: str


@dataclass(frozen=True, slots=True)
class BlocksChanged:
    """A block came into the chain or left it."""


@dataclass(frozen=True, slots=True)
class Missed:
    """Something may have been missed; `reason` is for people."""

    reason: str


Wake = RawTransaction | Added | Removed | BlocksChanged | Missed

CONNECTED = "connected to the node"
SUBSCRIBED = "until now the node may not have known what is subscribed to"
SUBSCRIBED_AFTER_S = 1.0
"""It is told after the handshake. What it publishes until it has heard of it goes to nobody, uncounted."""

_AT_ONCE = 500  # messages taken before others get their turn
_LOST_EDGE_S = 1.0  # ZMQ's descriptor is edge-triggered: a lost edge costs no more than this
_WATCHED = zmq.Event.HANDSHAKE_SUCCEEDED | zmq.Event.DISCONNECTED


class Notifications:
    """A subscription to a node's ``rawtx`` and ``sequence``, each where its endpoint is known.

    An async context manager; everything is closed when it is left. Once `queue` messages wait, the node keeps
    or drops what follows; the counters show it.
    """

    def __init__(
        self, *, rawtx: str | None, sequence: str | None, queue: int = BitcoinLimits().zmq_queue
    ) -> None:
        self._queue = queue
        self._topics = {b"rawtx": rawtx, b"sequence": sequence}
        self._expected: dict[bytes, int] = {}

    async def __aenter__(self) -> Self:
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.RCVHWM, self._queue)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_BYTES)
        self._socket.setsockopt(zmq.TCP_KEEPALIVE, 1)
        self._monitor = self._socket.get_monitor_socket(_WATCHED)
        for topic, endpoint in self._topics.items():
            if endpoint is not None:
                self._socket.setsockopt(zmq.SUBSCRIBE, topic)
        for endpoint in {endpoint for endpoint in self._topics.values() if endpoint is not None}:
            self._socket.connect(endpoint)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.disable_monitor()
        self._monitor.close(
            linger=0
        )  # disable_monitor() leaves it open, and term() would wait for it forever
        self._socket.close(linger=0)
        self._context.term()

    async def listen(self, heard: Callable[[Wake], None]) -> None:
        """Pass every wake-up to `heard`, which must not wait, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._hear_messages, heard)
            nursery.start_soon(self._hear_connections, heard, nursery)

    async def _hear_messages(self, heard: Callable[[Wake], None]) -> None:
        while True:
            for topic, body, count in _drain(self._socket):
                for wake in self._wakes(topic, body, count):
                    heard(wake)
            await _more(self._socket)

    async def _hear_connections(self, heard: Callable[[Wake], None], nursery: trio.Nursery) -> None:
        while True:
            while _has_more(self._monitor):
                event = recv_monitor_message(self._monitor, zmq.NOBLOCK)["event"]
                back = event == zmq.Event.HANDSHAKE_SUCCEEDED
                heard(Missed(CONNECTED if back else "the node's connection was lost"))
                if back:
                    nursery.start_soon(self._hear_too_late, heard)
            await _more(self._monitor)

    async def _hear_too_late(self, heard: Callable[[Wake], None]) -> None:
        await trio.sleep(SUBSCRIBED_AFTER_S)
        heard(Missed(SUBSCRIBED))

    def _wakes(self, topic: bytes, body: bytes, count: bytes) -> Iterator[Wake]:
        number = int.from_bytes(count, "little")
        if self._expected.get(topic, number) != number:
            yield Missed(f"message {number} of {topic.decode()} came instead of {self._expected[topic]}")
        self._expected[topic] = (number + 1) % 2**32
        if topic == b"rawtx":
            yield RawTransaction(body)
        else:
            yield from _sequence(body)


class Heard(StrEnum):
    """How much there was to be heard of a publisher."""

    NOTHING = "nothing"
    HANDSHAKE = "handshake"
    MESSAGE = "message"


async def listen_for(topic: str, endpoint: str, within_s: float) -> Heard:
    """Whether a publisher answers at an endpoint and, in that time, says something on a topic."""
    heard = Heard.NOTHING

    def hear(wake: Wake) -> None:
        nonlocal heard
        if not isinstance(wake, Missed):
            heard = Heard.MESSAGE
            listening.cancel()
        elif heard is Heard.NOTHING and wake.reason == CONNECTED:
            heard = Heard.HANDSHAKE

    rawtx, sequence = (endpoint if topic == one else None for one in ("rawtx", "sequence"))
    with trio.move_on_after(within_s) as listening:
        async with Notifications(rawtx=rawtx, sequence=sequence) as notifications:
            await notifications.listen(hear)
    return heard


def _drain(socket: zmq.Socket[bytes]) -> Iterator[Sequence[bytes]]:
    """The messages that are there, up to a bound. Those that are not a node's three parts are passed over."""
    for _ in range(_AT_ONCE):
        try:
            parts = socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return
        if len(parts) == 3 and parts[0] in (b"rawtx", b"sequence"):
            yield parts


def _has_more(socket: zmq.Socket[bytes]) -> bool:
    return bool(int(socket.getsockopt(zmq.EVENTS)) & zmq.POLLIN)


async def _more(socket: zmq.Socket[bytes]) -> None:
    """Wait until there may be more to receive. Always lets others have their turn."""
    if _has_more(socket):
        await trio.lowlevel.checkpoint()
        return
    with trio.move_on_after(_LOST_EDGE_S):
        await trio.lowlevel.wait_readable(int(socket.getsockopt(zmq.FD)))


def _sequence(body: bytes) -> Iterator[Wake]:
    """One message of ``sequence``: a hash as RPC writes it, then a letter that tells what happened to it."""
    match body[32:33]:
        case b"A":
            yield Added(body[:32].hex())
        case b"R":
            yield Removed(body[:32].hex())
        case b"C" | b"D":
            yield BlocksChanged()
        case _:
            yield Missed("a message of sequence that cannot be read")
