"""One server, and several wallets opened on it by somebody else while the chain runs: the real thing.

To make or open a wallet takes seconds, so it is one of the long ones; `test_recognition` is not.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio

from paydaemon.core.errors import Refusal
from paydaemon.core.payment import PaymentState
from paydaemon.hooks.diagnosis import ChainRecord, Verdict
from paydaemon.hooks.ports import ChainMismatch
from paydaemon_monero.commands import maker_arguments
from paydaemon_monero.diagnosis import diagnose
from paydaemon_monero.making import SELLER_ADDRESS, SELLER_VIEW_KEY
from paydaemon_monero.programs import WALLET_RPC, Program, free_ports
from paydaemon_monero.regtest import Regtest
from tests.monero.world import XMR, World, world
from tests.support.waiting import until

WRONG_KEY = SELLER_VIEW_KEY.replace("226", "026", 1)


@pytest.fixture
async def server(net: Regtest, tmp_path: Path) -> AsyncIterator[Program]:
    """A server with no wallet open yet."""
    (port,) = free_ports(1)
    server = Program(tmp_path, WALLET_RPC, port, maker_arguments(tmp_path, net.node.port))
    await server.start()
    try:
        yield server
    finally:
        with trio.CancelScope(shield=True):
            await server.stop()


async def make(server: Program, name: str, address: str, view_key: str) -> None:
    """Make a view-only wallet; it stays open."""
    asked = {"filename": name, "password": "", "address": address, "viewkey": view_key, "restore_height": 0}
    await server.rpc.call("generate_from_keys", asked)


async def open_(server: Program, name: str) -> None:
    """Open one that was made, instead of the one that is open."""
    await server.rpc.call("open_wallet", {"filename": name, "password": ""})


@pytest.mark.soak
async def test_nothing_is_given_out_or_told_of_another_wallet(net: Regtest, server: Program) -> None:
    view_key = (await net.payer.rpc.call("query_key", {"key_type": "view_key"}))["key"]
    await make(server, "other", net.payer_address, view_key)
    await server.rpc.call("create_address", {"account_index": 0, "count": 64})
    await make(server, "right", SELLER_ADDRESS, SELLER_VIEW_KEY)
    here = world(net, wallet_rpc_url=server.url)
    async with here.watching() as chain:
        to = await here.issue()
        await open_(server, "other")
        height = await net.height()
        await net.pay((to.address, XMR))
        await net.mine(6)
        with pytest.raises(Refusal):
            await chain.destination(to.index + 1, here.request())
        await here.stale("the wallet is another one")
        assert (here.host.height, here.host.to(to.address)) == (height, [])
        await open_(server, "right")
        await here.state(to.address, PaymentState.CONFIRMED)
        await until(here.healthy)
        await server.rpc.call("close_wallet")
        await here.stale("has no wallet open")
        await make(server, "wrong", SELLER_ADDRESS, WRONG_KEY)
        await here.stale("view key is not that of its address")
    await _is_refused(here)


async def _is_refused(here: World) -> None:
    """Of the wallet of a wrong key, by a chain that starts with it, and by the doctor."""
    anew = World(here.net, type(here.host)(), here.config, here.chain)
    with pytest.raises(ChainMismatch, match="view key is not that of its address"):
        await anew.chain.run(anew.host)
    assert anew.host.identity is None
    said = [finding async for finding in diagnose("monero", here.config, ChainRecord())]
    assert (said[-1].what, said[-1].verdict) == ("wallet", Verdict.PROBLEM)
    assert "view key is not that of its address" in said[-1].said
    assert not any(WRONG_KEY in finding.said for finding in said)
