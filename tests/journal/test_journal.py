"""The journal as it is read: by pages and followed, each event once and in order, and only one's own."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
import trio
from trio.testing import MockClock

from paydaemon.core.access import Principal, Seller
from paydaemon.core.events import Draft, Event, EventType
from paydaemon.journal import Filter, Journal, JournalLimits, Turns
from paydaemon.store.port import Store, StoreUnavailable, Transaction
from paydaemon.store.sqlite import open_store
from paydaemon.testing.samples import NOW_MS
from tests.engine.stores import UnsteadyStore
from tests.support.waiting import BOUND_S

PAGE, KEPT = JournalLimits().page_events, JournalLimits().tail_events
OPERATOR = Principal("key_operator", None)
SELLERS = ("shop", "rival")
TYPES = (EventType.INVOICE_CREATED, EventType.INVOICE_SETTLED, EventType.CHAIN_STALE)
EVERYTHING = Filter()


def of(seller_id: str) -> Principal:
    return Principal(f"key_{seller_id}", seller_id)


def draft(number: int, seller_id: str | None = None, type: EventType = TYPES[0]) -> Draft:
    invoice_id = None if seller_id is None else f"inv_{seller_id}_{number % 3}"
    return Draft(type, {"number": number}, invoice_id, seller_id)


def any_draft(random: Random, number: int) -> Draft:
    return draft(number, random.choice([None, *SELLERS]), random.choice(TYPES))


async def append(store: Store, *drafts: Draft) -> None:
    def fn(tx: Transaction) -> None:
        for one in drafts:
            tx.append(one, NOW_MS)

    await store.transact(fn)


async def add_sellers(store: Store) -> None:
    def fn(tx: Transaction) -> None:
        for id in SELLERS:
            tx.add_seller(Seller(id, id, NOW_MS))

    await store.transact(fn)


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with open_store(":memory:", executor="inline") as store:
        await add_sellers(store)
        yield store


@dataclass
class Reader:
    """Follows the journal until it has the event with the last number; reads no faster than it likes."""

    journal: Journal
    principal: Principal
    wanted: Filter = EVERYTHING
    after: int = 0
    pause: Callable[[], float] = lambda: 0.0
    batches: list[Sequence[Event]] = field(default_factory=list)

    async def follow(self) -> None:
        async for batch in self.journal.follow(self.principal, self.wanted, self.after):
            self.batches.append(batch)
            await trio.sleep(self.pause())

    @property
    def events(self) -> list[Event]:
        """Everything it was given, in the order it was given."""
        return [event for batch in self.batches for event in batch]

    def wants(self, event: Event) -> bool:
        """Whether an event is for it: said in plain words."""
        return (
            event.seq > self.after
            and (self.principal.is_operator or event.seller_id == self.principal.seller_id)
            and (not self.wanted.types or event.type in self.wanted.types)
            and self.wanted.invoice_id in (None, event.invoice_id)
        )


def readers(journal: Journal, random: Random, *, newest: int) -> list[Reader]:
    """One of each kind, each from somewhere else and at a speed of its own."""
    principals = [OPERATOR, of("shop"), of("rival"), of("nobody")]
    types: list[Sequence[EventType]] = [(), TYPES[:1], TYPES[1:], (EventType.PLUGIN_FAILED,)]
    return [
        Reader(
            journal,
            principal,
            Filter(kinds, invoice_id),
            after=random.choice([0, 0, random.randint(0, newest), newest, newest + 5]),
            pause=lambda: random.choice([0, 0, 0.0005, 0.005]),
        )
        for principal in principals
        for kinds in types
        for invoice_id in (None, "inv_shop_1")
    ]


async def check(journal: Journal, all_readers: Sequence[Reader]) -> None:
    """Each reader has all that is its own, each once and in order."""
    everything = await page_through(journal)
    for reader in all_readers:
        assert reader.events == [event for event in everything if reader.wants(event)]
        assert all(0 < len(batch) <= PAGE for batch in reader.batches)


async def page_through(journal: Journal) -> list[Event]:
    found: list[Event] = []
    while page := await journal.page(OPERATOR, EVERYTHING, found[-1].seq if found else 0, 37):
        found += page
    assert [event.seq for event in found] == list(range(1, len(found) + 1))
    return found


async def wait_for_all(journal: Journal, all_readers: Sequence[Reader]) -> None:
    everything = await page_through(journal)
    with trio.fail_after(BOUND_S):
        for reader in all_readers:
            while len(reader.events) < sum(map(reader.wants, everything)):  # noqa: ASYNC110 - until it has read
                await trio.sleep(0.01)
    await trio.sleep(0.02)


async def test_nobody_misses_anything_while_others_write(
    store: Store, seed: int, autojump_clock: MockClock
) -> None:
    random = Random(seed)
    journal = Journal(store)
    await append(store, *(any_draft(random, number) for number in range(450)))
    all_readers = readers(journal, random, newest=450)

    async def write() -> None:
        for number in range(100):
            await append(store, *(any_draft(random, number) for _ in range(random.randint(0, 12))))
            await trio.sleep(random.choice([0, 0, 0.001]))

    async with trio.open_nursery() as nursery:
        for reader in all_readers:
            nursery.start_soon(reader.follow)
        async with trio.open_nursery() as writers:
            for _ in range(3):
                writers.start_soon(write)
        await wait_for_all(journal, all_readers)
        nursery.cancel_scope.cancel()
    await check(journal, all_readers)


async def test_nobody_misses_anything_with_real_threads(tmp_path: Path, seed: int) -> None:
    """Commits come from the writer's thread, and reads from others."""
    random = Random(seed)
    async with open_store(tmp_path / "paydaemon.sqlite3") as store, trio.open_nursery() as nursery:
        await add_sellers(store)
        journal = Journal(store)
        all_readers = readers(journal, random, newest=50)
        for reader in all_readers:
            nursery.start_soon(reader.follow)

        async def write() -> None:
            for number in range(60):
                await append(store, *(any_draft(random, number) for _ in range(random.randint(0, 8))))

        async with trio.open_nursery() as writers:
            for _ in range(4):
                writers.start_soon(write)
        await wait_for_all(journal, all_readers)
        nursery.cancel_scope.cancel()
        await check(journal, all_readers)


