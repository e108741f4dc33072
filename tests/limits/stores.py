"""Provocations of how the database is written and read."""

import threading
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import cast

import trio
import trio.testing

from paydaemon import app
from paydaemon.config import LimitSettings, parse_config
from paydaemon.plugins import load_plugins
from paydaemon.store.port import Reader, Transaction
from paydaemon.store.sqlite.committer import Batch
from paydaemon.store.sqlite.store import SqliteStore
from tests.limits.connections import ORDER
from tests.limits.trial import Trial, provokes, told
from tests.support.engine import engine_on
from tests.support.served import listening
from tests.support.waiting import BOUND_S, until
from tests.systemd.away import NOBODY


def store_of(trial: Trial, limits: LimitSettings) -> AbstractAsyncContextManager[SqliteStore]:
    """The store as a daemon with these limits opens it."""
    document = {**NOBODY, "daemon": {"state_dir": str(trial.folder)}}
    config = replace(parse_config(document, load_plugins()), limits=limits)
    return cast(AbstractAsyncContextManager[SqliteStore], app._store(config))


class Gate:
    """What a function of the store waits at, in its own thread. `begun` counts those that came there."""

    def __init__(self) -> None:
        self.begun = 0
        self._open = threading.Event()

    def wait(self, _: Transaction | Reader) -> None:
        self.begun += 1
        assert self._open.wait(BOUND_S)

    def open(self) -> None:
        self._open.set()


@asynccontextmanager
async def gate() -> AsyncIterator[Gate]:
    """A gate that is open in the end, whatever happens."""
    made = Gate()
    try:
        yield made
    finally:
        made.open()


@provokes("limits.store_queue")
async def a_database_that_is_busy(trial: Trial) -> str:
    limits = trial.all(1).frontends
    async with (
        engine_on(trial.folder / "paydaemon.sqlite3", queue_limit=trial.settings(1).store_queue) as engine,
        listening(engine, trial.folder, limits) as daemon,
        daemon.client() as client,
        trio.open_nursery() as nursery,
        gate() as held,
    ):
        nursery.start_soon(engine.store.transact, held.wait)
        await until(lambda: held.begun == 1)
        return told(await client.post("/v1/invoices", json=ORDER))
    raise AssertionError("no block above swallows its exception")


@provokes("limits.store.batch_writes")
async def many_writes_at_once(trial: Trial) -> str:
    async with store_of(trial, trial.settings(2)) as store, gate() as held, trio.open_nursery() as nursery:
        committer = store._writer._committer  # type: ignore[attr-defined]
        commit, sizes = committer.commit, list[int]()

        def note(batch: Batch) -> None:
            sizes.append(len(batch))
            commit(batch)

        committer.commit = note
        nursery.start_soon(store.transact, held.wait)
        await until(lambda: held.begun == 1)
        for _ in range(3):
            nursery.start_soon(store.transact, lambda tx: None)
        await trio.testing.wait_all_tasks_blocked()
        held.open()
    assert sizes == [1, 2, 1]
    return "the rest has its turn in the next commit"


@provokes("limits.store.readers")
async def many_reads_at_once(trial: Trial) -> str:
    async with store_of(trial, trial.settings(1)) as store, gate() as held, trio.open_nursery() as nursery:
        for _ in range(2):
            nursery.start_soon(store.read, held.wait)
        await until(lambda: held.begun == 1)
        await trio.sleep(0.05)
        assert held.begun == 1
        held.open()
    assert held.begun == 2
    return "the next read waits"
