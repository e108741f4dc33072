"""What these tests share."""

from collections.abc import AsyncIterator

import pytest

from tests.spellbook.shop import Shop, open_shop


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """For two sellers of the older system's, company1 and company2."""
    async with open_shop() as shop:
        yield shop