async def follow_once(store: Store, after: int, principal: Principal = OPERATOR) -> list[int]:
    """The sequence numbers of the next batch."""
    batches = Journal(store).follow(principal, EVERYTHING, after)
    with trio.fail_after(BOUND_S):
        batch = await anext(batches)
    await batches.aclose()
    return [event.seq for event in batch]


async def test_a_long_past_comes_in_pages(store: Store) -> None:
    await append(store, *(draft(number) for number in range(2 * PAGE + 1)))
    reader = Reader(Journal(store), OPERATOR)
    with trio.move_on_after(0.2):
        await reader.follow()
    assert [len(batch) for batch in reader.batches] == [PAGE, PAGE, 1]
    assert [event.seq for event in reader.events] == list(range(1, 2 * PAGE + 2))


async def test_exactly_a_page_and_then_one_more(store: Store) -> None:
    await append(store, *(draft(number) for number in range(PAGE)))
    reader = Reader(Journal(store), OPERATOR)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reader.follow)
        await trio.testing.wait_all_tasks_blocked()
        await append(store, draft(0))
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert [len(batch) for batch in reader.batches] == [PAGE, 1]


async def test_what_is_others_does_not_wake_a_reader_into_a_batch(store: Store) -> None:
    reader = Reader(Journal(store), of("shop"))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reader.follow)
        for number in range(5):
            await append(store, draft(number, "rival"), draft(number))
            await trio.testing.wait_all_tasks_blocked()
        assert reader.batches == []
        await append(store, draft(9, "shop"))
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert [event.data["number"] for event in reader.events] == [9]


async def test_from_beyond_the_end_it_waits_for_what_is_beyond(store: Store) -> None:
    await append(store, draft(0))
    reader = Reader(Journal(store), OPERATOR, after=3)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reader.follow)
        await trio.testing.wait_all_tasks_blocked()
        for number in range(1, 6):
            await append(store, draft(number))
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert [event.seq for event in reader.events] == [4, 5, 6]


async def test_it_reads_only_when_it_is_asked(store: Store) -> None:
    """Whoever reads slowly keeps no more than one batch in memory, whatever is written meanwhile."""
    await append(store, draft(0))
    batches = Journal(store).follow(OPERATOR, EVERYTHING, 0)
    assert len(await anext(batches)) == 1
    for number in range(3 * KEPT):
        await append(store, draft(number))
    assert len(await anext(batches)) <= PAGE
    await batches.aclose()


