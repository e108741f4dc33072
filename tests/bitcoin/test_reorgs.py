"""Blocks that leave the chain, on a real node."""

from paydaemon.core.payment import PaymentState
from paydaemon_bitcoin.observations import FINAL
from paydaemon_bitcoin.regtest import RegtestNode
from tests.bitcoin.world import world
from tests.support.waiting import until

PAID = 20_834


async def test_a_settled_payment_that_is_double_spent_by_a_reorganisation_is_conflicted(
    node: RegtestNode,
    tip: int,
) -> None:
    shop = world(node)
    async with shop.watching():
        address = (await shop.issue(PAID)).address
        rival = await _paid_with_rival(node, address)
        first, *_ = await node.mine(7)
        await shop.state(address, PaymentState.CONFIRMED)
        await node.rpc.call("invalidateblock", first)
        await node.mine_only(rival)
        await node.mine(8)
        await shop.state(address, PaymentState.CONFLICTED)
        assert shop.host.only(address).block is None
        await until(lambda: shop.host.height == tip + 9)


async def test_a_payment_moved_to_another_block_of_the_same_height_stays_confirmed_by_its_depth(
    node: RegtestNode,
) -> None:
    shop = world(node)
    async with shop.watching():
        address = (await shop.issue(PAID)).address
        raw = await node.spend(await node.coin(), [(address, PAID)])
        old = await node.mine_only(raw)
        await until(lambda: bool(shop.host.to(address)) and shop.host.only(address).block == old)
        await node.rpc.call("invalidateblock", old)
        new = await node.mine_only(raw)
        assert new != old
        await until(lambda: shop.host.only(address).block == new)
        await node.mine(5)
        await shop.state(address, PaymentState.CONFIRMED)


async def test_other_payments_are_not_told_again_by_a_reorganisation(node: RegtestNode, tip: int) -> None:
    shop = world(node)
    async with shop.watching():
        early, late = (await shop.issue(PAID)).address, (await shop.issue(PAID)).address
        await node.pay(early, PAID)
        await node.mine(3)
        await node.pay(late, PAID)
        (block,) = await node.mine(1)
        await until(lambda: len(shop.host.payments) == 2 and shop.host.depth(late) == 1)
        told = len(list(shop.host.said(early)))
        await node.rpc.call("invalidateblock", block)
        await until(lambda: shop.host.only(late).height is None)
        await node.mine(2)
        await until(lambda: shop.host.height == tip + 5)
        assert len(list(shop.host.said(early))) == told


async def test_positions_grow_whatever_the_height_does(node: RegtestNode) -> None:
    shop = world(node)
    async with shop.watching():
        address = (await shop.issue(PAID)).address
        await node.pay(address, PAID)
        (block,) = await node.mine(1)
        await until(lambda: shop.host.depth(address) == 1 if shop.host.to(address) else False)
        await node.rpc.call("invalidateblock", block)
        await until(lambda: shop.host.only(address).height is None)
    async with shop.watching():
        await node.mine(1)
        await until(lambda: shop.host.only(address).height is not None)
    positions = [seen.position for seen in shop.host.said(address)]
    assert positions == sorted(set(positions))


async def test_a_payment_deep_enough_is_watched_no_more(node: RegtestNode, tip: int) -> None:
    shop = world(node)
    async with shop.watching():
        address = (await shop.issue(PAID)).address
        await node.pay(address, PAID)
        await shop.seen(address)
        await node.mine(FINAL - 1)
        await until(lambda: shop.host.depth(address) == FINAL - 1)
        assert len(await shop.host.unfinal()) == 1
        await node.mine(2)
        await until(lambda: shop.host.depth(address) == FINAL + 1)
        assert await shop.host.unfinal() == []
        first, buried, *later = shop.host.said(address)
        assert (first.height, buried.height) == (None, tip + 1)
        # A look at everything, as comes a second after each handshake, may say besides that it is final.
        assert all(seen.final and seen.height == tip + 1 for seen in later)


async def _paid_with_rival(node: RegtestNode, address: str) -> str:
    """Pay to an address; returns a transaction that spends the same coin elsewhere, which is not sent."""
    coin = await node.coin()
    away = await node.miner.call("getnewaddress", "", "bech32")
    rival = await node.spend(coin, [(away, PAID)], fee_minor=9_000)
    await node.send(await node.spend(coin, [(address, PAID)]))
    return rival
