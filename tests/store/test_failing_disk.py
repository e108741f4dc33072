"""A disk that refuses to write: nothing of a batch is recorded, everybody is told, and it recovers by itself.

The refusal is the kernel's own, in a process of its own (``children/write_beyond_limit.py``).
"""

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
import trio

from paydaemon.core.access import Seller
from paydaemon.store.port import StoreMismatch, StoreUnavailable, Transaction
from paydaemon.store.sqlite import open_store
from paydaemon.store.sqlite.ownership import SOUND, SUSPECT
from tests.support.waiting import BOUND_S

CHILD = Path(__file__).parent / "children" / "write_beyond_limit.py"


async def test_damage_that_a_reader_meets_is_looked_into_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    lock = trio.Path(f"{path}.lock")
    async with open_store(path) as store:
        await store.transact(add_large_sellers)
    async with open_store(path) as store:
        scribble(path)
        with pytest.raises(StoreUnavailable, match="the database is damaged"):
            await store.read(lambda reader: reader.sellers())
        assert await lock.read_bytes() == SUSPECT
        assert await store.read(lambda reader: reader.last_seq()) == 0
    with pytest.raises(StoreMismatch, match="damaged"):
        async with open_store(path):
            pass


def add_large_sellers(tx: Transaction) -> None:
    for number in range(100):
        tx.add_seller(Seller(f"s{number}", "x" * 2_000, 0))


def scribble(path: Path) -> None:
    """Overwrite the file's second half."""
    with path.open("r+b") as file:
        half = path.stat().st_size // 2
        file.seek(half)
        file.write(b"\xa5" * half)


async def test_what_was_answered_is_recorded_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with trio.fail_after(BOUND_S):
        done = await trio.run_process([sys.executable, str(CHILD), str(path)], capture_stdout=True)
    told = json.loads(done.stdout)
    answers: dict[str, str] = told["answers"]
    recorded = {id for id, answer in answers.items() if answer == "recorded"}
    refused = {id: answer for id, answer in answers.items() if answer != "recorded"}

    assert {id for id in answers if id.startswith(("before", "after"))} <= recorded
    assert refused
    assert all("the disk failed to read or write" in answer for answer in refused.values())
    assert told["sellers_under_limit"] == sum(not id.startswith("after") for id in recorded)
    assert told["word"] == "suspect"

    async with open_store(path) as store:
        assert {seller.id for seller in await store.read(lambda reader: reader.sellers())} == recorded
        assert await trio.Path(f"{path}.lock").read_bytes() == SOUND
    with closing(sqlite3.connect(path)) as stranger:
        assert stranger.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
