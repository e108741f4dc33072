"""Killed (SIGKILL) again and again while clients relay: they, the network and the ledger agree in the end."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import trio

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.sandbox.faults import Call, Fault, Kind
from tests.soak.market import CUT_CLIENTS
from tests.soak.relayed import Bazaar, bazaar, start_node, stop_node

KILLS = 20
LONGEST_LIFE_S = 1.5
TOLD_EVERY = 5
LAST_CALM_S = 3.0

FAULTS: Mapping[Fault, int] = {
    Fault(Kind.DROP_AFTER): 4,
    Fault(Kind.DROP_BEFORE): 2,
    Fault(Kind.HANG, delay_ms=2_000): 2,
    Fault(Kind.LATENCY, delay_ms=700): 1,
    Fault(Kind.CODE, code=rc.BUSY): 1,
    Fault(Kind.CODE, code=rc.PLATFORM_TRANSACTION_NOT_CREATED): 1,
    Fault(Kind.DROP_BEFORE, Call.RECEIPT): 3,
    Fault(Kind.LATENCY, Call.RECEIPT, delay_ms=1_500): 1,
    Fault(Kind.DROP_BEFORE, Call.MIRROR): 1,
    Fault(Kind.HTTP, Call.MIRROR, code=503): 1,
    Fault(Kind.HOLD, Call.MIRROR, delay_ms=8_000): 1,
}
"""What goes wrong, by how likely that is."""

MOST_AT_ONCE = 8
TIMES = (1, 2, 5)
"""How often each strikes: a node that drops one answer is asked again at once, and says that it has it."""


class Trouble:
    """What goes wrong on the network's side while the daemon lives and dies."""

    def __init__(self, here: Bazaar, chance: Random) -> None:
        self._sandbox = here.net.sandbox
        self._chance = chance

    async def change(self) -> None:
        """Other faults than before; sometimes a node that was up is down, or the mirror is."""
        self._sandbox.faults.clear()
        several = self._chance.randrange(MOST_AT_ONCE)
        for fault in self._chance.choices(list(FAULTS), list(FAULTS.values()), k=several):
            self._sandbox.faults.arm(replace(fault, times=self._chance.choice(TIMES)))
        self._sandbox.is_mirror_down = self._chance.random() < 0.15
        self._sandbox.mirror.set_lags(self._chance.choice([(0.0,), (0.0, 2.0), (1.0, 4.0, 0.0)]))
        node = self._chance.choice(self._sandbox.nodes)
        if node.is_up and self._chance.random() < 0.3:
            await stop_node(node)
        else:
            await start_node(node)

    async def end(self) -> None:
        """Everything is well again."""
        self._sandbox.faults.clear()
        self._sandbox.is_mirror_down = False
        self._sandbox.mirror.set_lags([0.0])
        for node in self._sandbox.nodes:
            await start_node(node)


async def kill_again_and_again(here: Bazaar, trouble: Trouble, chance: Random) -> None:
    """Kill it soon after it listens, or just when it has told something; then leave it in peace."""
    for number in range(1, KILLS + 1):
        await here.net.daemon.kill()
        await here.look_at_what_is_left()
        await trouble.change()
        await here.net.daemon.start(ready=False)
        await trio.sleep(chance.uniform(0, LONGEST_LIFE_S))
        if chance.random() < 0.5:
            await here.something_told()
        if number % TOLD_EVERY == 0:
            here.note(f"{number} kills")
    await trouble.end()
    await trio.sleep(LAST_CALM_S)


@pytest.mark.soak
@CUT_CLIENTS
async def test_killed_twenty_times_while_clients_relay(tmp_path: Path, seed: int) -> None:
    async with bazaar(tmp_path, seed) as here:
        chance = Random(f"{seed}/kills")
        trouble = Trouble(here, chance)
        await here.run(lambda: kill_again_and_again(here, trouble, chance))
        found = await here.audit()
        here.tell()
    assert not found, "\n".join(found)
    assert here.wallets.refused["payment_under_way"] > 0
    assert {relay["status"] for relay in here.told.relays} >= {"accepted", "succeeded", "failed"}
