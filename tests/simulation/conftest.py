"""What these tests share: silence, and a place for databases."""

import logging
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import structlog

from tests.logs.restore import restored

MEMORY = Path("/dev/shm")


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Chains that are away and disks that fail are what these lives are made of."""
    with restored():
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        yield


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where databases lie: in memory, where the machine has a folder there.

    It is daemons that die here and never the machine, so to wait for a disk would prove nothing.
    """
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as path:
        yield Path(path)
