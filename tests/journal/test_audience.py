"""Whoever is told together: each event once and in order, over every change of replay, tail and audience."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from paydaemon.core.access import Principal
from paydaemon.core.events import Event
from paydaemon.journal import Filter, Journal, JournalLimits
from paydaemon.journal.audience import IN_A_ROW
from paydaemon.store.port import Reader as StoreReader
from paydaemon.store.port import Store, StoreUnavailable
from paydaemon.store.sqlite import open_store
from tests.engine.stores import StoreInFront, UnsteadyStore
from tests.journal.test_journal import EVERYTHING, OPERATOR, TYPES, add_sellers, any_draft, append, draft, of
from tests.support.waiting import until

T = TypeVar("T")
TIGHT = JournalLimits(page_events=3, tail_events=8, replaying=2)


@dataclass
class Listener:
    """Takes what it is told, and now and then says that it must finish first, as a full socket would."""

    journal: Journal
    principal: Principal = OPERATOR
    wanted: Filter = EVERYTHING
    after: int = 0
    takes: Callable[[], bool] = lambda: True
    pause_s: Callable[[], float] = lambda: 0.0
    events: list[Event] = field(default_factory=list)
    told_together: int = 0
    is_full: bool = False

    async def listen(self) -> None:
        following = self.journal.follow(self.principal, self.wanted, self.after, hear=self.hear)
        async with aclosing(following) as batches:
            async for batch in batches:
                self.is_full = False
                self.events += batch
                await trio.sleep(self.pause_s())

    def hear(self, events: Sequence[Event]) -> bool:
        assert not self.is_full, "told more before it had finished"
        assert events, "told nothing"
        self.events += events
        self.told_together += len(events)
        self.is_full = not self.takes()
        return not self.is_full

    def should_have(self, journal: Sequence[Event]) -> list[Event]:
        return [
            event
            for event in journal
            if event.seq > self.after
            and (self.principal.is_operator or event.seller_id == self.principal.seller_id)
            and (not self.wanted.types or event.type in self.wanted.types)
            and self.wanted.invoice_id in (None, event.invoice_id)
            and self.wanted.seller_id in (None, event.seller_id)
        ]


@asynccontextmanager
async def audience(journal: Journal, *listeners: Listener) -> AsyncIterator[trio.Nursery]:
    async with trio.open_nursery() as nursery:
        await nursery.start(journal.run)
        for listener in listeners:
            nursery.start_soon(listener.listen)
        await trio.testing.wait_all_tasks_blocked()
        yield nursery
        nursery.cancel_scope.cancel()


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with open_store(":memory:", executor="inline") as store:
        await add_sellers(store)
        yield store


def listeners_of_all_kinds(journal: Journal, random: Random) -> list[Listener]:
    filters = [
        *(Filter(types, invoice_id) for types in ((), TYPES[:1]) for invoice_id in (None, "inv_shop_1")),
        Filter(seller_id="rival"),
    ]
    return [
        Listener(
            journal,
            principal,
            wanted,
            after=random.choice([0, 0, 5, 20]),
            takes=lambda: random.random() < 0.7,
            pause_s=lambda: random.choice([0, 0, 0, 0.001]),
        )
        for principal in (OPERATOR, of("shop"))
        for wanted in filters
        if principal.is_operator or wanted.seller_id is None
        for _ in range(2)
    ]


async def live_through(folder: Path, chance: int, bursts: Sequence[int]) -> list[Listener]:
    """Bursts of events, some far larger than the tail; the audience is there, goes, and comes back."""
    random = Random(chance)
    async with open_store(":memory:", executor="inline") as store, trio.open_nursery() as nursery:
        await add_sellers(store)
        journal = Journal(store, TIGHT)
        listeners = listeners_of_all_kinds(journal, random)
        for listener in listeners:
            nursery.start_soon(listener.listen)
        run = Run(journal)
        for number, burst in enumerate(bursts):
            if random.random() < 0.4:
                await run.end()
                run = Run(journal)
                await nursery.start(run.begin)
            await append(store, *(any_draft(random, number) for _ in range(burst)))
            for _ in range(random.randint(0, 12)):
                await trio.lowlevel.checkpoint()
        everything = await journal.page(OPERATOR, EVERYTHING, 0, 10_000)
        expected = [listener.should_have(everything) for listener in listeners]
        await until(
            lambda: all(len(one.events) >= len(has) for one, has in zip(listeners, expected, strict=True))
        )
        await trio.testing.wait_all_tasks_blocked()
        assert [one.events for one in listeners] == expected
        nursery.cancel_scope.cancel()
    return listeners


class Run:
    """One time that the journal tells its audience."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._scope: trio.CancelScope | None = None
        self._ended = trio.Event()

    async def begin(self, *, task_status: trio.TaskStatus[None]) -> None:
        with trio.CancelScope() as self._scope:
            await self._journal.run(task_status=task_status)
        self._ended.set()

    async def end(self) -> None:
        if self._scope is not None:
            self._scope.cancel()
            await self._ended.wait()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.sampled_from([1, 1, 1, 2, 3, 7, 9, 30]), min_size=1, max_size=25))
