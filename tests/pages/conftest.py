"""A daemon for each test that asks, and pages of it in the browser."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.served import Served, served


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as running:
        yield running