async def test_a_crowd_at_the_end_holds_the_same_events_and_not_copies(store: Store) -> None:
    journal = Journal(store)
    crowd = [journal.follow(OPERATOR, EVERYTHING, 0) for _ in range(50)]
    await append(store, draft(0), draft(1))
    batches = [await anext(follower) for follower in crowd]
    assert all([*map(id, batch)] == [*map(id, batches[0])] for batch in batches)
    for follower in crowd:
        await follower.aclose()


async def test_whoever_fell_behind_the_tail_replays_and_misses_nothing(store: Store) -> None:
    journal = Journal(store)
    quick, slow = Reader(journal, OPERATOR), journal.follow(OPERATOR, EVERYTHING, 0)
    await append(store, draft(0))
    seen = [event.seq for event in await anext(slow)]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(quick.follow)
        for number in range(2 * KEPT):
            await append(store, draft(number))
            await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    while len(seen) < 2 * KEPT + 1:
        seen += [event.seq for event in await anext(slow)]
    await slow.aclose()
    assert seen == [event.seq for event in quick.events] == list(range(1, 2 * KEPT + 2))


async def test_a_turn_that_lasts_is_not_waited_for(autojump_clock: MockClock) -> None:
    turns = Turns(JournalLimits(replaying=2, turn_ms=1_000))
    began: list[float] = []

    async def take(lasting_s: float) -> None:
        async with turns.turn():
            began.append(trio.current_time() - start)
            await trio.sleep(lasting_s)

    start = trio.current_time()
    async with trio.open_nursery() as nursery:
        for lasting_s in (3600, 0.5, 3600, 0.25, 0.25):
            nursery.start_soon(take, lasting_s)
            await trio.testing.wait_all_tasks_blocked()
        await trio.sleep(10)
        nursery.cancel_scope.cancel()
    assert began == [0, 0, 0.5, 1.0, 1.25]


async def test_left_and_taken_up_again_nothing_is_lost_or_doubled(store: Store, seed: int) -> None:
    random = Random(seed)
    await append(store, *(draft(number) for number in range(3 * PAGE)))
    seen: list[int] = []
    while len(seen) < 3 * PAGE:
        batch = await follow_once(store, seen[-1] if seen else 0)
        seen += batch[: random.randint(1, len(batch))]
    assert seen == list(range(1, 3 * PAGE + 1))


async def test_an_event_is_the_same_whenever_it_is_read(store: Store) -> None:
    await append(store, draft(7, "shop"))
    journal = Journal(store)
    [by_page] = await journal.page(OPERATOR, EVERYTHING, 0, 10)
    [by_seller] = await journal.page(of("shop"), Filter(TYPES[:1], "inv_shop_1"), 0, 10)
    assert by_page == by_seller
    assert journal.last_seq == by_page.seq == 1


async def test_a_seller_cannot_read_anothers_by_naming_it(store: Store) -> None:
    await append(store, draft(1, "shop"))
    journal = Journal(store)
    assert await journal.page(of("rival"), Filter(invoice_id="inv_shop_1"), 0, 10) == []
    assert len(await journal.page(of("shop"), Filter(invoice_id="inv_shop_1"), 0, 10)) == 1


async def test_when_the_store_closes_whoever_follows_is_told() -> None:
    async def follow(store: Store) -> None:
        with pytest.raises(StoreUnavailable, match="closed"):
            await Reader(Journal(store), OPERATOR).follow()

    async with trio.open_nursery() as nursery, open_store(":memory:", executor="inline") as closing:
        nursery.start_soon(follow, closing)
        await trio.testing.wait_all_tasks_blocked()


async def test_what_nobody_was_there_to_hear_is_not_read_when_somebody_comes(store: Store) -> None:
    """After a week without a listener, the next one does not wait until the week has been read."""
    counting = UnsteadyStore(store)
    journal = Journal(counting)
    await append(store, *(draft(number) for number in range(20 * KEPT)))
    reader = Reader(journal, OPERATOR, after=20 * KEPT - 1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reader.follow)
        await trio.testing.wait_all_tasks_blocked()
        assert [event.seq for event in reader.events] == [20 * KEPT]
        assert counting.reads == 1
        await append(store, draft(0))
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert [event.seq for event in reader.events] == [20 * KEPT, 20 * KEPT + 1]
    assert counting.reads == 2
