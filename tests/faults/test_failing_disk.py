"""A disk that fails under a running daemon: nobody is told what is not durable, and it recovers by itself.

The failures are the kernel's answers to the daemon's own calls, from the n-th on, until they are let go
again; a small file system that is really full; and a bound on the size of files.
"""

import os
import resource
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from tests.faults.stage import CONFIRMATIONS, Stage, staged
from tests.faults.strace import Trace, files_of, tracing
from tests.support.daemon import patiently
from tests.support.stream import Stream
from tests.support.waiting import until

FULL, BROKEN = "ENOSPC", "EIO"

SOME = [("pwrite64", FULL, (1, 9)), ("fdatasync", BROKEN, (1,))]
"""Which call fails, how, and from which one on: enough to see each kind once."""

EVERY = [
    ("pwrite64", FULL, range(1, 200)),
    ("pwrite64", BROKEN, range(1, 200)),
    ("fdatasync", BROKEN, range(1, 20)),
    ("fdatasync", FULL, range(1, 20)),
]


@asynccontextmanager
async def failing(stage: Stage, file: Path, call: str, error: str, since: int) -> AsyncIterator[Trace]:
    """From the call of this number on the kernel refuses, until the end of the block."""
    files = files_of(stage.daemon.database)
    inject = [f"{call}:error={error}:when={since}+"]
    async with tracing(stage.daemon.pid, file, paths=files, inject=inject) as trace:
        yield trace


def log_failed(trace: Trace) -> bool:
    """Whether the log, which makes a commit durable, could not be written."""
    return any("-wal>" in line for line in trace.injected())


# Creating


async def create_while_failing(stage: Stage, folder: Path, call: str, error: str, since: int) -> bool:
    """Order under a fault, and again after it; returns whether there was one.

    After the first of each kind the daemon recovers before anybody asks, which takes it a second. After the
    others it is asked at once.
    """
    order = f"{call}-{error}-{since}"
    async with failing(stage, folder / f"trace-{order}", call, error, since) as trace:
        status, answer = await stage.create(order)
        faulty = log_failed(trace)
        assert status == (503 if faulty else 201), (answer, trace.injected())
        if faulty:
            assert answer["error"]["code"] == "store_unavailable"
            assert not await stage.records()
            journal = await stage.daemon.journal()
            assert not [event for event in journal if order in str(event)]
    if since == 1:
        await stage.recovers()
    await stage.created(order)
    await stage.recovers()
    return faulty


async def create_under(stage: Stage, folder: Path, faults: Sequence[tuple[str, str, Sequence[int]]]) -> int:
    """Meet every fault, each kind until there are no more calls to fail; returns how many there were."""
    met = 0
    for call, error, places in faults:
        for since in places:
            if not await create_while_failing(stage, folder, call, error, since):
                break
            met += 1
    return met


