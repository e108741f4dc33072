"""One real network for all the tests of a process: each asks for subaddresses of its own."""

from collections.abc import AsyncIterator, Iterator

import pytest
import trio

from paydaemon_monero.regtest import Regtest
from tests.monero.world import World, world


@pytest.fixture(scope="session")
def shared_net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Regtest]:
    """A running network: mine, pay, reorganise, and restart what you will."""
    net = Regtest(tmp_path_factory.mktemp("monero") / "net")
    try:
        trio.run(net.start)
        yield net
    finally:
        trio.run(net.stop)


@pytest.fixture
async def net(shared_net: Regtest) -> AsyncIterator[Regtest]:
    """The same in this test's own run of trio; all of it runs again afterwards, on a pool that is empty."""
    async with shared_net.dialled():
        yield shared_net
        await shared_net.forget()


@pytest.fixture
async def here(net: Regtest) -> World:
    """A chain on it, as a daemon would run it, and a host in memory."""
    return world(net)
