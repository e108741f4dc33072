"""Chains, each with one planted fault, through the case of the suite that is to find it.

Not collected by itself: each of them has to fail (`test_planted_faults`).
"""

import socket
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


class TwoAssets(SharedChain):
    """The fault is in how it reads its token."""

    further = (("0xtoken", "TOKEN", 2),)


class WrongDecimals(TwoAssets):
    """Takes the token for one with a decimal less."""

    def observed(self, transaction: Transaction) -> Iterator[Observation]:
        for seen in super().observed(transaction):
            factor = 1 if seen.asset == self.assets[0] else 10
            yield replace(seen, amount_minor=factor * seen.amount_minor)


class AnyAsset(TwoAssets):
    """Takes whatever comes for its own asset."""

    def observed(self, transaction: Transaction) -> Iterator[Observation]:
        for seen in super().observed(transaction):
            yield replace(seen, asset=self.assets[0])


class Anonymous(SharedChain):
    """Never says which network it is."""

    async def start(self, host: ChainHost) -> None:
        self._host = host
        self._told = int((await host.saved()).cursor or 0)


class BlockingConnection(SharedChain):
    """Asks its node as one does without trio; the node answers at once."""

    async def tell(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as node, socket.create_connection(node.getsockname()):
            await super().tell()


class AheadOfTime(SharedChain):
    """Has seen the chain complete until the next look."""

    async def tell(self) -> None:
        clock, self.network.clock = self.network.clock, lambda: clock() + 60_000
        try:
            await super().tell()
        finally:
            self.network.clock = clock


class SecondsForMilliseconds(SharedChain):
    """Passes on the time as its node writes it."""

    def observed(self, transaction: Transaction) -> Iterator[Observation]:
        for seen in super().observed(transaction):
            yield replace(seen, seen_at_ms=seen.seen_at_ms // 1_000)


class TrustingPayers(SharedChain):
    """Takes every payer for one who can write."""

    def observed(self, transaction: Transaction) -> Iterator[Observation]:
        for seen in super().observed(transaction):
            seen.destination_key.encode()
            yield seen


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
TestWrongDecimals = planted(WrongDecimals)
TestAnyAsset = planted(AnyAsset)
TestAnonymous = planted(Anonymous)
TestBlockingConnection = planted(BlockingConnection)
TestAheadOfTime = planted(AheadOfTime)
TestSecondsForMilliseconds = planted(SecondsForMilliseconds)
TestTrustingPayers = planted(TrustingPayers)
TestIgnoredCancellation = planted(IgnoredCancellation)
