"""Payments that are replaced, double spent or dropped, on a real node.

The rows are those of the table in `paydaemon_bitcoin.observations`. Each also runs without ZMQ, where the
poll has to find out.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from paydaemon.core.payment import PaymentState
from paydaemon_bitcoin.node import Look, Node
from paydaemon_bitcoin.regtest import Coin, RegtestNode
from tests.bitcoin.world import World, world
from tests.support.waiting import until

PAID = 20_834


@pytest.fixture(params=["zmq", "poll"])
async def shop(request: pytest.FixtureRequest, node: RegtestNode) -> AsyncIterator[World]:
    """A watched shop, told by ZMQ alone or by the poll alone."""
    by_poll: dict[str, Any] = {"poll_interval_s": 1.0, "zmq_rawtx": None, "zmq_sequence": None}
    shop = world(node, **(by_poll if request.param == "poll" else {}))
    async with shop.watching():
        yield shop


async def elsewhere(node: RegtestNode) -> str:
    """An address that is not ours."""
    return str(await node.miner.call("getnewaddress", "", "bech32"))


async def test_a_bumped_payment_counts_once_all_the_time(shop: World) -> None:
    node, coin = shop.node, await shop.node.coin()
    address = (await shop.issue(PAID)).address
    old = await node.send(await node.spend(coin, [(address, PAID)], fee_minor=1_000))
    await shop.seen(address)
    new = await node.send(await node.spend(coin, [(address, PAID)], fee_minor=9_000))
    await until(lambda: shop.host.states(address) == {old: PaymentState.REPLACED, new: PaymentState.PENDING})
    assert {payment.transaction_id: payment.replaced_by for payment in shop.host.to(address)} == {
        old: new,
        new: None,
    }
    assert shop.host.most_counted_minor[address] == PAID
    await node.mine(6)
    await until(
        lambda: shop.host.states(address) == {old: PaymentState.CONFLICTED, new: PaymentState.CONFIRMED}
    )
    assert (
        next(payment.replaced_by for payment in shop.host.to(address) if payment.transaction_id == old) == new
    )
    assert shop.host.most_counted_minor[address] == PAID


@pytest.mark.parametrize(
    "told_by",
    [
        {},
        {"zmq_sequence": None},
        {"zmq_rawtx": None},
        {"zmq_rawtx": None, "zmq_sequence": None, "poll_interval_s": 1.0},
    ],
    ids=["both", "the new one's bytes", "the old one's removal", "the poll"],
)
async def test_what_takes_a_place_is_told_together_with_what_had_it(
    node: RegtestNode, told_by: dict[str, Any]
) -> None:
    """Whichever of the two is heard of first. In between, the invoice would look unpaid."""
    shop, coin = world(node, **{"poll_interval_s": 5.0, **told_by}), await node.coin()
    async with shop.watching():
        address = (await shop.issue(PAID)).address
        old = await node.send(await node.spend(coin, [(address, PAID)], fee_minor=1_000))
        await shop.seen(address)
        new = await node.send(await node.spend(coin, [(address, PAID)], fee_minor=9_000))
        await shop.seen(address, 2)
        assert shop.host.states(address) == {old: PaymentState.REPLACED, new: PaymentState.PENDING}
        (told,) = (told for told in shop.host.told if len(told.observations) == 2)
        assert [seen.transaction_id for seen in told.observations] == [old, new]


async def test_what_takes_a_place_in_a_block_is_told_together_with_what_had_it(shop: World) -> None:
    """The mempool never had the new one: somebody raised the fee elsewhere."""
    node, coin = shop.node, await shop.node.coin()
    address = (await shop.issue(PAID)).address
    old = await node.send(await node.spend(coin, [(address, PAID)], fee_minor=1_000))
    await shop.seen(address)
    await node.mine_only(await node.spend(coin, [(address, PAID)], fee_minor=9_000))
    await shop.seen(address, 2)
    (told,) = (told for told in shop.host.told if len(told.observations) == 2)
    assert [seen.transaction_id == old for seen in told.observations] == [True, False]
    assert shop.host.most_counted_minor[address] == shop.host.counted_minor(address) == PAID


async def test_a_gain_waits_until_the_loss_of_its_rival_can_be_told(
    node: RegtestNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No loss is told while the node may have been restarted. What takes its place must not count with it."""
    asked, unbroken = 0, True

    def unbroken_since(_: Node, __: Look) -> bool:
        nonlocal asked
        asked += 1
        return unbroken

    monkeypatch.setattr(Node, "unbroken_since", unbroken_since)
    shop, coin = world(node), await node.coin()
    async with shop.watching():
        address = (await shop.issue(PAID)).address
        old = await node.send(await node.spend(coin, [(address, PAID)], fee_minor=1_000))
        await shop.seen(address)
        unbroken = False
        new = await node.send(await node.spend(coin, [(address, PAID)], fee_minor=9_000))
        enough = asked + 10
        await until(lambda: asked > enough)
        assert shop.host.states(address) == {old: PaymentState.PENDING}
        unbroken = True
        await shop.seen(address, 2)
        assert shop.host.states(address) == {old: PaymentState.REPLACED, new: PaymentState.PENDING}
        assert shop.host.most_counted_minor[address] == PAID


async def test_a_payment_bumped_many_times_counts_once_all_the_time(shop: World) -> None:
    node, coin = shop.node, await shop.node.coin()
    address = (await shop.issue(PAID)).address
    txids = [
        await node.send(await node.spend(coin, [(address, PAID)], fee_minor=1_000 + 1_000 * bump))
        for bump in range(12)
    ]
    await until(lambda: shop.host.states(address).get(txids[-1]) is PaymentState.PENDING)
    await until(lambda: shop.host.counted_minor(address) == PAID)
    assert shop.host.most_counted_minor[address] == PAID


