"""Indexes: each is given out once, whatever happens in between."""

from pathlib import Path
from random import Random

import pytest
import trio

from paydaemon.engine.indexes import BLOCK, Indexes
from paydaemon.store.port import StoreUnavailable
from paydaemon.store.sqlite import open_store
from tests.engine.stores import UnsteadyStore

GAP_LIMIT = 20
"""BIP-44: how many unused addresses in a row wallets look beyond."""


async def take_many(indexes: Indexes, count: int) -> list[int]:
    taken: list[int] = []

    async def one() -> None:
        taken.append(await indexes.take())

    async with trio.open_nursery() as nursery:
        for _ in range(count):
            nursery.start_soon(one)
    return taken


async def test_one_after_another_from_zero_and_none_left_out() -> None:
    async with open_store(":memory:", executor="inline") as store:
        indexes = Indexes(store, "bitcoin")
        assert sorted(await take_many(indexes, 100)) == list(range(100))


async def test_a_restart_takes_up_behind_whatever_was_reserved() -> None:
    async with open_store(":memory:", executor="inline") as store:
        assert await take_many(Indexes(store, "bitcoin"), 3) == [0, 1, 2]
        assert await take_many(Indexes(store, "bitcoin"), 1) == [BLOCK]
        assert BLOCK < GAP_LIMIT


async def test_chains_do_not_share_them() -> None:
    async with open_store(":memory:", executor="inline") as store:
        assert await Indexes(store, "bitcoin").take() == 0
        assert await Indexes(store, "hedera").take() == 0


async def test_a_block_whose_commit_was_not_answered_is_never_used() -> None:
    async with open_store(":memory:", executor="inline") as store:
        unsteady = UnsteadyStore(store)
        indexes = Indexes(unsteady, "bitcoin")
        unsteady.fails = 1
        with pytest.raises(StoreUnavailable):
            await indexes.take()
        assert await indexes.take() == BLOCK


async def test_two_takers_on_one_database_never_meet(tmp_path: Path) -> None:
    """As two processes would on a store that allows them."""
    async with open_store(tmp_path / "paydaemon.sqlite3") as store:
        taken: list[int] = []

        async def one(indexes: Indexes) -> None:
            taken.extend(await take_many(indexes, 100))

        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(one, Indexes(store, "bitcoin"))
        assert len(taken) == len(set(taken)) == 300


async def test_cancelled_at_any_moment_no_index_is_given_twice(tmp_path: Path, seed: int) -> None:
    """On the real writer thread, with restarts in between."""
    random = Random(seed)
    path = tmp_path / "paydaemon.sqlite3"
    taken: list[int] = []

    async def one(indexes: Indexes) -> None:
        with trio.move_on_after(random.choice([0, 0, 0.0001, 0.001, 1])):
            taken.append(await indexes.take())

    for _ in range(4):
        async with open_store(path) as store:
            indexes = Indexes(store, "bitcoin")
            for _ in range(10):
                async with trio.open_nursery() as nursery:
                    for _ in range(10):
                        nursery.start_soon(one, indexes)
    assert len(taken) == len(set(taken))
    assert len(taken) >= 40
