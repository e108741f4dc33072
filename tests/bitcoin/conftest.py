"""Real nodes: one that all tests share, and a copy of a prepared one for each test that needs its own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import trio

from paydaemon_bitcoin.regtest import RegtestNode
from tests.support.node import copy_node

COINS = 40
"""How many coins more the miner of the shared node has."""


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a stopped node with a miner who has several coins."""
    folder = tmp_path_factory.mktemp("prepared") / "node"

    async def prepare() -> None:
        async with RegtestNode(folder) as node:
            await node.prepare()
            await node.mine(9)

    trio.run(prepare)
    return folder


@pytest.fixture(scope="session")
def shared_node(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegtestNode]:
    """A running node for `node` alone."""
    node = copy_node(prepared, tmp_path_factory.mktemp("shared") / "node")

    async def start() -> None:
        await node.start()
        await node.mine(COINS)

    try:
        trio.run(start)
        yield node
    finally:
        trio.run(node.stop)


@pytest.fixture
async def node(shared_node: RegtestNode) -> RegtestNode:
    """A running node with an empty mempool, which all tests share: mine, pay and reorganise, but do not stop
    it, turn its clock or change its options.
    """
    if await shared_node.rpc.call("getrawmempool"):
        await shared_node.mine(1)
    return shared_node


@pytest.fixture
async def tip(node: RegtestNode) -> int:
    """The height that the shared node is at when the test begins."""
    return int(await node.rpc.call("getblockcount"))


@pytest.fixture
async def own_node(prepared: Path, tmp_path: Path) -> AsyncIterator[RegtestNode]:
    """A running node at height 110 that nobody else uses."""
    async with copy_node(prepared, tmp_path / "node") as node:
        yield node
