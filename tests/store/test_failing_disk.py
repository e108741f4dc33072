"""A disk that refuses to write: nothing of a batch is recorded, everybody is told, and it recovers by itself.

The refusal is the kernel's own, in a process of its own (``children/write_beyond_limit.py``).
"""

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import trio

from paydaemon.store.sqlite import open_store
from paydaemon.store.sqlite.ownership import SOUND
from tests.support.waiting import BOUND_S

CHILD = Path(__file__).parent / "children" / "write_beyond_limit.py"


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