def test_no_gap_and_nothing_twice_over_all_changes(chance: int, bursts: list[int]) -> None:
    trio.run(live_through, Path(), chance, bursts)


async def test_whoever_has_caught_up_is_told_together_and_with_the_same(store: Store) -> None:
    journal = Journal(store)
    crowd = [Listener(journal) for _ in range(2 * IN_A_ROW + 1)]
    async with audience(journal, *crowd):
        await append(store, draft(0), draft(1))
        await trio.testing.wait_all_tasks_blocked()
    assert all(one.told_together == 2 for one in crowd)
    assert all([*map(id, one.events)] == [*map(id, crowd[0].events)] for one in crowd)


async def test_one_that_is_full_holds_nobody_up_and_comes_back(store: Store) -> None:
    journal = Journal(store)
    answers = [False, False]
    slow = Listener(journal, takes=lambda: answers.pop() if answers else True)
    quick = Listener(journal)
    async with audience(journal, slow, quick):
        for number in range(5):
            await append(store, draft(number))
            await trio.testing.wait_all_tasks_blocked()
    assert [event.seq for event in slow.events] == [event.seq for event in quick.events] == [1, 2, 3, 4, 5]
    assert quick.told_together == slow.told_together == 5


async def test_one_that_fails_fails_alone(store: Store) -> None:
    journal = Journal(store)
    quick, broken = Listener(journal), Listener(journal)
    broken.hear = lambda events: 1 / 0  # type: ignore[method-assign, assignment, return-value]

    async def expect_failure() -> None:
        with pytest.raises(ZeroDivisionError):
            await broken.listen()

    async with audience(journal, quick) as nursery:
        nursery.start_soon(expect_failure)
        await trio.testing.wait_all_tasks_blocked()
        await append(store, draft(0))
        await trio.testing.wait_all_tasks_blocked()
        await append(store, draft(1))
        await trio.testing.wait_all_tasks_blocked()
    assert [event.seq for event in quick.events] == [1, 2]


async def test_the_audience_is_left_and_forgotten(store: Store) -> None:
    journal = Journal(store)
    async with audience(journal, Listener(journal)) as nursery:
        with trio.move_on_after(0.01):
            await Listener(journal, wanted=Filter(invoice_id="inv_shop_1")).listen()
        await append(store, draft(0))
        await trio.testing.wait_all_tasks_blocked()
        (follower,) = journal.followers
        assert journal.behind(follower) == 0
        nursery.cancel_scope.cancel()
    assert not journal.followers
    assert journal._audience.is_empty


async def test_what_nobody_in_the_audience_is_there_to_hear_is_not_read(store: Store) -> None:
    counting = UnsteadyStore(store)
    journal = Journal(counting)
    async with audience(journal):
        for number in range(20):
            await append(store, draft(number))
            await trio.testing.wait_all_tasks_blocked()
    assert counting.reads == 0


class Unreadable(StoreInFront):
    """A store that can be read, or not."""

    is_readable = False
    refused = 0

    async def read(self, fn: Callable[[StoreReader], T]) -> T:
        if not self.is_readable:
            self.refused += 1
            raise StoreUnavailable("the disk failed to read or write")
        return await self._store.read(fn)


async def test_a_store_that_cannot_be_read_is_waited_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paydaemon.journal.journal.AGAIN_S", 0.01)
    unreadable = Unreadable(store)
    journal = Journal(unreadable)
    listener = Listener(journal)
    async with audience(journal, listener):
        await append(store, draft(0))
        await until(lambda: unreadable.refused > 2)
        unreadable.is_readable = True
        await until(lambda: len(listener.events) == 1)
        await append(store, draft(1))
        await until(lambda: len(listener.events) == 2)
    assert listener.told_together == 2
