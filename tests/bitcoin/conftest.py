"""A real node for each test that asks for one: a copy of a prepared one, so that it costs half a second."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio

from paydaemon_bitcoin.regtest import RegtestNode
from tests.support.node import copy_node


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


@pytest.fixture
async def node(prepared: Path, tmp_path: Path) -> AsyncIterator[RegtestNode]:
    """A running node at height 110."""
    async with copy_node(prepared, tmp_path / "node") as node:
        yield node


@pytest.fixture
async def deaf_node(prepared: Path, tmp_path: Path) -> AsyncIterator[RegtestNode]:
    """A running node that sends no ZMQ messages."""
    async with copy_node(prepared, tmp_path / "node", zmq=False) as node:
        yield node