async def test_an_invoice_that_cannot_be_recorded_is_refused_and_can_be_had_later(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage, stage.daemon.stream() as stream:
        assert await create_under(stage, tmp_path, SOME) == 3
        await stage.follow(stream)
        await stage.audit()
        await stage.daemon.stop()
    assert stage.daemon.errors() == []


@pytest.mark.soak
async def test_every_write_of_a_creation_fails_once(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage, stage.daemon.stream() as stream:
        met = await create_under(stage, tmp_path, EVERY)
        print(f"  {met} faults met while creating")
        assert met > 50
        await stage.follow(stream)
        await stage.audit()
        await stage.daemon.stop()


# Settling


async def settle_while_failing(
    stage: Stage, stream: Stream, folder: Path, call: str, error: str, since: int
) -> int:
    """Pay and bury an invoice under a fault each, and see it settle after it; returns how many there were."""
    met = 0
    invoice = await stage.created(f"settle-{call}-{error}-{since}")
    steps = (("pay", "processing"), ("grow", "settled"))
    for number, (step, status) in enumerate(steps):
        trace_file = folder / f"trace-{step}-{call}-{error}-{since}"
        async with failing(stage, trace_file, call, error, since) as trace:
            stage.network.pay(invoice) if step == "pay" else stage.network.grow(CONFIRMATIONS)
            await until(lambda: log_failed(trace) or bool(stream.find(f"invoice.{status}", invoice["id"])))  # noqa: B023
            if log_failed(trace):
                await patiently(lambda: _is_refused(stage))
                met += await _is_hit(stage, stream, invoice["id"], ("new", "processing")[number], status)
        await stage.recovers()
        await stream.until(f"invoice.{status}", invoice["id"])
    return met


async def _is_hit(stage: Stage, stream: Stream, invoice_id: str, before: str, after: str) -> bool:
    """Whether the fault kept an invoice from its next status. If so nobody was told of that; else it met what
    is written afterwards, such as deliveries.
    """
    status = (await stage.daemon.show(invoice_id))["status"]
    told = stream.find(f"invoice.{after}", invoice_id)
    assert status == after or (status, told) == (before, None)
    return bool(status == before)


async def _is_refused(stage: Stage) -> bool:
    return not await stage.records()


async def test_a_payment_that_cannot_be_recorded_is_told_once_it_is(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage, stage.daemon.stream() as stream:
        assert await settle_while_failing(stage, stream, tmp_path, "pwrite64", FULL, 3) == 2
        assert await settle_while_failing(stage, stream, tmp_path, "fdatasync", BROKEN, 1) == 2
        await stage.follow(stream)
        await stage.audit()
        assert "plugin.failed" not in {event["type"] for event in stream.journaled}
        await stage.daemon.stop()
    assert stage.daemon.errors() == []


@pytest.mark.soak
async def test_writes_throughout_a_settlement_fail_once(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage, stage.daemon.stream() as stream:
        met = 0
        for call, error, places in (
            ("pwrite64", FULL, range(1, 200, 3)),
            ("fdatasync", BROKEN, range(1, 20)),
        ):
            for since in places:
                more = await settle_while_failing(stage, stream, tmp_path, call, error, since)
                if not more:
                    break
                met += more
        print(f"  {met} faults met while settling")
        assert met > 10
        await stage.follow(stream)
        await stage.audit()
        await stage.daemon.stop()


# A checkpoint


@pytest.mark.soak
async def test_a_log_that_cannot_be_brought_into_the_database_costs_nobody(tmp_path: Path) -> None:
    """Commits go to the log, which only grows meanwhile; what it holds is all there in the end."""
    async with staged(tmp_path) as stage:
        only = [stage.daemon.database]
        inject = ["pwrite64:error=ENOSPC:when=1+"]
        async with tracing(stage.daemon.pid, tmp_path / "trace", paths=only, inject=inject) as trace:
            for number in range(200):
                await stage.created(f"{number}")
                if trace.injected():
                    break
            assert trace.injected(), "there was no checkpoint"
            await stage.created("after")
            assert await stage.records()
        await stage.daemon.kill()
        await stage.daemon.start()
        await stage.audit()
        await stage.daemon.stop()


# Really full


ROOM_MIB = 3


def on_a_small_disk(folder: Path) -> tuple[Path, tuple[str, ...], dict[str, object]]:
    """A folder that is a small file system for the daemon alone: where it is, what runs it, and its tables.

    In namespaces of its own (unshare(1)) whoever is allowed to make those may mount a tmpfs.
    """
    disk = folder / "disk"
    disk.mkdir()
    mount = f'mount -t tmpfs -o size={ROOM_MIB}m paydaemon "{disk}" && exec "$@"'
    under = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh")
    return disk, under, {"state_dir": str(folder / "state"), "database": str(disk / "ledger.sqlite3")}


async def test_a_full_disk_is_told_and_recovered_from(tmp_path: Path) -> None:
    disk, under, tables = on_a_small_disk(tmp_path)
    async with (
        staged(tmp_path, tables={"daemon": tables}, under=under) as stage,
        stage.daemon.stream() as stream,
    ):
        inside = Path(f"/proc/{stage.daemon.pid}/root{disk}")
        stage.daemon.database = inside / "ledger.sqlite3"
        paid = await stage.created("paid-while-full")
        refused = await fill(stage, inside / "filler")
        stage.settle(paid)
        assert not await stage.records()
        assert (await stage.daemon.readiness())["status"] == "unavailable"
        with trio.move_on_after(2):
            await stream.until("invoice.settled", paid["id"])
            raise AssertionError("it was told, and is nowhere recorded")
        (inside / "filler").unlink()
        await stage.recovers()
        await stream.until("invoice.settled", paid["id"])
        for order in refused:
            await stage.created(order)
        await stage.follow(stream)
        await stage.audit()
        await stage.daemon.stop()
    assert stage.daemon.errors() == []


async def fill(stage: Stage, filler: Path) -> list[str]:
    """Take all the room there is, and order until that is noticed; returns the orders that were refused."""
    await trio.to_thread.run_sync(_fill, filler)
    for number in range(1_000):
        order = f"full-{number}"
        status, _ = await stage.create(order)
        if status != 201:
            assert status == 503
            return [order]
    raise AssertionError("the disk is not full")


def _fill(filler: Path) -> None:
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            os.fsync(file.fileno())


@pytest.mark.soak
async def test_files_that_may_not_grow_are_told_and_recovered_from(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage, stage.daemon.stream() as stream:
        paid = await stage.created("paid-meanwhile")
        log = stage.daemon.database.with_name(stage.daemon.database.name + "-wal")
        soft, hard = resource.prlimit(stage.daemon.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(stage.daemon.pid, resource.RLIMIT_FSIZE, (log.stat().st_size + 20_000, hard))
        status, _ = await stage.create("refused")
        assert status == 503
        stage.settle(paid)
        await patiently(lambda: _is_refused(stage))
        resource.prlimit(stage.daemon.pid, resource.RLIMIT_FSIZE, (soft, hard))
        await stage.recovers()
        await stream.until("invoice.settled", paid["id"])
        await stage.created("refused")
        await stage.follow(stream)
        await stage.audit()
        await stage.daemon.stop()
