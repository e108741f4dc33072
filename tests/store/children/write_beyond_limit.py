"""A process whose disk refuses to write: the kernel ends each file at RLIMIT_FSIZE, and SQLite sees EFBIG.

Run with the database's path. Prints, as JSON, what was answered before, under and after the limit.
"""

import json
import resource
import sys
from pathlib import Path

import trio

from paydaemon.core.access import Seller
from paydaemon.store.port import StoreUnavailable
from paydaemon.store.sqlite import SqliteStore, open_store

SOFT, HARD = resource.getrlimit(resource.RLIMIT_FSIZE)


async def add(store: SqliteStore, id: str, answers: dict[str, str]) -> None:
    try:
        await store.transact(lambda tx: tx.add_seller(Seller(id, "x" * 20_000, 0)))
        answers[id] = "recorded"
    except StoreUnavailable as error:
        answers[id] = str(error)


async def add_many(store: SqliteStore, prefix: str, answers: dict[str, str]) -> None:
    async with trio.open_nursery() as nursery:
        for number in range(40):
            nursery.start_soon(add, store, f"{prefix}-{number}", answers)


async def main(path: Path) -> None:
    answers: dict[str, str] = {}
    async with open_store(path) as store:
        await add_many(store, "before", answers)
        log = await trio.Path(f"{path}-wal").stat()
        resource.setrlimit(resource.RLIMIT_FSIZE, (log.st_size + 100_000, HARD))
        await add_many(store, "under", answers)
        sellers = await store.read(lambda reader: len(reader.sellers()))
        word = (await trio.Path(f"{path}.lock").read_text()).strip()
        resource.setrlimit(resource.RLIMIT_FSIZE, (SOFT, HARD))
        await add_many(store, "after", answers)
    print(json.dumps({"answers": answers, "sellers_under_limit": sellers, "word": word}))


trio.run(main, Path(sys.argv[1]))
