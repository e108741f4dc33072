"""Somebody says that there is something to see: the node is asked at once, and not more often for that."""

import pytest
import trio

from paydaemon.hooks.ports import Prompt
from paydaemon_bitcoin import watcher
from paydaemon_bitcoin.regtest import RegtestNode
from tests.bitcoin.world import BTC, World, world
from tests.support.waiting import until

SETTLED_S = 0.3
GAP_S = 0.25


def passes(here: World) -> int:
    return sum(told.as_of is not None for told in here.host.told)


async def test_a_payment_is_seen_before_its_time(node: RegtestNode) -> None:
    """Without ZMQ, and with an interval that nobody waits for."""
    here = world(node, zmq_rawtx=None, zmq_sequence=None)
    async with here.watching() as chain:
        assert isinstance(chain, Prompt)
        destination = await here.issue(BTC)
        await node.pay(destination.address, BTC)
        await trio.sleep(SETTLED_S)
        assert here.host.to(destination.address) == []
        chain.look_now()
        await here.seen(destination.address)


async def test_however_often_it_is_said_looks_keep_their_distance(
    node: RegtestNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a quarter of a second here, which is a second elsewhere."""
    monkeypatch.setattr(watcher, "_PROMPTED_GAP_S", GAP_S)
    here = world(node, zmq_rawtx=None, zmq_sequence=None)
    async with here.watching() as chain:
        await trio.sleep(GAP_S)
        before, began_at = passes(here), trio.current_time()
        while trio.current_time() < began_at + 4.5 * GAP_S:
            chain.look_now()
            await trio.sleep(0.01)
        assert 2 <= passes(here) - before <= 6


async def test_while_nothing_is_watched_it_does_no_harm(node: RegtestNode) -> None:
    here = world(node)
    here.chain.look_now()
    async with here.watching() as chain:
        pass
    chain.look_now()
    async with here.watching():
        await until(here.healthy)
