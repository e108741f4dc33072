"""What the chain takes back is told, and so is what becomes of it."""

from paydaemon.core.payment import PaymentState
from tests.monero.world import XMR, World
from tests.support.waiting import until


async def test_a_payment_whose_block_leaves_the_chain_is_in_the_pool_again(here: World) -> None:
    async with here.watching():
        to = await here.issue()
        await here.net.pay((to.address, XMR))
        await here.net.mine(6)
        await here.state(to.address, PaymentState.CONFIRMED)
        await here.net.reorganise(6)
        await until(lambda: here.host.only(to.address).height is None)
        await here.state(to.address, PaymentState.PENDING)
        await here.net.mine(6)
        await here.state(to.address, PaymentState.CONFIRMED)
    assert here.host.counted_minor(to.address) == XMR
    assert here.host.most_counted_minor[to.address] == XMR


async def test_a_payment_that_lands_in_another_block_of_the_same_height_is_told_again(here: World) -> None:
    async with here.watching():
        to = await here.issue()
        await here.net.pay((to.address, XMR))
        await here.seen(to.address)
        await here.net.mine()
        await until(lambda: here.host.depth(to.address) == 1)
        before = here.host.only(to.address)
        await here.net.take_back(1)  # and it is in the pool, from which the next block takes it
        await here.net.mine(2)
        await until(lambda: here.host.depth(to.address) == 2)
        after = here.host.only(to.address)
    assert (after.height, after.block != before.block) == (before.height, True)


async def test_a_payment_that_is_reorganised_while_nobody_looks(here: World) -> None:
    async with here.watching():
        to = await here.issue()
        await here.net.pay((to.address, XMR))
        await here.seen(to.address)
        await here.net.mine(2)
        await until(lambda: here.host.depth(to.address) == 2)
    await here.net.reorganise(2)
    async with here.watching():
        await until(lambda: here.host.only(to.address).height is None)
    assert here.host.only(to.address).state is PaymentState.PENDING


async def test_a_payment_that_the_pool_forgets_is_dropped_and_counts_when_it_is_back(here: World) -> None:
    async with here.watching():
        to = await here.issue()
        txid, raw = await here.net.sign((to.address, XMR))
        await here.net.send(raw)
        await here.seen(to.address)
        await here.net.forget(txid)
        await here.state(to.address, PaymentState.DROPPED)
        await here.net.send(raw)
        await here.state(to.address, PaymentState.PENDING)
    assert len(here.host.to(to.address)) == 1


async def test_a_double_spend_never_counts_beside_what_it_takes_the_place_of(here: World) -> None:
    async with here.watching():
        to = await here.issue()
        first, raw = await here.net.sign((to.address, 3))
        second, rival = await here.net.sign((to.address, 4))
        await here.net.send(raw)
        await here.seen(to.address)
        await here.net.contest(rival)
        await until(lambda: any(page.contested for page in here.chain._watcher._book.open()))  # type: ignore[union-attr]
        await here.net.forget(first)
        await here.net.send(rival)
        await here.net.mine()
        await here.seen(to.address, 2)
        await until(lambda: here.host.states(to.address)[first] is PaymentState.CONFLICTED)
        await here.height()
    assert here.host.states(to.address)[second] is PaymentState.PENDING
    assert (here.host.counted_minor(to.address), here.host.most_counted_minor[to.address]) == (4, 4)
