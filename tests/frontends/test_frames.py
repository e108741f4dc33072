"""A websocket's frames, from bytes to messages and back: what RFC 6455 wants of a server."""

import struct
from collections.abc import Sequence
from contextlib import suppress
from typing import cast

import pytest
import trio
import trio.testing
from hypercorn.events import Closed, RawData
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.frontends.beat import Beat
from paydaemon.frontends.frames import MINOR_BURST, MINOR_PER_S, WAITING, FrameSocket
from paydaemon.frontends.settings import Limits
from paydaemon.frontends.tls import ClientStream
from paydaemon.hooks.frontend import SocketGone

TEXT, BINARY, CONT, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10
MOST_BYTES = 300


class Wire:
    """A connection's stream that remembers what was sent."""

    def __init__(self) -> None:
        self.sent = b""
        self.closed = False
        self.broken = False
        self.is_slow = False
        self.takes_bytes = 1 << 20

    async def send_all(self, data: bytes) -> None:
        await trio.lowlevel.checkpoint()
        if self.broken or self.closed:
            raise trio.BrokenResourceError
        half = len(data) // 2 if self.is_slow else len(data)
        self.sent += data[:half]
        await trio.sleep(0.01 if self.is_slow else 0)
        self.sent += data[half:]

    def send_now(self, data: bytes) -> bytes:
        taken = 0 if self.broken or self.closed else self.takes_bytes
        self.sent += data[:taken]
        self.takes_bytes -= len(data[:taken])
        return data[taken:]

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()
        self.closed = True


def _nobody(_: object) -> None:
    raise AssertionError("nothing was left to be sent")


class Talk:
    """A `FrameSocket`, and the wire that it is on; a rest is sent in the nursery."""

    def __init__(self, nursery: trio.Nursery | None = None) -> None:
        self.wire = Wire()
        spawn = _nobody if nursery is None else nursery.start_soon
        self.socket = FrameSocket(cast(ClientStream, self.wire), MOST_BYTES, spawn)

    async def comes(self, *frames: bytes) -> None:
        await self.socket.handle(RawData(b"".join(frames)))

    @property
    def close_code(self) -> int:
        """That of the close frame, which is the last that was said."""
        assert self.wire.closed
        opcode, payload = said(self.wire.sent)[-1]
        assert opcode == CLOSE
        return cast(int, struct.unpack("!H", payload[:2])[0])


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, masked: bool = True, bits: int = 0
) -> bytes:
    """A frame as a client sends it (RFC 6455, section 5.2)."""
    mask = b"\x01\x02\x03\x04"
    first = (0x80 if fin else 0) | bits | opcode
    length, more = (len(payload), b"") if len(payload) < 126 else (126, struct.pack("!H", len(payload)))
    if not masked:
        return bytes((first, length)) + more + payload
    hidden = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
    return bytes((first, length | 0x80)) + more + mask + hidden


def said(sent: bytes) -> Sequence[tuple[int, bytes]]:
    """The frames that a server has sent."""
    frames = []
    while sent:
        assert not sent[1] & 0x80, "a server masks nothing"
        length, start = (sent[1], 2) if sent[1] < 126 else (struct.unpack("!H", sent[2:4])[0], 4)
        frames.append((sent[0] & 0x0F, sent[start : start + length]))
        sent = sent[start + length :]
    return frames


async def test_messages_arrive_whole() -> None:
    talk = Talk()
    await talk.comes(frame(TEXT, "grüß".encode()), frame(BINARY, b"\x00\xff"), frame(TEXT))
    assert [await talk.socket.receive() for _ in range(3)] == ["grüß", b"\x00\xff", ""]


async def test_fragments_are_put_together_and_a_ping_between_them_is_answered() -> None:
    talk, whole = Talk(), "grün".encode()
    await talk.comes(frame(TEXT, whole[:3], fin=False), frame(PING, b"there?"))
    assert said(talk.wire.sent) == [(PONG, b"there?")]
    await talk.comes(frame(CONT, whole[3:4], fin=False), *[frame(CONT, fin=False)] * 400)
    await talk.comes(frame(CONT, whole[4:]))
    assert await talk.socket.receive() == "grün"


MINOR = {
    "pings": [frame(PING)],
    "pongs": [frame(PONG)],
    "empty fragments": [frame(CONT, fin=False)],
    "fragments and pings": [frame(CONT, fin=False), frame(PING)],
}


@pytest.mark.parametrize("what", MINOR)
async def test_more_small_frames_than_anybody_needs_are_an_end(what: str) -> None:
    talk = Talk()
    first = [] if what in ("pings", "pongs") else [frame(TEXT, fin=False)]
    await talk.comes(*first, *(MINOR[what] * (MINOR_BURST + 2)))
    assert talk.close_code == 1008


