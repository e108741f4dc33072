"""Live pushes: each new depth to whoever watches, and no watcher in another's way."""

from collections.abc import Callable
from typing import TypeVar

import pytest
import trio

from paydaemon.core.payment import Payment
from paydaemon.engine.intake import Confirming
from paydaemon.engine.limits import EngineLimits
from paydaemon.engine.live import LiveHub, LivePush
from paydaemon.store.port import Reader, StoreUnavailable
from paydaemon.testing.samples import payment
from tests.engine.stores import StoreInFront
from tests.engine.world import DUE, World, world

BUFFER = EngineLimits().live_queue
T = TypeVar("T")


def pushed(channel: trio.MemoryReceiveChannel[LivePush]) -> list[LivePush]:
    """What has come so far."""
    found: list[LivePush] = []
    while True:
        try:
            found.append(channel.receive_nowait())
        except trio.WouldBlock:
            return found


def depth(push: LivePush) -> object:
    """The depth that a push tells."""
    data = push.body["data"]
    assert isinstance(data, dict)
    return data["payment"]["confirmations"]


def news(count: int = 1, tip: int = 1) -> Confirming:
    payments: list[Payment] = [payment(number, height=1, invoice_id="inv_0") for number in range(count)]
    return Confirming(payments, tip)


async def test_each_new_depth_below_the_last_is_pushed() -> None:
    async with world() as daemon, daemon.live.watch() as channel:
        invoice = await daemon.invoice()
        await daemon.pay((invoice.options[0], DUE))
        assert pushed(channel) == []
        await daemon.mine(7)
        found = pushed(channel)
        assert [depth(push) for push in found] == [1, 2, 3, 4, 5]
        assert {(push.invoice_id, push.body["type"]) for push in found} == {
            (invoice.id, "payment.confirming")
        }
        assert {push.seller_id for push in found} == {"shop"}
        assert all("seq" not in push.body for push in found)


async def test_it_is_not_journaled() -> None:
    async with world() as daemon, daemon.live.watch():
        invoice = await daemon.invoice()
        await daemon.pay((invoice.options[0], DUE))
        seq = daemon.journal.last_seq
        await daemon.mine(3)
        assert daemon.journal.last_seq == seq


async def test_one_that_belongs_to_nobody_is_no_sellers() -> None:
    async with world() as daemon, daemon.live.watch() as channel:
        await daemon.pay((daemon.chains["bitcoin"].destination_at(77), 5))
        await daemon.mine()
        [push] = pushed(channel)
        assert (push.invoice_id, push.seller_id) == (None, None)


async def test_all_who_watch_get_it_and_nobody_else() -> None:
    hub = LiveHub()
    hub.confirming(news(), {})
    async with hub.watch() as one, hub.watch() as other:
        hub.confirming(news(2), {"inv_0": "shop"})
        found = pushed(one)
        assert len(found) == 2
        assert pushed(other) == found


async def test_it_is_known_whether_anybody_watches() -> None:
    hub = LiveHub()
    known = [hub.is_watched]
    async with hub.watch():
        known.append(hub.is_watched)
    assert [*known, hub.is_watched] == [False, True, False]


async def test_a_slow_watcher_loses_pushes_and_the_others_none() -> None:
    hub = LiveHub()
    async with hub.watch() as slow, hub.watch() as quick:
        for tip in range(1, 3 * BUFFER + 1):
            hub.confirming(news(tip=tip), {})
            assert len(pushed(quick)) == 1
        kept = pushed(slow)
        assert [depth(push) for push in kept] == list(range(1, BUFFER + 1))
        hub.confirming(news(tip=1_000), {})
        assert len(pushed(slow)) == 1


async def test_one_that_leaves_is_nobodys_trouble() -> None:
    """Its channel may be closed for a while before it is out of the list."""
    hub = LiveHub()
    async with hub.watch() as leaving, hub.watch() as staying:
        await leaving.aclose()
        hub.confirming(news(), {})
        assert len(pushed(staying)) == 1


async def test_a_chain_is_not_stopped_by_whoever_watches() -> None:
    async with world() as daemon, daemon.live.watch() as channel:
        invoice = await daemon.invoice()
        await daemon.pay((invoice.options[0], DUE))
        await channel.aclose()
        await daemon.mine(6)
        assert (await daemon.stands(invoice))[0] == "settled"


class Busy(StoreInFront):
    """A store that refuses so many of the next reads."""

    refuses = 0

    async def read(self, fn: Callable[[Reader], T]) -> T:
        if self.refuses:
            self.refuses -= 1
            raise StoreUnavailable("too many reads are waiting already")
        return await super().read(fn)


async def test_a_push_that_cannot_be_made_fails_nothing_that_was_recorded() -> None:
    async with world(front=Busy) as daemon, daemon.live.watch() as channel:
        assert isinstance(daemon.store, Busy)
        invoice = await daemon.invoice()
        await daemon.pay((invoice.options[0], DUE))
        daemon.bitcoin.grow()
        daemon.store.refuses = 1
        await daemon.chains["bitcoin"].tell()
        assert (daemon.store.refuses, pushed(channel)) == (0, [])
        assert (await daemon.view(invoice.id)).tips == {"bitcoin": 1}


async def watch_and_fail(daemon: World) -> None:
    async with daemon.live.watch():
        raise RuntimeError("the connection broke")


async def test_a_watcher_that_fails_is_forgotten() -> None:
    async with world() as daemon:
        with pytest.raises(RuntimeError):
            await watch_and_fail(daemon)
        assert not daemon.live.is_watched


async def test_a_page_of_one_invoice_hears_of_no_other() -> None:
    """However much is pushed of others, its own is not dropped for it."""
    hub = LiveHub(EngineLimits(live_queue=1))
    async with hub.watch("inv_1") as mine, hub.watch("inv_2") as other, hub.watch() as everything:
        hub._push(LivePush("inv_2", "shop", {"type": "x"}))
        hub._push(LivePush(None, None, {"type": "x"}))
        hub._push(LivePush("inv_1", "shop", {"type": "x"}))
        assert mine.receive_nowait().invoice_id == "inv_1"
        assert (other.receive_nowait().invoice_id, everything.receive_nowait().invoice_id) == (
            "inv_2",
            "inv_2",
        )
        for channel in (mine, other, everything):
            assert channel.statistics().current_buffer_used == 0
    assert not hub.is_watched
