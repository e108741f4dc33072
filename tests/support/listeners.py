"""Listeners: a process of its own with many websockets of events, which checks and times what each hears.

A process of its own, so that what is measured is the daemon; and one plain loop over epoll, because hundreds
of clients are to cost less than the daemon that tells them.

It is told on stdin what to open (`Crowd`), says ``ready`` on stdout, and listens. Then it is told the number
of the last event, and once everybody has that it says what was heard (`Heard`). Some of its websockets may be
stalled: they are opened and never read.
"""

import json
import selectors
import socket
import sys
import time
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from subprocess import PIPE

import trio

SEQ = b'{"seq":'
LONGEST_S = 60
SMALL_BUFFER = 4_096
READ_BYTES = 1 << 16
TEXT, CLOSE = 0x81, 0x88
UPGRADE = (
    "GET {target} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Authorization: Bearer {key}\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many websockets that read at once, and so many that never do. All hear what is beyond `after`.

    `times` is a file that the time of every single message is written to.
    """

    port: int
    key: str
    after: int
    reading: int
    stalled: int = 0
    times: str | None = None


@dataclass(slots=True)
class Heard:
    """What the crowd heard: each the last `seq`, and where something was missing, doubled or ended early."""

    last: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    messages: int = 0
    stalled_ended: int = 0


class Listener:
    """One websocket that reads."""

    def __init__(self, connection: socket.socket, after: int) -> None:
        self.connection = connection
        self.last = after
        self.fault = ""
        self._rest = b""

    def read(self, times: "array[float]") -> int:
        """Take what has come; returns how many events that were."""
        data = self.connection.recv(READ_BYTES)
        now = time.monotonic()
        if not data:
            self.fault = self.fault or f"ended after {self.last}"
            return 0
        return self._take(self._rest + data, now, times)

    def _take(self, data: bytes, now: float, times: "array[float]") -> int:
        place, count = 0, 0
        while (frame := _frame_at(data, place)) is not None:
            opcode, start, end = frame
            if opcode == TEXT and data.startswith(SEQ, start):
                seq = int(data[start + len(SEQ) : data.index(b",", start)])
                if seq != self.last + 1:
                    self.fault = self.fault or f"after {self.last} came {seq}"
                self.last = seq
                times.append(seq)
                times.append(now)
                count += 1
            elif opcode == CLOSE:
                self.fault = self.fault or f"closed with {data[start:end]!r} after {self.last}"
            place = end
        self._rest = data[place:]
        return count


def _frame_at(data: bytes, place: int) -> tuple[int, int, int] | None:
    """The first byte of the frame there, and where its payload begins and ends; None until it is whole."""
    if len(data) < place + 2:
        return None
    length, start = data[place + 1], place + 2
    if length >= 126:
        more = 2 if length == 126 else 8
        length, start = int.from_bytes(data[start : start + more], "big"), start + more
    return (data[place], start, start + length) if len(data) >= start + length else None


def _open(crowd: Crowd, buffer: int | None = None) -> tuple[socket.socket, bytes]:
    """An open websocket, and what came right behind the handshake."""
    connection = socket.socket()
    if buffer is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    connection.connect(("127.0.0.1", crowd.port))
    target = f"/v1/events?after={crowd.after}"
    connection.sendall(UPGRADE.format(target=target, key=crowd.key).encode())
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(1)
    assert head.startswith(b"HTTP/1.1 101"), head
    connection.setblocking(False)
    return connection, head


def listen(crowd: Crowd) -> Heard:
    """Open all of them, say so, and listen until everybody has the last event."""
    heard, times = Heard(), array("d")
    stalled = [_open(crowd, SMALL_BUFFER)[0] for _ in range(crowd.stalled)]
    listeners = [Listener(_open(crowd)[0], crowd.after) for _ in range(crowd.reading)]
    with selectors.DefaultSelector() as selector:
        for listener in listeners:
            selector.register(listener.connection, selectors.EVENT_READ, listener)
        selector.register(sys.stdin, selectors.EVENT_READ, None)
        print("ready", flush=True)
        while _listen_once(selector, heard, times):
            pass
        last_seq = int(sys.stdin.readline())
        selector.unregister(sys.stdin)
        patience_s = time.monotonic() + LONGEST_S
        while time.monotonic() < patience_s and any(
            one.last < last_seq and not one.fault for one in listeners
        ):
            _listen_once(selector, heard, times)
    heard.stalled_ended = sum(map(_has_ended, stalled))
    heard.last = [listener.last for listener in listeners]
    heard.faults = [listener.fault for listener in listeners if listener.fault]
    if crowd.times is not None:
        Path(crowd.times).write_bytes(times.tobytes())
    return heard


def _listen_once(selector: selectors.BaseSelector, heard: Heard, times: "array[float]") -> bool:
    """Take what has come; whether to go on until there is word on stdin."""
    for key, _ in selector.select(1):
        listener = key.data
        if listener is None:
            return False
        heard.messages += listener.read(times)
        if listener.fault:
            selector.unregister(listener.connection)
    return True


def _has_ended(stalled: socket.socket) -> bool:
    """Whether the daemon has let go of one that never read."""
    with stalled:
        try:
            while stalled.recv(READ_BYTES):
                pass
        except BlockingIOError:
            return False
        except OSError:
            pass
        return True


@dataclass(slots=True)
class Listening:
    """The process, as whoever has started it sees it. Everybody is to hear up to `last_seq`, which is known
    by the end of the block; `heard` is there after it.
    """

    last_seq: int = 0
    heard: Heard = field(default_factory=Heard)


@asynccontextmanager
async def listening(crowd: Crowd) -> AsyncIterator[Listening]:
    """All of them are open inside the block, and hear until it ends."""
    found = Listening()
    process = await trio.lowlevel.open_process([sys.executable, __file__], stdin=PIPE, stdout=PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        await process.stdin.send_all(json.dumps(asdict(crowd)).encode() + b"\n")
        said = b""
        while not said.endswith(b"\n"):
            said += await process.stdout.receive_some() or b": the listeners could not be opened\n"
        assert said == b"ready\n", said
        yield found
        await process.stdin.send_all(f"{found.last_seq}\n".encode())
        told = b"".join([part async for part in process.stdout])
        found.heard = Heard(**json.loads(told))
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()


if __name__ == "__main__":
    print(json.dumps(asdict(listen(Crowd(**json.loads(sys.stdin.readline()))))), flush=True)
