"""Killed (SIGKILL) again and again while it is being paid: chain, ledger and all that was told agree."""

from pathlib import Path
from random import Random

import pytest
import trio

from paydaemon_bitcoin.regtest import RegtestNode
from paydaemon_bitcoin.sandbox import seller_descriptor
from tests.soak.market import CUT_CLIENTS, Market, open_market, tables
from tests.soak.payers import fund
from tests.support.daemon import Daemon, running

KILLS = 50
LONGEST_LIFE_S = 1.0
TOLD_EVERY = 10


async def kill_again_and_again(market: Market, daemon: Daemon, chance: Random) -> None:
    """Kill it soon after it is ready, or before, or just when it speaks; then leave it running."""
    for number in range(1, KILLS + 1):
        life_s = chance.uniform(0, LONGEST_LIFE_S)
        if chance.random() < 0.2:
            with trio.move_on_after(life_s):
                await daemon.start(ready=False)
        else:
            await daemon.start()
            await trio.sleep(life_s)
            if chance.random() < 0.4:
                await market.something_told()
        await daemon.kill()
        await market.look_at_what_is_left()
        if number % TOLD_EVERY == 0:
            print(f"  {f'{number} kills':28}  {market}", flush=True)
    await daemon.start()


@pytest.mark.soak
@CUT_CLIENTS
async def test_killed_fifty_times_while_being_paid(tmp_path: Path, seed: int) -> None:
    descriptor = seller_descriptor()
    async with RegtestNode(tmp_path / "node") as node:
        await node.prepare()
        await fund(node)
        async with running(tmp_path, tables(tmp_path, node, descriptor)) as daemon:
            market = await open_market(tmp_path, node, daemon, descriptor, seed)
            await daemon.kill()
            await market.run(lambda: kill_again_and_again(market, daemon, Random(f"{seed}/kills")))
            found = await market.audit()
    market.tell()
    assert not found, "\n".join(found)
    assert market.payers.counts.keys() >= {"exact", "fee bumped", "replaced away"}
    assert market.miner.reorgs > 0
