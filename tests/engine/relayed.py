"""A world that relays: one chain that passes transactions on, and relays that run until they are killed."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from paydaemon.core.access import PUBLIC, Principal
from paydaemon.core.errors import Refusal
from paydaemon.core.invoice import Invoice
from paydaemon.core.relay import Relay, RelayStatus
from paydaemon.engine.preparations import Preparation, Wish
from paydaemon.engine.relays import Handed, Wait
from paydaemon.store.port import Store
from paydaemon.testing.fakerelay import PAYEE, RelayFaults, RelayingChain, signed
from tests.engine.world import SHOP, World, world

RECEIVED, ACCEPTED, SUCCEEDED = RelayStatus.RECEIVED, RelayStatus.ACCEPTED, RelayStatus.SUCCEEDED
FAILED, UNKNOWN = RelayStatus.FAILED, RelayStatus.UNKNOWN
WHOLE = ["relay.received", "relay.accepted", "relay.succeeded"]
PAYER = "0.0.1002"
FINAL_BY_S = 100_000
"""Under a mock clock, this is no time at all."""


def pays(invoice: Invoice, id: str = "tx-1", *, off: int = 0, **more: object) -> str:
    """A transaction that pays an invoice, or misses what it asks by so much."""
    [option] = invoice.options
    amount_minor = option.due_minor + off
    moves = {(PAYEE, "HBAR"): amount_minor, (PAYER, "HBAR"): -amount_minor}
    return signed(id, moves, memo=option.destination.memo or "", **more)  # type: ignore[arg-type]


class Relaying:
    """A world, and its relays while they run."""

    def __init__(self, world: World, nursery: trio.Nursery) -> None:
        self.world = world
        self.ledger = world.ledger
        self._nursery = nursery
        self._running = trio.CancelScope()

    @property
    def faults(self) -> RelayFaults:
        """What the chain does badly."""
        chain = self.world.chains["hedera"]
        assert isinstance(chain, RelayingChain)
        return chain.faults_of_relay

    async def start(self) -> None:
        """Run the relays, those of earlier runs first."""
        self._running = trio.CancelScope()
        await self._nursery.start(self._run)

    async def kill(self) -> None:
        """All that the daemon had in memory is gone."""
        self._running.cancel()
        await trio.testing.wait_all_tasks_blocked()

    async def restart(self) -> None:
        """Killed, and started on what is recorded."""
        await self.kill()
        await self.world.restart()
        await self.start()

    async def _run(self, *, task_status: trio.TaskStatus[None]) -> None:
        with self._running:
            await self.world.relays.run(task_status=task_status)

    async def hand_in(
        self, given: str, principal: Principal = SHOP, invoice_id: str | None = None, chain: str = "hedera"
    ) -> Handed:
        """Hand a transaction in."""
        return await self.world.relays.hand_in(principal, chain, given, invoice_id)

    async def prepare(self, invoice: Invoice, payer: str = PAYER, asset: str | None = None) -> Preparation:
        """Have a payment of an invoice drawn up."""
        return await self.world.preparations.prepare(Wish(invoice.id, "hedera", asset, payer))

    async def hand_in_for(self, invoice: Invoice, given: bytes | str) -> Handed:
        """Hand in what pays an invoice, as whoever has its link."""
        return await self.world.relays.hand_in(PUBLIC, "hedera", given, invoice.id, alone=True)

    async def refused_for(self, invoice: Invoice, given: str) -> Refusal:
        """What is said of what may not be handed in so."""
        with pytest.raises(Refusal) as caught:
            await self.hand_in_for(invoice, given)
        return caught.value

    @staticmethod
    def signed(id: str, moves: Mapping[tuple[str, str], int], memo: str) -> str:
        """A transaction with these moves."""
        return signed(id, moves, memo=memo)

    async def ends(self, handed: Handed) -> Relay:
        """The relay once its outcome is final."""
        with trio.fail_after(FINAL_BY_S):
            await handed.course.over()
        return handed.relay

    async def answered(self, given: str) -> Relay:
        """Hand a transaction in, and wait for the network's first word."""
        return await (await self.hand_in(given)).until(Wait.PRECHECK)

    async def recorded(self, id: str = "tx-1") -> Relay | None:
        """The relay as the database has it."""
        return await self.world.store.read(lambda reader: reader.relay("hedera", id))

    async def relay_events(self) -> list[str]:
        """The types of all events of relays so far."""
        events = await self.world.events()
        return [event.type.value for event in events if event.type.value.startswith("relay.")]


@asynccontextmanager
async def relaying(*chains: str, front: Callable[[Store], Store] | None = None) -> AsyncIterator[Relaying]:
    """A started one, with Hedera alone if none is named."""
    async with world(*(chains or ("hedera",)), front=front) as made, trio.open_nursery() as nursery:
        running = Relaying(made, nursery)
        await running.start()
        yield running
        nursery.cancel_scope.cancel()


async def refused(daemon: Relaying, given: str, **how: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await daemon.hand_in(given, **how)
    return caught.value
