"""The threads beside trio's: what queues up shares a commit, limits hold, and nobody waits in vain."""

import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
import trio.testing

from paydaemon.core.access import Seller
from paydaemon.store.port import Reader, StoreUnavailable, Transaction
from paydaemon.store.sqlite import SqliteStore, open_store
from paydaemon.store.sqlite.committer import Batch, Committer
from paydaemon.store.sqlite.database import Database
from paydaemon.testing.samples import draft
from tests.store.disk import Disk
from tests.support.waiting import BOUND_S, until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The size of each batch, as it is committed."""
    sizes: list[int] = []
    commit = Committer.commit

    def note(self: Committer, batch: Batch) -> None:
        sizes.append(len(batch))
        commit(self, batch)

    monkeypatch.setattr(Committer, "commit", note)
    return sizes


@asynccontextmanager
async def held_up(store: SqliteStore) -> AsyncIterator[Callable[[], None]]:
    """Keep the writer busy until the yielded function is called, or the block ends."""
    busy, release = threading.Event(), threading.Event()

    def hold(_: Transaction) -> None:
        busy.set()
        assert release.wait(BOUND_S)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(store.transact, hold)
        await until(busy.is_set)
        try:
            yield release.set
        finally:
            release.set()


def append(tx: Transaction) -> int:
    return tx.append(draft(), 0).seq


def last_seq(reader: Reader) -> int:
    return reader.last_seq()


async def test_what_queues_up_shares_a_commit_and_a_wake(path: Path, batches: list[int]) -> None:
    wakes: list[int] = []

    async def watch() -> None:
        while store.last_seq < 60:
            await store.wait_beyond(store.last_seq)
            wakes.append(store.last_seq)

    async with open_store(path, batch_limit=50) as store, trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        async with held_up(store) as release:
            for _ in range(60):
                nursery.start_soon(store.transact, append)
            await trio.testing.wait_all_tasks_blocked()
            release()
    assert batches == [1, 50, 10]
    assert wakes == [50, 60]


async def test_a_full_queue_refuses_and_recovers(path: Path) -> None:
    async with open_store(path, queue_limit=3) as store, trio.open_nursery() as nursery:
        async with held_up(store):
            for _ in range(2):
                nursery.start_soon(store.transact, append)
            await trio.testing.wait_all_tasks_blocked()
            assert store.measures.writes_waiting == 3
            with pytest.raises(StoreUnavailable, match="3 transactions are waiting already"):
                await store.transact(append)
        assert await store.transact(append) == 3


async def test_too_many_reads_are_refused(path: Path) -> None:
    gate, begun = threading.Event(), threading.Semaphore(0)

    def slow(reader: Reader) -> int:
        begun.release()
        assert gate.wait(BOUND_S)
        return reader.last_seq()

    async with open_store(path, queue_limit=3, read_connections=2) as store:
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(store.read, slow)
            await trio.testing.wait_all_tasks_blocked()
            assert store.measures.reads_waiting == 3
            with pytest.raises(StoreUnavailable, match="3 reads are waiting already"):
                await store.read(last_seq)
            gate.set()
        assert await store.read(last_seq) == 0


async def test_readers_do_not_wait_for_the_writer_nor_see_what_is_not_committed(path: Path) -> None:
    written, release = threading.Event(), threading.Event()

    def write_and_hold(tx: Transaction) -> None:
        append(tx)
        written.set()
        assert release.wait(BOUND_S)

    async with open_store(path) as store, trio.open_nursery() as nursery:
        nursery.start_soon(store.transact, write_and_hold)
        await until(written.is_set)
        assert await store.read(last_seq) == 0
        release.set()
        await store.wait_beyond(0)
        assert await store.read(last_seq) == 1


async def test_a_read_sees_one_moment_whatever_is_committed_meanwhile(path: Path) -> None:
    begun, release = threading.Event(), threading.Event()
    seen: list[int] = []

    def look_twice(reader: Reader) -> None:
        seen.append(reader.last_seq())
        begun.set()
        assert release.wait(BOUND_S)
        seen.append(reader.last_seq())

    async with open_store(path) as store, trio.open_nursery() as nursery:
        nursery.start_soon(store.read, look_twice)
        await until(begun.is_set)
        assert await store.transact(append) == 1
        release.set()
    assert seen == [0, 0]


async def test_connections_are_used_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[sqlite3.Connection] = []
    reader = Database.reader

    def note(self: Database) -> sqlite3.Connection:
        opened.append(reader(self))
        return opened[-1]

    def raise_something(reader: Reader) -> None:
        reader.last_seq()
        raise KeyError

    monkeypatch.setattr(Database, "reader", note)
    async with open_store(path, read_connections=1) as store:
        for _ in range(3):
            await store.read(last_seq)
            with pytest.raises(KeyError):
                await store.read(raise_something)
        assert len(opened) == 1


async def test_closing_waits_for_what_is_being_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, release = threading.Event(), threading.Event()
    happened: list[str] = []
    close = Committer.close

    def slow(reader: Reader) -> None:
        begun.set()
        assert release.wait(BOUND_S)
        reader.last_seq()
        happened.append("read")

    def note(self: Committer) -> None:
        happened.append("closed")
        close(self)

    monkeypatch.setattr(Committer, "close", note)
    async with trio.open_nursery() as nursery:
        async with open_store(path) as store:
            nursery.start_soon(store.read, slow)
            await until(begun.is_set)
            nursery.start_soon(_after_a_while, release)
        assert happened == ["read", "closed"]


async def _after_a_while(release: threading.Event) -> None:
    await trio.testing.wait_all_tasks_blocked()
    release.set()


async def test_a_waiter_is_told_that_the_store_closes(path: Path) -> None:
    refused: list[str] = []

    async def wait() -> None:
        try:
            await store.wait_beyond(0)
        except StoreUnavailable as error:
            refused.append(str(error))

    async with trio.open_nursery() as nursery, open_store(path) as store:
        nursery.start_soon(wait)
        await trio.testing.wait_all_tasks_blocked()
    assert refused == ["the store is closed"]


async def test_no_thread_is_left_behind(path: Path) -> None:
    async with open_store(path):
        assert "paydaemon store" in names()
    assert "paydaemon store" not in names()


def names() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


async def test_a_full_disk_is_told_to_everybody_while_readers_go_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    refused: list[str] = []

    def large(id: str) -> Seller:
        return Seller(id, "x" * 9_000, 0)

    async def add(number: int) -> None:
        with pytest.raises(StoreUnavailable) as caught:
            await store.transact(lambda tx: tx.add_seller(large(f"s{number}")))
        refused.append(str(caught.value))

    async with open_store(path) as store:
        await store.transact(append)
        async with trio.open_nursery() as nursery, held_up(store):
            disk.fill()
            for number in range(40):
                nursery.start_soon(add, number)
            await trio.testing.wait_all_tasks_blocked()
        assert len(refused) == 40
        assert all("the disk is full" in text for text in refused)
        assert await store.read(last_seq) == 1
        with pytest.raises(StoreUnavailable):
            await store.transact(lambda tx: tx.add_seller(large("still full")))
        assert await store.read(lambda reader: reader.sellers()) == []
        disk.empty()
        await store.transact(lambda tx: tx.add_seller(large("there is room")))
        assert len(await store.read(lambda reader: reader.sellers())) == 1
