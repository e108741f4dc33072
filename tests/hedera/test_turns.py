"""Who waits for a turn: the one who asks little is served before the one who asks much is done."""

from collections.abc import Hashable

import trio
from trio.testing import wait_all_tasks_blocked

from paydaemon_hedera.turns import Turns


class Counter:
    """Askers in the order in which they had their turns; each turn lasts until `served`."""

    def __init__(self, at_once: int) -> None:
        self.turns = Turns(at_once)
        self.order: list[Hashable] = []
        self.ends: list[trio.Event] = []

    async def have(self, asker: Hashable) -> None:
        async with self.turns.of(asker):
            self.order.append(asker)
            self.ends.append(trio.Event())
            await self.ends[-1].wait()

    async def served(self, which: int) -> None:
        self.ends[which].set()
        await wait_all_tasks_blocked()


async def test_each_asker_in_turn() -> None:
    here = Counter(1)
    async with trio.open_nursery() as nursery:
        for asker in ("greedy", "greedy", "greedy", "greedy", "other", "third"):
            nursery.start_soon(here.have, asker)
            await wait_all_tasks_blocked()
        for number in range(6):
            await here.served(number)
    assert here.order == ["greedy", "greedy", "other", "third", "greedy", "greedy"]


async def test_no_more_than_so_many_at_once_and_none_is_lost() -> None:
    here = Counter(2)
    async with trio.open_nursery() as nursery:
        for asker in range(5):
            nursery.start_soon(here.have, asker)
        await wait_all_tasks_blocked()
        for number in range(5):
            assert len(here.order) == min(2 + number, 5)
            await here.served(number)
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(here.have, "again")
        await wait_all_tasks_blocked()
        assert here.order[5:] == ["again", "again"]
        nursery.cancel_scope.cancel()


async def test_whoever_leaves_keeps_nobody_waiting() -> None:
    """Also in the very moment of being called."""
    here = Counter(1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(here.have, "first")
        await wait_all_tasks_blocked()
        with trio.CancelScope() as leaving:
            async with trio.open_nursery() as others:
                others.start_soon(here.have, "leaves")
                others.start_soon(here.have, "leaves")
                await wait_all_tasks_blocked()
                here.ends[0].set()
                leaving.cancel()
        await wait_all_tasks_blocked()
        nursery.start_soon(here.have, "last")
        await wait_all_tasks_blocked()
        assert here.order[-1] == "last"
        nursery.cancel_scope.cancel()
