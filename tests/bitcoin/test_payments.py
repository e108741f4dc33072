"""Payments as they come, on a real node."""

from typing import Any

import pytest

from paydaemon.core.payment import PaymentState
from paydaemon.hooks.ports import Prompt
from paydaemon_bitcoin.regtest import RegtestNode
from tests.bitcoin.world import BTC, World, world
from tests.support.waiting import until

DEAF: dict[str, Any] = {"zmq_rawtx": None, "zmq_sequence": None}


@pytest.mark.parametrize("kind", ["wpkh", "tr"])
async def test_a_payment_is_told_from_the_mempool_without_a_poll_and_again_in_its_block(
    node: RegtestNode, tip: int, kind: str
) -> None:
    shop = world(node, kind=kind)
    async with shop.watching():
        destination = await shop.issue()
        txid = await node.pay(destination.address, 20_834)
        await shop.seen(destination.address)
        payment = shop.host.only(destination.address)
        assert payment.ref.startswith(f"{txid}:")
        assert payment.amount_minor == 20_834
        assert payment.state is PaymentState.PENDING
        assert payment.height is None
        (block,) = await node.mine(1)
        await until(lambda: shop.host.only(destination.address).block == block)
        assert shop.host.only(destination.address).height == tip + 1


async def test_a_payment_is_final_at_exactly_its_depth_and_told_once_per_block_of_its_own(
    node: RegtestNode,
    tip: int,
) -> None:
    shop = world(node)
    async with shop.watching():
        destination = await shop.issue()
        await node.pay(destination.address, 20_834)
        await shop.seen(destination.address)
        await node.mine(5)
        await until(lambda: shop.host.depth(destination.address) == 5)
        assert shop.host.only(destination.address).state is PaymentState.PENDING
        await node.mine(1)
        await until(lambda: shop.host.depth(destination.address) == 6)
        assert shop.host.only(destination.address).state is PaymentState.CONFIRMED
        assert [seen.height for seen in shop.host.said(destination.address)] == [None, tip + 1]


@pytest.mark.parametrize("amount_minor", [20_833, 20_834, 20_835, 1, 294, 5 * BTC + 1])
async def test_every_amount_is_told_to_the_satoshi(node: RegtestNode, amount_minor: int) -> None:
    """Also dust: no node relays it, but a miner may put it into a block."""
    shop = world(node)
    async with shop.watching():
        destination = await shop.issue()
        raw = await node.spend(await node.coin(), [(destination.address, amount_minor)])
        await node.mine_only(raw)
        await shop.seen(destination.address)
        assert shop.host.only(destination.address).amount_minor == amount_minor


async def test_an_output_that_holds_nothing_is_no_payment(node: RegtestNode) -> None:
    shop = world(node)
    async with shop.watching():
        empty, full = (await shop.issue()).address, (await shop.issue()).address
        await node.mine_only(await node.spend(await node.coin(), [(empty, 0), (full, 1)]))
        await shop.seen(full)
        assert shop.host.to(empty) == []


async def test_two_outputs_of_one_transaction_are_two_payments(node: RegtestNode, tip: int) -> None:
    shop = world(node)
    async with shop.watching():
        one, other = await shop.issue(), await shop.issue()
        paid = [(one.address, 1_000), (one.address, 1_000), (other.address, 3_000)]
        txid = await node.send(await node.spend(await node.coin(), paid))
        await shop.seen(one.address, 2)
        assert {payment.ref for payment in shop.host.to(one.address)} == {f"{txid}:0", f"{txid}:1"}
        assert shop.host.only(other.address).ref == f"{txid}:2"
        await node.mine(6)
        await until(lambda: shop.host.height == tip + 6)
        assert all(payment.state is PaymentState.CONFIRMED for payment in shop.host.payments.values())
        assert shop.host.counted_minor(one.address) == 2_000


