"""Nodes and mirror are away for longer than receipts live, with relays in every state: nothing is lost.

None is credited twice, none is told to have failed while nobody can know, and none is handed over under
another id. The daemon is killed before the outage is over, and again while the mirror only comes back.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from pathlib import Path
from random import Random

import pytest
import trio

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.sandbox.faults import Call, Fault, Kind
from tests.soak.market import CUT_CLIENTS
from tests.soak.relayed import RECEIPT_LIFE_S, Bazaar, bazaar, start_node, stop_node
from tests.soak.wallets import RICH, Signed
from tests.support.daemon import patiently

OF_EACH = 4
PART_S = 100
"""Of the outage, twice: it is longer than the life of a receipt."""

STILL_S = 4.0
"""Time for everybody to be asked again."""

TRADE_S = 8.0
SUBMIT_TIMEOUT_S = 30
HUNG_MS = 300_000
BEHIND_S = (0.0, 30.0, 2.0 * PART_S + 30)
"""The mirror's machines as it comes back: one of them has seen nothing of what happened before the outage."""

FIRST, SECOND, THIRD = 3, 4, 5
"""The nodes."""


class Fate(StrEnum):
    """What becomes of a relay before the outage, and so how it is told as that begins."""

    THROUGH = "succeeded"
    REFUSED = "failed"
    TAKEN = "accepted"
    SILENT = "unknown"
    LOST = "unknown, and never arrived"
    HUNG = "received"

    @property
    def status(self) -> str:
        return self.value.partition(",")[0]


ARRIVED = (Fate.TAKEN, Fate.SILENT, Fate.HUNG)
"""Nobody knows it for a while, but these are at consensus."""