async def test_as_many_small_frames_as_fit_the_pace_are_taken(autojump_clock: trio.testing.MockClock) -> None:
    talk = Talk()
    for _ in range(20):
        await talk.comes(*[frame(PING)] * MINOR_BURST)
        await trio.sleep(MINOR_BURST / MINOR_PER_S)
    await talk.comes(frame(TEXT, b"still here"))
    assert await talk.socket.receive() == "still here"


WRONG = {
    "unmasked": (1002, [frame(TEXT, b"x", masked=False)]),
    "reserved bit": (1002, [frame(TEXT, b"x", bits=0x40)]),
    "reserved opcode": (1002, [frame(3, b"x")]),
    "continues nothing": (1002, [frame(CONT, b"x")]),
    "message in a message": (1002, [frame(TEXT, b"x", fin=False), frame(TEXT, b"y")]),
    "fragmented ping": (1002, [frame(PING, fin=False)]),
    "close of one byte": (1002, [frame(CLOSE, b"x")]),
    "close with a reserved code": (1002, [frame(CLOSE, struct.pack("!H", 1005))]),
    "no utf-8": (1007, [frame(TEXT, b"\xff")]),
    "half a character": (1007, [frame(TEXT, "ü".encode()[:1])]),
    "too large": (1009, [frame(TEXT, b"x" * (MOST_BYTES + 1))]),
    "too large in pieces": (1009, [frame(TEXT, b"x" * 200, fin=False), frame(CONT, b"x" * 101)]),
}


@pytest.mark.parametrize(("code", "frames"), WRONG.values(), ids=WRONG.keys())
async def test_what_is_wrong_is_answered_by_its_code_and_the_end(code: int, frames: list[bytes]) -> None:
    talk = Talk()
    await talk.comes(*frames)
    assert talk.close_code == code
    with pytest.raises(SocketGone):
        await talk.socket.receive()
    await talk.comes(frame(TEXT, b"more"))  # goes nowhere
    assert talk.close_code == code


async def test_a_client_that_closes_is_answered_alike() -> None:
    talk = Talk()
    await talk.comes(frame(TEXT, b"last"), frame(CLOSE, struct.pack("!H", 1000) + b"bye"))
    assert (talk.close_code, said(talk.wire.sent)) == (1000, [(CLOSE, b"\x03\xe8bye")])
    assert await talk.socket.receive() == "last"
    for say in (talk.socket.receive, lambda: talk.socket.send("x")):
        with pytest.raises(SocketGone):
            await say()
    await talk.socket.close(1001, "too late")
    assert len(said(talk.wire.sent)) == 1


async def test_goodbye_is_said_once() -> None:
    talk = Talk()
    await talk.socket.send("a" * 200)
    await talk.socket.close(1001, "the daemon stops")
    await talk.socket.close(1011, "")
    assert said(talk.wire.sent) == [(TEXT, b"a" * 200), (CLOSE, b"\x03\xe9the daemon stops")]
    assert talk.wire.closed


async def test_whoever_is_cancelled_while_it_sends_leaves_no_half_of_a_frame() -> None:
    talk = Talk()
    talk.wire.is_slow = True
    async with trio.open_nursery() as nursery:
        nursery.start_soon(talk.socket.send, "a" * 200)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    await talk.socket.close(1001, "the daemon stops")
    assert said(talk.wire.sent) == [(TEXT, b"a" * 200), (CLOSE, b"\x03\xe9the daemon stops")]


@pytest.mark.parametrize("end", ["nothing", "closed", "broken"])
async def test_a_client_that_is_gone_is_told_as_such(end: str) -> None:
    talk = Talk()
    talk.wire.broken = end == "broken"
    if end == "nothing":
        await talk.comes(b"")
    if end == "closed":
        await talk.socket.handle(Closed())
    with pytest.raises(SocketGone):
        await talk.socket.send("x")
    with pytest.raises(SocketGone):
        await talk.socket.receive()


async def test_a_few_messages_wait_and_the_next_slows_its_sender(
    autojump_clock: trio.testing.MockClock,
) -> None:
    talk = Talk()
    await talk.comes(*[frame(TEXT, b"x")] * WAITING)
    with trio.move_on_after(1) as patience:
        await talk.comes(frame(TEXT, b"one more"))
    assert patience.cancelled_caught


async def test_what_nobody_takes_any_more_is_let_go() -> None:
    talk = Talk()
    await talk.socket.close(1001, "")
    await talk.comes(*[frame(TEXT, b"x")] * (WAITING + 1))


