"""One real node and one real daemon for all the tests of a process: each makes invoices of its own."""

import tomllib
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import trio

from paydaemon_bitcoin.regtest import RegtestNode
from tests.e2e.setup import NEVER_S, bitcoin
from tests.support.daemon import Daemon
from tests.support.node import copy_node, prepare


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the test's own. Its path is short, because that of a Unix socket has to be."""
    return tmp_path_factory.mktemp("e2e")


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a stopped node whose miner has coins."""
    folder = tmp_path_factory.mktemp("prepared") / "node"
    trio.run(prepare, folder)
    return folder


@pytest.fixture(scope="session")
def node(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegtestNode]:
    """A running node that all tests share: mine, pay and reorganise, but do not stop it or turn its clock."""
    node = copy_node(prepared, tmp_path_factory.mktemp("shared") / "node")
    try:
        trio.run(node.start)
        yield node
    finally:
        trio.run(node.stop)


@pytest.fixture(scope="session")
def daemon(node: RegtestNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A running daemon that all tests share, and may restart. It polls its node so seldom that no test waits
    for that, and has nothing to complain of in the end.
    """
    daemon = Daemon(tmp_path_factory.mktemp("daemon"), bitcoin(node, poll_interval_s=NEVER_S))
    try:
        trio.run(daemon.start)
        yield daemon
        trio.run(daemon.stop)
        assert daemon.errors() == []
    finally:
        trio.run(daemon.kill)


_unissued = count(900)
"""Indexes inside the thousand addresses the wallet looks ahead, and far beyond what all these tests issue (a
few hundred): one that an invoice was given is paid by that invoice, and nothing unmatched is ever told.
"""


@pytest.fixture
async def unissued_address(node: RegtestNode, daemon: Daemon) -> str:
    """An address of the seller's that no invoice was given; another one for each test."""
    configured = tomllib.loads(daemon.config.read_text())["chains"]["bitcoin"]
    index = next(_unissued)
    (address,) = await node.rpc.call("deriveaddresses", configured["descriptor"], [index, index])
    return str(address)