async def test_two_hundred_outputs_of_one_transaction_are_all_told_at_once(node: RegtestNode) -> None:
    shop = world(node)
    async with shop.watching():
        destinations = [await shop.issue() for _ in range(200)]
        paid = [(destination.address, 600 + destination.index) for destination in destinations]
        await node.send(await node.spend(await node.coin(), paid, fee_minor=10_000))
        await until(lambda: len(shop.host.payments) == 200)
        assert {d.address: shop.host.only(d.address).amount_minor for d in destinations} == dict(paid)
        assert max(len(told.observations) for told in shop.host.told) == 200


async def test_many_outputs_are_told_in_bounded_batches(node: RegtestNode) -> None:
    shop = world(node)
    async with shop.watching():
        destination = await shop.issue()
        paid = [(destination.address, 600)] * 1_200
        await node.send(await node.spend(await node.coin(), paid, fee_minor=50_000))
        await shop.seen(destination.address, 1_200)
        assert max(len(told.observations) for told in shop.host.told) == 500
        assert shop.host.counted_minor(destination.address) == 1_200 * 600


async def test_a_payment_to_an_address_nobody_was_given_is_told_too(node: RegtestNode) -> None:
    shop = world(node)
    async with shop.watching():
        address = shop.config.parsed_descriptor().address(700)
        await node.pay(address, 5_000)
        await node.mine(1)
        await shop.seen(address)
        assert shop.host.only(address).amount_minor == 5_000


async def test_without_zmq_payments_are_found_by_the_poll(node: RegtestNode) -> None:
    shop = world(node, **DEAF, poll_interval_s=1.0)
    async with shop.watching():
        destination = await shop.issue()
        await node.pay(destination.address, 20_834)
        await shop.seen(destination.address)
        await node.mine(6)
        await shop.state(destination.address, PaymentState.CONFIRMED)


async def test_without_zmq_a_hint_is_as_good(node: RegtestNode) -> None:
    shop = world(node, **DEAF)
    shop.chain.look_now()
    async with shop.watching() as chain:
        destination = await shop.issue()
        await node.pay(destination.address, 20_834)
        assert shop.host.to(destination.address) == []
        assert isinstance(chain, Prompt)
        chain.look_now()
        await shop.seen(destination.address)


async def test_zmq_that_is_configured_but_not_there_costs_only_time(node: RegtestNode) -> None:
    nowhere = "tcp://127.0.0.1:9"
    shop = world(node, poll_interval_s=1.0, zmq_rawtx=nowhere, zmq_sequence=nowhere)
    async with shop.watching():
        destination = await shop.issue()
        await node.pay(destination.address, 20_834)
        await shop.seen(destination.address)


async def test_blocks_are_noticed_by_rawtx_alone(node: RegtestNode, tip: int) -> None:
    shop = world(node, zmq_sequence=None)
    async with shop.watching():
        destination = await shop.issue()
        await node.pay(destination.address, 20_834)
        await shop.seen(destination.address)
        await node.mine(1)
        await until(lambda: shop.host.only(destination.address).height == tip + 1)


async def test_what_the_seller_pays_to_himself_counts(node: RegtestNode, tip: int) -> None:
    """The wallet lists such a payment both as sent and as received."""
    shop = await _own_node_wallet(node)
    async with shop.watching():
        first, second = await shop.issue(), await shop.issue()
        await node.pay(first.address, BTC)
        await node.mine(1)
        await until(lambda: shop.host.height == tip + 1)
        seller = node.rpc.wallet("seller")
        txid = await seller.call("sendtoaddress", second.address, "0.4")
        await shop.seen(second.address)
        await node.mine(6)
        await shop.state(second.address, PaymentState.CONFIRMED)
        assert shop.host.only(second.address).transaction_id == txid
        assert shop.host.only(second.address).amount_minor == 40_000_000
        assert len(shop.host.to(first.address)) == 1


