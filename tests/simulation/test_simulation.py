"""Thousands of invoices live and end under chaos, and no promise is broken at any step.

Each life comes from one seed. A failure says which, and the command that brings it back.
"""

import os
from pathlib import Path

import pytest
from trio.testing import MockClock

from tests.simulation.life import live
from tests.simulation.town import Given

INVOICES = int(os.environ.get("PAYDAEMON_INVOICES") or 40)
"""How many are ordered in one life, at least."""
SEEDS_OF_A_SOAK = 14
INVOICES_OF_A_SOAK = 150


def given(seed: int, folder: Path, invoices: int = INVOICES) -> Given:
    """A life with its database in memory, or in a file where the seed is odd."""
    return Given(seed, invoices, folder / f"{seed}.sqlite" if seed % 2 else None)


@pytest.mark.parametrize("kept", [2, 9])
async def test_a_kept_seed(kept: int, folder: Path, autojump_clock: MockClock) -> None:
    print(await live(given(kept, folder)))


async def test_this_seed(seed: int, folder: Path, autojump_clock: MockClock) -> None:
    print(await live(given(seed, folder)))


async def test_one_seed_is_one_life(folder: Path, autojump_clock: MockClock) -> None:
    lives = [await live(given(8, folder, invoices=20)) for _ in range(2)]
    assert lives[0] == lives[1]
    assert lives[0] != await live(given(10, folder, invoices=20))


@pytest.mark.soak
async def test_many_seeds(seed: int, folder: Path, autojump_clock: MockClock) -> None:
    for number in range(SEEDS_OF_A_SOAK):
        print(await live(given(seed + number, folder, INVOICES_OF_A_SOAK)))
