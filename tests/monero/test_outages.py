"""The node and the wallet come and go, are behind, or are not what they were."""

import dataclasses

import pytest

from paydaemon.core.errors import Refusal
from paydaemon.core.payment import PaymentState
from paydaemon.hooks.ports import ChainMismatch
from paydaemon_monero.making import SELLER_ADDRESS
from tests.monero.world import XMR, World, world
from tests.support.waiting import until


async def test_while_the_node_is_away_the_chain_is_stale_although_the_wallet_answers(here: World) -> None:
    async with here.watching() as chain:
        to = await here.issue()
        await here.net.node.stop()
        await here.stale("monerod does not answer")
        assert await here.net.seller.rpc.call("get_height")
        with pytest.raises(Refusal, match="cannot give a destination now"):
            await chain.destination(to.index + 1, here.request())
        await here.net.node.start()
        await until(here.healthy)


async def test_what_is_paid_while_the_wallet_is_away_is_told_when_it_is_back(here: World) -> None:
    async with here.watching():
        to = await here.issue()
        await here.net.seller.stop()
        await here.stale("the wallet does not answer")
        await here.net.pay((to.address, XMR))
        await here.net.mine(6)
        await here.net.seller.start()
        await here.state(to.address, PaymentState.CONFIRMED)


async def test_a_wallet_whose_file_was_lost_makes_the_same_subaddresses_and_misses_nothing(
    here: World,
) -> None:
    """Only its keys are left, as after it was made anew from address and view key."""
    async with here.watching():
        to = await here.issue()
        await here.net.pay((to.address, XMR))
        await here.seen(to.address)
        await here.net.mine()
        await until(lambda: here.host.depth(to.address) == 1)
    await here.net.seller.stop()
    (here.net.seller.folder / "seller").unlink()
    await here.net.seller.start()
    here.host.payments.clear()
    here.host.cursor = None
    async with here.watching() as chain:
        assert (await chain.destination(to.index, here.request())).address == to.address
        assert here.host.depth(to.address) == 1
        assert (await chain._subaddresses.counted(SELLER_ADDRESS))[1] == chain._subaddresses._made


async def test_a_wallet_that_can_spend_is_refused(here: World) -> None:
    spending = world(here.net, wallet_rpc_url=here.net.payer.url)
    with pytest.raises(ChainMismatch, match="the wallet can spend"):
        await spending.chain.run(spending.host)
    assert spending.host.identity is None


async def test_another_wallet_network_or_account_is_refused(here: World) -> None:
    async with here.watching():
        assert here.host.identity is not None
    genesis, address, account = here.host.identity.split()[1:]
    assert (address, account) == (SELLER_ADDRESS, "0")
    for stored, said in (
        (f"monero {'0' * 64} {address} 0", "the node is on another network"),
        (f"monero {genesis} 4other 0", "the wallet is another one"),
        (f"monero {genesis} {address} 1", "the account is 0"),
    ):
        here.host.identity = stored
        with pytest.raises(ChainMismatch, match=said):
            await here.chain.run(here.host)


async def test_a_node_on_another_network_than_configured_is_stale(here: World) -> None:
    config = here.config.model_copy(update={"network": "stagenet"})
    async with dataclasses.replace(here, config=config).watching(ready=False) as chain:
        await until(lambda: "network fakechain, and stagenet is configured" in chain.health().reason)


async def test_an_account_of_its_own_is_made(here: World) -> None:
    other = world(here.net, account=2)
    async with other.watching():
        to = await other.issue()
        await here.net.pay((to.address, XMR))
        await other.seen(to.address)
    assert other.host.identity == f"{here.host.identity or other.host.identity}".rpartition(" ")[0] + " 2"