async def test_a_coinbase_is_pending_until_it_is_mature(node: RegtestNode, tip: int) -> None:
    shop = world(node)
    async with shop.watching():
        destination = await shop.issue()
        await node.rpc.call("generatetoaddress", 1, destination.address)
        await shop.seen(destination.address)
        await node.mine(99)
        await until(lambda: shop.host.height == tip + 100)
        assert shop.host.only(destination.address).state is PaymentState.PENDING
        await node.mine(1)
        await shop.state(destination.address, PaymentState.CONFIRMED)
        assert shop.host.only(destination.address).final
        assert [seen.final for seen in shop.host.said(destination.address)] == [False, True]


async def test_a_coinbase_that_a_reorganisation_takes_is_dropped(node: RegtestNode) -> None:
    shop = world(node)
    async with shop.watching():
        destination = await shop.issue()
        (block,) = await node.rpc.call("generatetoaddress", 1, destination.address)
        await shop.seen(destination.address)
        await node.rpc.call("invalidateblock", block)
        await node.mine(2)
        await shop.state(destination.address, PaymentState.DROPPED)


async def test_first_sight_is_by_the_nodes_clock(own_node: RegtestNode) -> None:
    node = own_node
    shop = world(node)
    async with shop.watching():
        destination = await shop.issue()
        now_s = int((await node.rpc.call("getnettotals"))["timemillis"]) // 1000 + 100
        await node.rpc.call("setmocktime", now_s)
        await node.pay(destination.address, 20_834)
        await shop.seen(destination.address)
        assert shop.host.only(destination.address).seen_at_ms == now_s * 1000
        await node.rpc.call("setmocktime", now_s + 50)
        await node.mine(1)
        await until(lambda: shop.host.height == 111)
        assert shop.host.only(destination.address).seen_at_ms == now_s * 1000


async def test_the_chain_is_complete_up_to_the_second_before_by_the_nodes_clock(
    node: RegtestNode, tip: int
) -> None:
    shop = world(node)
    before_ms = int((await node.rpc.call("getnettotals"))["timemillis"])
    async with shop.watching():
        assert shop.host.as_of is not None
        after_ms = int((await node.rpc.call("getnettotals"))["timemillis"])
        assert before_ms - 1_001 <= shop.host.as_of.at_ms < after_ms
        assert shop.host.as_of.at_ms % 1000 == 999
        assert shop.host.as_of.height == tip


async def test_one_first_met_in_a_block_was_seen_no_later_than_the_block(node: RegtestNode) -> None:
    shop = world(node)
    async with shop.watching():
        destination = await shop.issue()
    txid = await node.pay(destination.address, 20_834)
    (block,) = await node.mine(1)
    time_s = (await node.rpc.call("getblockheader", block))["time"]
    received_s = (await node.rpc.wallet(shop.chain._wallet.name).call("gettransaction", txid))["timereceived"]
    async with shop.watching():
        await shop.seen(destination.address)
        assert shop.host.only(destination.address).seen_at_ms == min(time_s, received_s) * 1000


async def test_a_look_that_finds_nothing_new_tells_only_the_time(node: RegtestNode, tip: int) -> None:
    shop = world(node, poll_interval_s=1.0)
    async with shop.watching():
        destination = await shop.issue()
        await node.pay(destination.address, 20_834)
        await shop.seen(destination.address)
        await node.mine(1)
        await until(lambda: shop.host.height == tip + 1)
        before = len(shop.host.told)
        await until(lambda: len(shop.host.told) >= before + 3)
        assert not any(told.observations for told in shop.host.told[before:])
        assert all(told.as_of is not None for told in shop.host.told[before:])


async def _own_node_wallet(node: RegtestNode) -> World:
    """A shop whose keys are in a wallet of the same node."""
    await node.rpc.call("createwallet", "seller")
    found = (await node.rpc.wallet("seller").call("listdescriptors"))["descriptors"]
    (descriptor,) = (
        entry["desc"] for entry in found if entry["desc"].startswith("wpkh") and not entry["internal"]
    )
    return world(node, descriptor=descriptor)
