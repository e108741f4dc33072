"""The inline executor: no thread, so a mock clock never leaps while the store works."""

import threading

import trio
import trio.testing

from paydaemon.core.access import Seller
from paydaemon.store.sqlite import open_store
from paydaemon.testing.samples import draft


async def test_time_stands_still_while_it_works(autojump_clock: trio.testing.MockClock) -> None:
    threads = threading.active_count()
    async with open_store(":memory:", executor="inline") as store:
        for number in range(50):
            await store.transact(lambda tx: tx.append(draft(), 0))
            assert await store.read(lambda reader: reader.last_seq()) == number + 1
        assert trio.current_time() == 0
        assert threading.active_count() == threads
        await trio.sleep(86_400)
        assert store.last_seq == 50


async def test_two_in_memory_are_apart() -> None:
    async with (
        open_store(":memory:", executor="inline") as one,
        open_store(":memory:", executor="inline") as other,
    ):
        await one.transact(lambda tx: tx.add_seller(Seller("shop", "Shop", 0)))
        assert await other.read(lambda reader: reader.sellers()) == []
