"""Ten chains, each with one planted fault, through the case of the suite that is to find it.

Not collected by itself: each of them has to fail (`test_planted_faults`).
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import trio

from paydaemon.core.invoice import Destination
from paydaemon.core.payment import Observation
from paydaemon.hooks.ports import ChainHost, Health, HealthState
from paydaemon.testing.chain_conformance import ChainConformance
from paydaemon.testing.fakemoves import Moves
from paydaemon.testing.fakenetwork import Transaction
from paydaemon.testing.fakesandbox import FakePlugin, SharedChain


class DoubleCredit(SharedChain):
    """Tells each credit a second time, under another ref."""

    def observed(self, transaction: Transaction) -> Iterator[Observation]:
        for seen in super().observed(transaction):
            yield seen
            yield replace(seen, ref=f"{seen.ref}:again")


class MissedReorg(SharedChain):
    """Believes that what was in a block stays there."""

    def __init__(self, id: str, moves: Moves) -> None:
        super().__init__(id, moves)
        self._mined: set[str] = set()

    def observed(self, transaction: Transaction) -> Iterator[Observation]:
        for seen in super().observed(transaction):
            if seen.height is not None:
                self._mined.add(seen.ref)
            elif seen.ref in self._mined:
                continue
            yield seen


class FloatAmounts(SharedChain):
    """Reads amounts as most JSON parsers do."""

    def observed(self, transaction: Transaction) -> Iterator[Observation]:
        for seen in super().observed(transaction):
            yield replace(seen, amount_minor=float(seen.amount_minor))  # type: ignore[arg-type]


class WrongDepth(SharedChain):
    """Counts from the block before."""

    def observed(self, transaction: Transaction) -> Iterator[Observation]:
        for seen in super().observed(transaction):
            yield seen if seen.height is None else replace(seen, height=seen.height - 1)


class LostCursor(SharedChain):
    """Begins with what happens next."""

    async def start(self, host: ChainHost) -> None:
        await super().start(host)
        self._told = self.network.view


class IndexReuse(SharedChain):
    """Gives two indexes one destination."""

    def destination_at(self, index: int) -> Destination:
        return replace(super().destination_at(index // 2), index=index)


class BlockingCall(SharedChain):
    """Waits as one does without trio."""

    async def tell(self) -> None:
        time.sleep(2.5)  # noqa: ASYNC251 - the fault
        await super().tell()


class CrashOnRestart(SharedChain):
    """Cannot read the cursor that it wrote."""

    async def start(self, host: ChainHost) -> None:
        await super().start(host)
        if (await host.saved()).cursor is not None:
            raise ValueError("unreadable cursor")


class StaleHealth(SharedChain):
    """Says of itself what was so when it looked last."""

    def health(self) -> Health:
        return Health(HealthState.HEALTHY) if self._complete else Health(HealthState.STARTING)


class IgnoredCancellation(SharedChain):
    """Has something more important to do."""

    async def run(
        self, host: ChainHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        with trio.CancelScope(shield=True):
            await super().run(host, task_status=task_status)


def plugin(kind: type[SharedChain]) -> dict[str, object]:
    """A plugin whose chain is of this kind, on a network of its own."""
    return {"fake": type("Planted", (FakePlugin,), {"chain": kind})()}


class Planted(ChainConformance):
    """What fails here is to fail soon."""

    __test__ = False
    chain: ClassVar[str] = "fake"
    patience_s = 2.0
    ends_within_s = 3.0


def planted(kind: type[SharedChain]) -> type[Planted]:
    """The suite for a chain of this kind."""
    return type(f"Test{kind.__name__}", (Planted,), {"__test__": True, "extra": plugin(kind)})


TestDoubleCredit = planted(DoubleCredit)
TestMissedReorg = planted(MissedReorg)
TestFloatAmounts = planted(FloatAmounts)
TestWrongDepth = planted(WrongDepth)
TestLostCursor = planted(LostCursor)
TestIndexReuse = planted(IndexReuse)
TestBlockingCall = planted(BlockingCall)
TestCrashOnRestart = planted(CrashOnRestart)
TestStaleHealth = planted(StaleHealth)
TestIgnoredCancellation = planted(IgnoredCancellation)
