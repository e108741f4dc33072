"""The websocket's handler against its port alone: three calls, no server."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from operator import methodcaller
from pathlib import Path

import pytest
import trio

from paydaemon.core.access import Principal, Seller
from paydaemon.engine.accounts import wrong_key
from paydaemon.engine.live import LivePush
from paydaemon.frontends.conversation import Goodbye
from paydaemon.frontends.framing import close_frame
from paydaemon.frontends.settings import Limits
from paydaemon.frontends.teller import Subscription, tell
from paydaemon.frontends.wording import whole_events
from paydaemon.hooks.frontend import SocketGone
from paydaemon.journal import Filter
from paydaemon.store.port import StoreUnavailable
from tests.support.engine import Engine, engine_on
from tests.support.served import Json
from tests.support.stream import texts
from tests.support.waiting import until

OPERATOR = Principal("key_operator", None)
SHOP = Principal("key_shop", "shop")
WORDING = whole_events().frames


class MemorySocket:
    """A socket whose client is the test."""

    def __init__(self) -> None:
        self.told: list[Json] = []
        self.closed: tuple[int, str] | None = None
        self.gone_after: int | None = None
        self.unsent = b""
        self.calls = 0
        self.to_daemon, self._from_test = trio.open_memory_channel[str | bytes](100)

    async def receive(self) -> str | bytes:
        try:
            return await self._from_test.receive()
        except trio.EndOfChannel:
            raise SocketGone from None

    async def send(self, message: str | bytes) -> None:
        raise AssertionError("what is told is framed already")

    async def send_frames(self, frames: bytes, if_cut: Goodbye | None = None) -> None:
        await trio.lowlevel.checkpoint()
        self._hear(self.unsent + frames)
        self.unsent = b""

    def send_frames_now(self, frames: bytes) -> bool:
        """Half of all frames come whole, and half are to be finished."""
        self.calls += 1
        if self.calls % 2:
            self._hear(self.unsent + frames)
            self.unsent = b""
        else:
            self.unsent += frames
        return not self.unsent

    def _hear(self, frames: bytes) -> None:
        for text in texts(frames):
            if self.gone_after is not None and len(self.told) >= self.gone_after:
                raise SocketGone
            self.told.append(json.loads(text))

    async def close(self, code: int, reason: str) -> None:
        await trio.lowlevel.checkpoint()
        self.closed = (code, reason)


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    async with engine_on(tmp_path / "paydaemon.sqlite3") as running:
        for seller in ("shop", "rival"):
            await running.store.transact(methodcaller("add_seller", Seller(seller, seller, 0)))
        yield running


async def valid() -> Principal:
    await trio.lowlevel.checkpoint()
    return OPERATOR


def everything() -> Subscription:
    return Subscription(OPERATOR, valid, Filter(), live=True, invoice_id=None, after=0)


async def create(engine: Engine, count: int = 1) -> None:
    from paydaemon.engine.orders import InvoiceRequest

    for _ in range(count):
        await engine.api.create_invoice(OPERATOR, InvoiceRequest("1", "EUR", seller_id="shop"), None)


async def test_it_ends_when_the_client_leaves(engine: Engine) -> None:
    socket = MemorySocket()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(tell, socket, engine.api, everything(), WORDING, trio.Event(), Limits())
        await create(engine, 3)
        await until(lambda: len(socket.told) == 3)
        socket.to_daemon.close()
    assert [event["seq"] for event in socket.told] == [1, 2, 3]
    assert socket.closed is None


async def test_it_ends_when_sending_fails(engine: Engine) -> None:
    socket = MemorySocket()
    socket.gone_after = 2
    await create(engine, 5)
    await tell(socket, engine.api, everything(), WORDING, trio.Event(), Limits())
    assert [event["seq"] for event in socket.told] == [1, 2]
    assert socket.closed is None


async def test_it_closes_when_the_daemon_stops(engine: Engine) -> None:
    socket, stop = MemorySocket(), trio.Event()
    stop.set()
    await tell(socket, engine.api, everything(), WORDING, stop, Limits())
    assert socket.closed == (1001, "the daemon stops; resume after 0")


async def test_a_store_that_is_away_locks_nobody_out(engine: Engine) -> None:
    """Only a key that is refused ends the conversation."""
    answers: list[Exception] = [
        StoreUnavailable("disk I/O error"),
        StoreUnavailable("disk I/O error"),
        wrong_key(),
    ]

    async def authenticate() -> Principal:
        await trio.lowlevel.checkpoint()
        raise answers.pop(0)

    socket, wanted = MemorySocket(), replace(everything(), authenticate=authenticate)
    await tell(socket, engine.api, wanted, WORDING, trio.Event(), Limits(key_check_every_s=0.01))
    assert (answers, socket.closed) == ([], (4001, "this key is no longer valid"))


async def test_events_and_pushes_do_not_talk_over_each_other(engine: Engine) -> None:
    """Both are told by the same socket, one message at a time."""
    socket = MemorySocket()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(tell, socket, engine.api, everything(), WORDING, trio.Event(), Limits())
        await until(lambda: engine.api.live.is_watched)
        for number in range(50):
            engine.api.live._push(LivePush("inv_1", "shop", {"type": "payment.confirming", "number": number}))
            await create(engine)
        await until(lambda: len(socket.told) == 100)
        nursery.cancel_scope.cancel()
    assert [event["seq"] for event in socket.told if "seq" in event] == list(range(1, 51))
    assert [push["number"] for push in socket.told if "seq" not in push] == list(range(50))


@pytest.mark.parametrize(
    ("principal", "invoice_id", "push", "wanted"),
    [
        (OPERATOR, None, LivePush("inv_1", "shop", {}), True),
        (OPERATOR, None, LivePush(None, None, {}), True),
        (OPERATOR, "inv_2", LivePush("inv_1", "shop", {}), False),
        (OPERATOR, "inv_2", LivePush(None, None, {}), False),
        (SHOP, None, LivePush("inv_1", "shop", {}), True),
        (SHOP, None, LivePush("inv_1", "rival", {}), False),
        (SHOP, None, LivePush(None, None, {}), False),
        (SHOP, "inv_1", LivePush("inv_1", "shop", {}), True),
    ],
)
def test_pushes_are_for_the_eyes_they_are_for(
    principal: Principal, invoice_id: str | None, push: LivePush, wanted: bool
) -> None:
    assert Subscription(principal, valid, None, True, invoice_id, 0).wants(push) is wanted


def test_a_close_frame_is_as_the_protocol_has_it() -> None:
    assert close_frame(4008, "bye") == b"\x88\x05\x0f\xa8bye"
    with pytest.raises(AssertionError, match="125 bytes"):
        close_frame(4008, "x" * 124)
