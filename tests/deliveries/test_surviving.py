"""Whatever ends the daemon between two of its steps: everybody hears of everything, in order, in the end."""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from paydaemon.core.delivery import DeliveryState
from paydaemon.core.events import EventType
from paydaemon.engine.deliveries import DeliveryLimits
from paydaemon.hooks.notifier import Audience, NotTold, Target, Told
from paydaemon.store.port import StoreUnavailable
from tests.deliveries.office import Killed, Office, office
from tests.deliveries.played import hangs

LIVES, KEYS = 40, 4


class DyingStore:
    """A store that ends the daemon at one of its calls: before that is done, or just after it is."""

    def __init__(self, store: Any, dice: random.Random) -> None:
        self._store = store
        self._dice = dice
        self.left = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def transact(self, fn: Callable[[Any], Any]) -> Any:
        return await self._or_die(self._store.transact, fn)

    async def read(self, fn: Callable[[Any], Any]) -> Any:
        return await self._or_die(self._store.read, fn)

    async def _or_die(self, act: Callable[[Any], Any], fn: Callable[[Any], Any]) -> Any:
        self.left -= 1
        if self.left == 0:
            if self._dice.random() < 0.5:
                await act(fn)
            raise Killed
        return await act(fn)


@asynccontextmanager
async def dying(dice: random.Random, *audiences: Audience) -> AsyncIterator[tuple[Office, DyingStore]]:
    limits = DeliveryLimits(events_at_once=3, retry_pause_s=0.2, retry_longest_pause_s=1)
    async with office(*audiences, limits=limits, begin=False) as desk:
        store = DyingStore(desk.store, dice)
        desk.store = store
        yield desk, store


@pytest.mark.parametrize("run", range(6))
async def test_killed_between_any_two_steps_everything_is_told_in_order(
    autojump_clock: MockClock, run: int
) -> None:
    dice = random.Random(run)
    ids = ["we_1", "we_2", "played:one", "played:many"]
    async with dying(dice, Audience("one"), Audience("many", batch=5)) as (desk, store):

        def moody(target: Target, notices: object) -> Told:
            if dice.random() < 0.2:
                raise NotTold("not now", target_down=dice.random() < 0.5)
            return Told(200)

        desk.notifier.says = dict.fromkeys(ids, moody)
        await desk.begin()
        for id in ids[:2]:
            await desk.endpoint(id)
        desk.end()
        for _ in range(LIVES):
            for _ in range(dice.randrange(6)):
                await desk.happen(str(dice.randrange(KEYS)))
            store.left = dice.randrange(4, 80)
            try:
                await desk.begin()
            except RuntimeError:  # it ended before it was up
                continue
            with trio.move_on_after(dice.random() * 5):
                await desk.died.wait()
            desk.end()
            store.left = 0
        desk.notifier.says.clear()
        await desk.begin()
        await trio.sleep(60)
        happened = range(1, desk.store.last_seq + 1)
        for id in ids:
            heard: dict[int, dict[str, object]] = {}
            for notice in desk.notifier.taken[id]:
                heard.setdefault(notice.seq, notice.body["data"])  # type: ignore[arg-type]
            assert sorted(heard) == list(happened)
            for key in range(KEYS):
                told = [seq for seq, data in heard.items() if data["chain"] == str(key)]
                assert told == sorted(told), (id, key)
            assert await desk.count(id, DeliveryState.PENDING) == 0
        assert desk.store.last_seq > 50


async def test_a_call_that_is_cut_off_is_not_a_failure(autojump_clock: MockClock) -> None:
    async with office() as desk:
        await desk.endpoint("we_1")
        desk.notifier.says["we_1"] = hangs
        await desk.happen("a")
        await trio.sleep(1)
        desk.end()
        await trio.sleep(1)
        assert (await desk.state("we_1", 1)).attempts == 0
        del desk.notifier.says["we_1"]
        await desk.begin()
        await trio.sleep(1)
        assert [notice.attempt for notice in desk.notifier.taken["we_1"]] == [1]


async def test_a_target_of_a_notifier_that_is_away_catches_up_when_it_is_back(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with office(Audience("operator")) as desk:
        await desk.happen("a")
        await trio.sleep(1)
        desk.end()
        desk.notifier.audiences = ()
        await desk.begin()
        for number in range(250):
            await desk.happen(str(number))
        await trio.sleep(5)
        assert desk.notifier.seqs("played:operator") == [1]
        desk.end()
        desk.notifier.audiences = (Audience("operator"),)
        await desk.begin()
        await trio.sleep(5)
        assert sorted(desk.notifier.seqs("played:operator")) == list(range(1, 252))


async def test_what_an_audience_wants_may_change_between_two_runs(autojump_clock: MockClock) -> None:
    stale, settled = EventType.CHAIN_STALE, EventType.INVOICE_SETTLED
    async with office(Audience("operator", frozenset({stale}))) as desk:
        for type in (stale, settled):
            await desk.happen("a", type)
        await trio.sleep(1)
        desk.end()
        for type in (stale, settled):
            await desk.happen("a", type)
        desk.notifier.audiences = (Audience("operator", frozenset({settled})),)
        await desk.begin()
        for type in (stale, settled):
            await desk.happen("a", type)
        await trio.sleep(1)
        assert desk.notifier.seqs("played:operator") == [1, 3, 6]


async def test_a_store_that_is_full_is_waited_for_and_nothing_is_told_twice(
    autojump_clock: MockClock,
) -> None:
    async with office() as desk:
        await desk.endpoint("we_1")
        transact, is_full = desk.store.transact, False

        async def full(fn: Any) -> Any:
            if is_full:
                raise StoreUnavailable("the disk is full")
            return await transact(fn)

        desk.store.transact = full  # type: ignore[method-assign]
        for number in range(5):
            await desk.happen(str(number))
        is_full = True
        await trio.sleep(30)
        before = len(desk.notifier.calls)
        assert before <= desk.limits.at_once_target, "what comes behind is not told meanwhile"
        is_full = False
        await trio.sleep(5)
        assert sorted(desk.notifier.seqs("we_1")) == [1, 2, 3, 4, 5]


async def test_what_became_a_delivery_although_that_seemed_to_fail_is_told_at_once(
    autojump_clock: MockClock,
) -> None:
    async with office() as desk:
        await desk.endpoint("we_1")
        transact, fails = desk.store.transact, 1

        async def unsure(fn: Any) -> Any:
            nonlocal fails
            result = await transact(fn)
            if fails:
                fails -= 1
                raise StoreUnavailable("the disk failed to read or write")
            return result

        await desk.happen("a")
        desk.store.transact = unsure  # type: ignore[method-assign]
        await trio.sleep(30)
        assert fails == 0
        assert desk.notifier.seqs("we_1") == [1]