async def test_a_payment_replaced_away_from_us_no_longer_counts(shop: World) -> None:
    node, coin = shop.node, await shop.node.coin()
    address = (await shop.issue(PAID)).address
    await node.send(await node.spend(coin, [(address, PAID)], fee_minor=1_000))
    await shop.seen(address)
    away = await node.send(await node.spend(coin, [(await elsewhere(node), PAID)], fee_minor=9_000))
    await shop.state(address, PaymentState.REPLACED)
    assert shop.host.only(address).replaced_by == away
    await node.mine(1)
    await shop.state(address, PaymentState.CONFLICTED)
    assert not shop.host.only(address).final


async def test_a_rival_that_is_mined_makes_a_payment_conflicted_and_final_at_last(shop: World) -> None:
    """The rival was never in our mempool. The payment vanishes from the wallet's list."""
    node, coin = shop.node, await shop.node.coin()
    address = (await shop.issue(PAID)).address
    rival = await node.spend(coin, [(await elsewhere(node), PAID)], fee_minor=9_000)
    await node.send(await node.spend(coin, [(address, PAID)]))
    await shop.seen(address)
    await node.mine_only(rival)
    await shop.state(address, PaymentState.CONFLICTED)
    assert not shop.host.only(address).final
    await node.mine(99)
    await until(lambda: shop.host.only(address).final)
    assert shop.host.only(address).state is PaymentState.CONFLICTED


async def test_a_conflicted_payment_can_still_win(shop: World) -> None:
    node, coin = shop.node, await shop.node.coin()
    address = (await shop.issue(PAID)).address
    rival = await node.spend(coin, [(await elsewhere(node), PAID)], fee_minor=9_000)
    payment = await node.spend(coin, [(address, PAID)])
    await node.send(payment)
    await shop.seen(address)
    block = await node.mine_only(rival)
    await shop.state(address, PaymentState.CONFLICTED)
    await node.rpc.call("invalidateblock", block)
    await node.mine_only(payment)
    await node.mine(5)
    await shop.state(address, PaymentState.CONFIRMED)


async def test_the_child_of_a_replaced_transaction_no_longer_counts(shop: World) -> None:
    """It is evicted with its parent, and nothing that is known conflicts with it."""
    node, coin = shop.node, await shop.node.coin()
    address = (await shop.issue(PAID)).address
    parent = await node.send(await node.spend(coin, [(await elsewhere(node), 10_000_000)]))
    spent = Coin(parent, 0, 10_000_000)
    await node.send(await node.spend(spent, [(address, PAID)]))
    await shop.seen(address)
    await node.send(await node.spend(coin, [(await elsewhere(node), PAID)], fee_minor=50_000))
    await until(lambda: shop.host.counted_minor(address) == 0)
    assert shop.host.only(address).state in (PaymentState.DROPPED, PaymentState.REPLACED)


async def test_a_payment_that_is_dropped_no_longer_counts_until_it_comes_back(own_node: RegtestNode) -> None:
    """It expires from the mempool as it would after two weeks. Without ZMQ the return is seen in a block."""
    node = own_node
    await node.stop()
    node.options["walletbroadcast"] = 0
    await node.start()
    shop = world(node)
    async with shop.watching():
        address = (await shop.issue(PAID)).address
        payment = await node.spend(await node.coin(), [(address, PAID)])
        txid = await node.send(payment)
        await shop.seen(address)
        now_s = int((await node.rpc.call("getnettotals"))["timemillis"]) // 1000
        await node.rpc.call("setmocktime", now_s + 15 * 86_400)
        await node.send(await node.spend(await node.coin(), [(await elsewhere(node), PAID)]))
        assert txid not in await node.rpc.call("getrawmempool")
        await shop.state(address, PaymentState.DROPPED)
        assert shop.host.only(address).replaced_by is None
        await node.send(payment)
        await shop.state(address, PaymentState.PENDING)
        await node.mine(6)
        await shop.state(address, PaymentState.CONFIRMED)


async def test_what_was_lost_before_it_was_met_is_not_told(node: RegtestNode, tip: int) -> None:
    """A payment that came and went while nobody watched never counted: there is nothing to take back."""
    shop = world(node)
    async with shop.watching():
        address = (await shop.issue(PAID)).address
    coin = await node.coin()
    await node.send(await node.spend(coin, [(address, PAID)], fee_minor=1_000))
    await node.rpc.call("syncwithvalidationinterfacequeue")
    new = await node.send(await node.spend(coin, [(address, PAID)], fee_minor=9_000))
    async with shop.watching():
        await shop.seen(address)
        assert shop.host.states(address) == {new: PaymentState.PENDING}
        await node.mine(1)
        await until(lambda: shop.host.height == tip + 1)
        assert shop.host.only(address).height == tip + 1


async def test_what_was_replaced_while_nobody_watched_is_told_afterwards(node: RegtestNode) -> None:
    shop = world(node)
    coin = await node.coin()
    async with shop.watching():
        address = (await shop.issue(PAID)).address
        await node.send(await node.spend(coin, [(address, PAID)], fee_minor=1_000))
        await shop.seen(address)
    await node.send(await node.spend(coin, [(await elsewhere(node), PAID)], fee_minor=9_000))
    await node.mine(1)
    async with shop.watching():
        await shop.state(address, PaymentState.CONFLICTED)