class Outage:
    """The outage, in the order in which it happens."""

    def __init__(self, here: Bazaar, chance: Random) -> None:
        self._here = here
        self._sandbox = here.net.sandbox
        self._chance = chance
        self._signed: dict[Fate, list[Signed]] = {}

    async def hand_in(self) -> None:
        """Some of each fate. Receipts, and soon the mirror, say nothing of those that are under way."""
        for fate in Fate:
            self._signed[fate] = [await self._sign(fate) for _ in range(OF_EACH)]
        await self._answered(Fate.THROUGH)
        await patiently(lambda: self._stand({Fate.THROUGH: "succeeded"}))
        self._sandbox.faults.arm(Fault(Kind.CODE, node=FIRST, times=None, code=rc.BUSY))
        await self._answered(Fate.REFUSED)
        self._sandbox.faults.clear()
        for fault in (
            Fault(Kind.DROP_BEFORE, Call.RECEIPT, times=None),
            Fault(Kind.DROP_AFTER, node=FIRST, times=None),
            Fault(Kind.DROP_BEFORE, node=SECOND, times=None),
        ):
            self._sandbox.faults.arm(fault)
        await self._answered(Fate.SILENT, Fate.LOST, Fate.TAKEN)
        self._sandbox.faults.arm(Fault(Kind.HANG, node=THIRD, times=None, delay_ms=HUNG_MS))

    async def begin(self, nursery: trio.Nursery) -> None:
        """The last are handed in, of which no node's answer will come; and the mirror is gone."""
        for signed in self._signed[Fate.HUNG]:
            nursery.start_soon(self._here.wallets.pay, signed, self._chance)
        await patiently(lambda: self._stand({Fate.HUNG: "received"}))
        self._sandbox.is_mirror_down = True
        await self._nothing_is_proven(PART_S)
        assert await self._standing() == {fate: {fate.status} for fate in Fate}

    async def killed_meanwhile(self) -> None:
        """The daemon dies, the nodes go down; it comes back and there is nobody to ask."""
        await self._here.net.daemon.kill()
        await self._here.look_at_what_is_left()
        for node in self._sandbox.nodes:
            await stop_node(node)
        await self._here.net.daemon.start(ready=False)
        await self._nothing_is_proven(PART_S)

    async def nodes_return(self) -> None:
        """They have forgotten every receipt."""
        assert 2 * PART_S > RECEIPT_LIFE_S
        self._sandbox.faults.clear()
        for node in self._sandbox.nodes:
            await start_node(node)
        await self._nothing_is_proven(0)

    async def mirror_returns(self) -> None:
        """Its machines take turns, and one is far behind; the daemon dies once more under the questions."""
        self._sandbox.mirror.set_lags(BEHIND_S)
        self._sandbox.is_mirror_down = False
        await trio.sleep(STILL_S)
        await self._here.net.daemon.kill()
        await self._here.look_at_what_is_left()
        await self._here.net.daemon.start(ready=False)
        await patiently(lambda: self._stand(dict.fromkeys(ARRIVED, "succeeded")))
        await trio.sleep(STILL_S)
        assert await self._stand({Fate.LOST: "unknown"}), "one machine of the mirror could not know"

    async def trade_goes_on(self) -> None:
        """All machines are near; some of what is paid now they learn late. What was lost is proven."""
        self._sandbox.mirror.set_lags([0.0, 2.0, 1.0])
        for _ in range(OF_EACH):
            self._sandbox.faults.arm(Fault(Kind.HOLD, Call.MIRROR, delay_ms=6_000))
        await patiently(self._here.net.daemon.ready)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._here.run, partial(trio.sleep, TRADE_S))
            for fate in (Fate.LOST, Fate.REFUSED):
                nursery.start_soon(self._paid_anew, fate)

    # --- Parts of it

    async def _sign(self, fate: Fate) -> Signed:
        nodes = {Fate.LOST: SECOND, Fate.TAKEN: THIRD, Fate.HUNG: THIRD}
        wallets = self._here.wallets
        payer = self._chance.choice(RICH)
        return wallets.sign(await wallets.order(), payer, self._chance, nodes.get(fate, FIRST))

    async def _answered(self, *fates: Fate) -> None:
        """Hand them in, all at once, and see that they are told to stand as they should."""
        async with trio.open_nursery() as nursery:
            for fate in fates:
                for signed in self._signed[fate]:
                    nursery.start_soon(self._here.wallets.hand_in, signed)
        if Fate.THROUGH not in fates:
            assert await self._stand({fate: fate.status for fate in fates}), await self._standing()

    async def _standing(self) -> dict[Fate, set[str | None]]:
        """How the relays of each fate stand."""
        statuses = await self._here.statuses()
        return {fate: {statuses.get(one.id) for one in signed} for fate, signed in self._signed.items()}

    async def _stand(self, expected: Mapping[Fate, str]) -> bool:
        """Whether all relays of these fates stand so."""
        standing = await self._standing()
        return all(standing[fate] == {status} for fate, status in expected.items())

    async def _nothing_is_proven(self, seconds: int) -> None:
        """Time passes, and what was under way is so still: at most it is unknown by now."""
        await self._here.pass_time(seconds)
        await trio.sleep(STILL_S)
        for fate, statuses in (await self._standing()).items():
            assert statuses <= {fate.status, "unknown"}, (fate.name, statuses)

    async def _paid_anew(self, fate: Fate) -> None:
        """What was certainly not carried out is signed and handed in anew, for the same invoice."""
        await patiently(lambda: self._stand({fate: "failed"}))
        wallets = self._here.wallets
        for signed in self._signed[fate]:
            invoice = await self._here.net.daemon.show(signed.invoice_id)
            await wallets.hand_in(wallets.sign(invoice, self._chance.choice(RICH), self._chance))


@pytest.mark.soak
@CUT_CLIENTS
async def test_nodes_and_mirror_are_away_for_longer_than_receipts_live(tmp_path: Path, seed: int) -> None:
    async with bazaar(tmp_path, seed, submit_timeout_s=SUBMIT_TIMEOUT_S) as here:
        outage = Outage(here, Random(f"{seed}/outage"))
        await outage.hand_in()
        here.note("handed in")
        async with trio.open_nursery() as nursery:
            await outage.begin(nursery)
            await outage.killed_meanwhile()
            here.note("killed meanwhile")
            await outage.nodes_return()
            await outage.mirror_returns()
            here.note("the mirror is back")
            await outage.trade_goes_on()
        found = await here.audit()
        here.tell()
    assert not found, "\n".join(found)
