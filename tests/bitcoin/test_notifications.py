"""ZMQ: from a real node, and from publishers that lose, alter and invent messages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.lowlevel

from paydaemon_bitcoin.notifications import (
    SUBSCRIBED,
    Added,
    BlocksChanged,
    Missed,
    Notifications,
    RawTransaction,
    Removed,
    Wake,
)
from paydaemon_bitcoin.regtest import RegtestNode
from paydaemon_bitcoin.transactions import parse
from tests.bitcoin.publisher import Publisher, count
from tests.support.waiting import until

TXID = bytes(range(32))


@asynccontextmanager
async def hearing(rawtx: str | None, sequence: str | None) -> AsyncIterator[list[Wake]]:
    """Everything that is heard from these endpoints, once connected."""
    heard: list[Wake] = []
    async with Notifications(rawtx=rawtx, sequence=sequence) as notifications, trio.open_nursery() as nursery:
        nursery.start_soon(notifications.listen, heard.append)
        await until(lambda: Missed("connected to the node") in heard)
        yield heard
        nursery.cancel_scope.cancel()


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    one = Publisher()
    yield one
    one.close()


async def test_a_node_tells_of_transactions_and_blocks(node: RegtestNode) -> None:
    endpoint = f"tcp://127.0.0.1:{node.zmq_port}"
    async with hearing(endpoint, endpoint) as heard:
        await _subscribed(node, heard)
        coin, address = await node.coin(), await node.miner.call("getnewaddress", "", "bech32")
        old = await node.send(await node.spend(coin, [(address, 50_000)]))
        new = await node.send(await node.spend(coin, [(address, 50_000)], fee_minor=9_000))
        await until(lambda: {Added(old), Removed(old), Added(new)} <= set(heard))
        assert {old, new} <= {parse(wake.raw).txid for wake in heard if isinstance(wake, RawTransaction)}
        blocks = heard.count(BlocksChanged())
        (block,) = await node.mine(1)
        await until(lambda: heard.count(BlocksChanged()) == blocks + 1)
        await node.rpc.call("invalidateblock", block)
        await until(lambda: heard.count(BlocksChanged()) == blocks + 2)
        await until(lambda: heard.count(Added(new)) == 2)


async def test_a_node_that_restarts_means_that_something_was_missed(own_node: RegtestNode) -> None:
    node = own_node
    endpoint = f"tcp://127.0.0.1:{node.zmq_port}"
    async with hearing(endpoint, endpoint) as heard:
        await node.stop()
        await until(lambda: Missed("the node's connection was lost") in heard)
        await node.start()
        await until(lambda: heard.count(Missed("connected to the node")) == 2)


async def test_what_was_said_before_the_node_knew_of_us_is_missed_too(publisher: Publisher) -> None:
    async with hearing(publisher.endpoint, None) as heard:
        await until(lambda: Missed(SUBSCRIBED) in heard)
        assert heard == [Missed("connected to the node"), Missed(SUBSCRIBED)]


async def test_a_gap_in_one_topics_numbers_means_that_something_was_missed(publisher: Publisher) -> None:
    async with hearing(publisher.endpoint, publisher.endpoint) as heard:
        await publisher.subscribed(2)
        publisher.send(b"rawtx", b"a", count(7))
        publisher.send(b"sequence", TXID + b"A" + bytes(8), count(0))
        publisher.send(b"rawtx", b"b", count(8))
        publisher.send(b"rawtx", b"c", count(10))
        publisher.send(b"rawtx", b"d", count(11))
        publisher.send(b"sequence", TXID + b"R" + bytes(8), count(0))
        await until(lambda: Removed(TXID.hex()) in heard)
        assert heard[1:] == [
            RawTransaction(b"a"),
            Added(TXID.hex()),
            RawTransaction(b"b"),
            Missed("message 10 of rawtx came instead of 9"),
            RawTransaction(b"c"),
            RawTransaction(b"d"),
            Missed("message 0 of sequence came instead of 1"),
            Removed(TXID.hex()),
        ]


async def test_numbers_begin_anew_after_the_largest(publisher: Publisher) -> None:
    async with hearing(publisher.endpoint, None) as heard:
        await publisher.subscribed(1)
        publisher.send(b"rawtx", b"a", count(2**32 - 1))
        publisher.send(b"rawtx", b"b", count(0))
        await until(lambda: RawTransaction(b"b") in heard)
        assert not any(isinstance(wake, Missed) for wake in heard[1:])


async def test_messages_that_no_node_sends_do_no_harm(publisher: Publisher) -> None:
    async with hearing(publisher.endpoint, publisher.endpoint) as heard:
        await publisher.subscribed(2)
        publisher.send(b"rawtx")
        publisher.send(b"rawtx", b"a", count(0), b"more")
        publisher.send(b"rawtxx", b"a", count(0))
        publisher.send(b"sequence", b"", b"")
        publisher.send(b"sequence", b"short", count(1))
        publisher.send(b"sequence", TXID + b"Z", count(2))
        publisher.send(b"rawtx", b"end", count(0))
        await until(lambda: RawTransaction(b"end") in heard)
        unreadable = Missed("a message of sequence that cannot be read")
        assert heard[1:] == [unreadable, unreadable, unreadable, RawTransaction(b"end")]


async def test_a_burst_is_heard_whole_and_others_get_their_turn(publisher: Publisher) -> None:
    burst = 20_000
    async with hearing(publisher.endpoint, None) as heard:
        await publisher.subscribed(1)
        for number in range(burst):
            publisher.send(b"rawtx", b"x" * 200, count(number))
        turns, last = 0, RawTransaction(b"last")
        publisher.send(b"rawtx", b"last", count(burst))
        while last not in heard[-2:]:
            await trio.lowlevel.checkpoint()
            turns += 1
        # On a slow machine the second look after the handshake falls into the burst.
        told = [wake for wake in heard if not isinstance(wake, Missed)]
        assert told == [RawTransaction(b"x" * 200)] * burst + [last]
        assert turns > burst // 1_000


async def test_leaving_ends_at_once_also_where_nobody_ever_answered() -> None:
    with trio.fail_after(30):
        async with Notifications(rawtx="tcp://127.0.0.1:9", sequence=None) as notifications:
            with trio.move_on_after(0.1):
                await notifications.listen(lambda wake: None)


async def test_without_endpoints_nothing_is_heard() -> None:
    heard: list[Wake] = []
    async with Notifications(rawtx=None, sequence=None) as notifications:
        with trio.move_on_after(0.1):
            await notifications.listen(heard.append)
    assert heard == []


async def _subscribed(node: RegtestNode, heard: list[Wake]) -> None:
    """A subscription reaches the node a moment after the connection: mine until both topics are heard."""
    while not (BlocksChanged() in heard and any(isinstance(wake, RawTransaction) for wake in heard)):
        await node.mine(1)
        await trio.sleep(0.05)
