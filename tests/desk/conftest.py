"""A daemon's frontends on real sockets, fresh for each test that asks."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.served import Served, served


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as running:
        yield running
