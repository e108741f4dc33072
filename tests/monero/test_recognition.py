"""Another wallet, or one that hangs, in the place of the right one while the chain runs."""

import os
import signal

import pytest

from paydaemon.core.errors import Refusal
from paydaemon.core.payment import PaymentState
from paydaemon.hooks.ports import HealthState
from paydaemon_monero.regtest import Regtest
from tests.monero.world import XMR, world
from tests.support.waiting import until


async def test_what_another_wallet_answers_counts_for_nothing(net: Regtest) -> None:
    """It has as many subaddresses, and answers at the same place from one call to the next.

    Nobody looks in between, so it is the address that is asked for first.
    """
    here = world(net, poll_interval_s=60)
    await net.payer.rpc.call("create_address", {"account_index": 0, "count": 64})
    async with here.watching() as chain:
        to = await here.issue()
        chain._wallet_rpc.url = net.payer.url
        with pytest.raises(Refusal, match="another wallet is open than before"):
            await chain.destination(to.index + 1, here.request())
        before = await net.height()
        await until(lambda: chain.health().state is HealthState.STALE)
        await net.pay((to.address, XMR))
        await net.mine(6)
        await here.stale("the wallet can spend")
        assert here.host.height == before, "nobody has seen what came since"
        chain._wallet_rpc.url = net.seller.url
        await here.state(to.address, PaymentState.CONFIRMED)
        await until(here.healthy)
        assert (await here.issue()).index > to.index


@pytest.mark.parametrize("who", ["monerod", "the wallet"])
async def test_who_hangs_is_away_in_time(net: Regtest, who: str) -> None:
    here = world(net, rpc_timeout_s=1)
    program = net.node if who == "monerod" else net.seller
    async with here.watching():
        os.kill(program.pid, signal.SIGSTOP)
        try:
            await here.stale(f"{who} does not answer in time")
        finally:
            os.kill(program.pid, signal.SIGCONT)
        await until(here.healthy)
