"""Whatever is said over ZMQ, the node decides what is true."""

from collections.abc import AsyncIterator

import pytest

from paydaemon.core.payment import PaymentState
from paydaemon_bitcoin.regtest import RegtestNode
from tests.bitcoin.publisher import Publisher, count
from tests.bitcoin.world import World, world
from tests.support.waiting import until

PAID = 20_834


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    one = Publisher()
    yield one
    one.close()


@pytest.fixture
async def shop(node: RegtestNode, publisher: Publisher) -> AsyncIterator[World]:
    """A shop whose node is real, and whose ZMQ is not."""
    shop = world(node, zmq_rawtx=publisher.endpoint, zmq_sequence=publisher.endpoint, poll_interval_s=1.0)
    async with shop.watching():
        await publisher.subscribed(2)
        yield shop


async def test_a_payment_that_the_node_does_not_have_is_none(shop: World, publisher: Publisher) -> None:
    address = (await shop.issue(PAID)).address
    invented = bytes.fromhex(await shop.node.spend(await shop.node.coin(), [(address, PAID)]))
    publisher.send(b"rawtx", invented, count(0))
    await shop.pass_over()
    assert shop.host.payments == {}


async def test_a_payment_said_to_be_gone_that_is_not_stays(shop: World, publisher: Publisher) -> None:
    address = (await shop.issue(PAID)).address
    txid = await shop.node.pay(address, PAID)
    await shop.seen(address)
    publisher.send(b"sequence", bytes.fromhex(txid) + b"R" + bytes(8), count(0))
    await shop.pass_over()
    await shop.node.mine(1)
    await until(lambda: shop.host.depth(address) == 1)
    publisher.send(b"sequence", bytes.fromhex(txid) + b"R" + bytes(8), count(1))
    publisher.send(b"sequence", bytes(32) + b"D", count(2))
    await shop.pass_over()
    assert shop.host.only(address).state is PaymentState.PENDING
    assert shop.host.depth(address) == 1


async def test_a_flood_of_nonsense_only_wakes(shop: World, publisher: Publisher) -> None:
    address = (await shop.issue(PAID)).address
    for number in range(5_000):
        publisher.send(b"rawtx", b"nonsense", count(7 * number))
        publisher.send(b"sequence", b"nonsense", count(5 * number))
    await shop.node.pay(address, PAID)
    await shop.seen(address)
    await shop.node.mine(6)
    await shop.state(address, PaymentState.CONFIRMED)
    assert shop.healthy()


async def test_a_real_payment_said_twice_is_told_once(shop: World, publisher: Publisher) -> None:
    address = (await shop.issue(PAID)).address
    raw = await shop.node.spend(await shop.node.coin(), [(address, PAID)])
    txid = await shop.node.send(raw)
    for number in range(50):
        publisher.send(b"rawtx", bytes.fromhex(raw), count(number))
        publisher.send(b"sequence", bytes.fromhex(txid) + b"A" + bytes(8), count(number))
    await shop.seen(address)
    await shop.pass_over()
    assert len(list(shop.host.said(address))) == 1