async def test_pings_come_every_so_often_until_the_end(autojump_clock: trio.testing.MockClock) -> None:
    talk, beat = Talk(), Beat(Limits(ping_every_s=20))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(beat.run)
        beat.add(talk.socket)
        await trio.sleep(45)
        assert said(talk.wire.sent) == [(PING, b"")] * 3
        await talk.socket.close(1000, "")
        await trio.sleep(45)
        nursery.cancel_scope.cancel()
    assert len(said(talk.wire.sent)) == 4


async def test_a_ping_waits_for_nobody(nursery: trio.Nursery, autojump_clock: trio.testing.MockClock) -> None:
    slow, stuck, gone = Talk(nursery), Talk(nursery), Talk(nursery)
    beat = Beat(Limits(ping_every_s=20))
    slow.wire.is_slow = True
    nursery.start_soon(slow.socket.send, "slow")
    await trio.testing.wait_all_tasks_blocked()
    stuck.wire.takes_bytes = 1
    gone.wire.broken = True
    for talk in (slow, stuck, gone):
        beat.add(talk.socket)
    await trio.sleep(1)
    assert said(slow.wire.sent) == [(TEXT, b"slow")]
    assert said(stuck.wire.sent) == [(PING, b"")]
    with pytest.raises(SocketGone):
        await gone.socket.receive()
    assert not gone.socket.ping()


async def test_nothing_is_said_on_a_connection_that_is_over() -> None:
    talk = Talk()
    talk.socket.leave()
    assert not talk.socket.ping()
    assert not talk.socket.send_now("too late")
    assert talk.wire.sent == b""


@given(
    messages=st.lists(st.text(max_size=60) | st.binary(max_size=MOST_BYTES), max_size=WAITING), data=st.data()
)
def test_messages_arrive_however_they_are_cut(messages: list[str | bytes], data: st.DataObject) -> None:
    def framed(message: str | bytes) -> bytes:
        return frame(TEXT, message.encode()) if isinstance(message, str) else frame(BINARY, message)

    stream = b"".join(map(framed, messages))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    async def arrive() -> None:
        talk = Talk()
        for piece in filter(None, pieces):
            await talk.comes(piece)
        assert [await talk.socket.receive() for _ in messages] == messages

    trio.run(arrive)


@given(pieces=st.lists(st.binary(min_size=1, max_size=40), max_size=WAITING))
def test_whatever_comes_is_taken_or_ended_in_order(pieces: list[bytes]) -> None:
    async def arrive() -> None:
        talk = Talk()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(listen, talk.socket)
            for piece in pieces:
                await talk.comes(piece)
            nursery.cancel_scope.cancel()
        if talk.wire.closed:
            assert 1000 <= talk.close_code < 5000

    async def listen(socket: FrameSocket) -> None:
        with suppress(SocketGone):
            while True:
                await socket.receive()

    trio.run(arrive)


async def test_what_is_sent_at_once_is_sent_by_nobody_else() -> None:
    talk = Talk()
    assert talk.socket.send_now("first")
    assert said(talk.wire.sent) == [(TEXT, b"first")]
    await talk.socket.send("second")
    assert said(talk.wire.sent) == [(TEXT, b"first"), (TEXT, b"second")]


@pytest.mark.parametrize("taken", range(7))
async def test_what_the_kernel_does_not_take_follows_before_all_else(
    taken: int, nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    talk = Talk(nursery)
    talk.wire.takes_bytes = taken
    assert talk.socket.send_now("first")
    assert not talk.socket.send_now("would tear the first apart")
    await talk.socket.send("second")
    await trio.sleep(1)
    assert said(talk.wire.sent) == [(TEXT, b"first"), (TEXT, b"second")]


async def test_a_rest_is_sent_though_nothing_follows_it(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    talk = Talk(nursery)
    for text in (b"first", b"second"):
        talk.wire.takes_bytes = 3
        assert talk.socket.send_now(text.decode())
        await trio.sleep(1)
    assert said(talk.wire.sent) == [(TEXT, b"first"), (TEXT, b"second")]


async def test_nothing_is_sent_at_once_beside_a_message_that_is_being_sent(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    talk = Talk()
    talk.wire.is_slow = True
    nursery.start_soon(talk.socket.send, "slow")
    await trio.testing.wait_all_tasks_blocked()
    assert not talk.socket.send_now("quick")
    await trio.sleep(1)
    assert said(talk.wire.sent) == [(TEXT, b"slow")]


async def test_a_client_that_is_gone_is_noticed_by_what_it_was_sent_at_once(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    talk = Talk(nursery)
    talk.wire.broken = True
    assert talk.socket.send_now("is lost")
    with pytest.raises(SocketGone):
        await talk.socket.receive()
    assert not talk.socket.send_now("is not even tried")
