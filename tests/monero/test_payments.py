"""What is paid is told once, whole, and as deep as it lies."""

from paydaemon.core.payment import PaymentState
from paydaemon_monero.chain import payment_uri
from tests.monero.world import XMR, World
from tests.support.waiting import until


async def test_a_payment_is_told_from_the_pool_to_its_depth(here: World) -> None:
    async with here.watching():
        to = await here.issue()
        assert to.uri == payment_uri(to.address, XMR) == f"monero:{to.address}?tx_amount=1.000000000000"
        txid = await here.net.pay((to.address, XMR))
        await here.seen(to.address)
        paid = here.host.only(to.address)
        assert (paid.transaction_id, paid.amount_minor, paid.state) == (txid, XMR, PaymentState.PENDING)
        assert (paid.height, paid.block) == (None, None)
        await here.net.mine()
        await until(lambda: here.host.depth(to.address) == 1)
        await here.net.mine(5)
        await here.state(to.address, PaymentState.CONFIRMED)
        assert here.host.only(to.address).block == await here.chain._node.block_at(
            await here.net.height() - 5
        )
    assert len(list(here.host.said(to.address))) == 2, "its depth is counted, not told"


async def test_one_transaction_can_pay_several_and_one_of_them_twice(here: World) -> None:
    async with here.watching():
        one, other = await here.issue(), await here.issue()
        txid = await here.net.pay((one.address, 1), (other.address, 20), (one.address, 300))
        await here.seen(one.address)
        await here.seen(other.address)
        await here.net.mine()
        await here.height()
    paid = [here.host.only(to.address) for to in (one, other)]
    assert [payment.amount_minor for payment in paid] == [301, 20], "the wallet adds up what goes to the same"
    assert [payment.ref for payment in paid] == [
        f"{txid}:{to.index + 1}:{payment.amount_minor}"
        for to, payment in zip((one, other), paid, strict=True)
    ]


async def test_what_was_paid_while_nobody_looked_is_told(here: World) -> None:
    async with here.watching():
        to = await here.issue()
        await here.looked()
    first = await here.net.pay((to.address, 5))
    await here.net.mine(6)
    second = await here.net.pay((to.address, 6))
    async with here.watching():
        await here.seen(to.address, 2)
    assert here.host.states(to.address) == {first: PaymentState.CONFIRMED, second: PaymentState.PENDING}


async def test_a_locked_payment_counts_for_nothing_until_it_is_unlocked(here: World) -> None:
    async with here.watching():
        to = await here.issue()
        blocks = await here.net.height() + 1
        await here.net.pay((to.address, XMR), unlock_time=blocks + 13)
        await here.seen(to.address)
        await here.net.mine(12)
        await here.height()
        assert here.host.only(to.address).state is PaymentState.PENDING
        assert (here.host.only(to.address).height, here.host.depth(to.address)) == (None, 0)
        await here.net.mine()
        await here.state(to.address, PaymentState.CONFIRMED)
    assert here.host.depth(to.address) == 13


async def test_a_lock_no_longer_than_the_usual_one_changes_nothing(here: World) -> None:
    async with here.watching():
        to = await here.issue()
        await here.net.pay((to.address, XMR), unlock_time=await here.net.height() + 1 + 10)
        await here.net.mine(6)
        await here.state(to.address, PaymentState.CONFIRMED)
