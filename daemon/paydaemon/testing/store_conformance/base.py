"""What the parts of the suite share: a store with one seller in it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from paydaemon.store.port import Store, Transaction
from paydaemon.testing.samples import SELLER, draft

BOUND_S = 60
"""How long anything may take that happens in other threads."""

StoreFactory = Callable[[], AbstractAsyncContextManager[Store]]


class Suite:
    """Whoever collects a suite provides the fixture `store_factory`."""

    @pytest.fixture
    async def store(self, store_factory: StoreFactory) -> AsyncIterator[Store]:
        """A store with one seller."""
        async with store_factory() as store:
            await store.transact(lambda tx: tx.add_seller(SELLER))
            yield store


def append(tx: Transaction) -> int:
    """Append an event; returns its `seq`."""
    return tx.append(draft(), 0).seq
