"""Further chains and sandboxes, each with one planted fault that shows only where somebody looks for it.

Not collected by itself, as `planted`.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import trio

from paydaemon.core.invoice import Destination
from paydaemon.core.payment import ChainTime, Observation
from paydaemon.hooks.ports import ChainHost, DestinationRequest, Health, HealthState, PayTo
from paydaemon.hooks.sandbox import SandboxFacts
from paydaemon.testing.chain_conformance import Can
from paydaemon.testing.fakemoves import Moves
from paydaemon.testing.fakenetwork import Transaction
from paydaemon.testing.fakesandbox import NAME, FakePlugin, FakeSandbox, SharedChain
from tests.conformance.planted import Planted, planted

WATCHED: set[str] = set()
LEFT_OFF: dict[str, int] = {}


class ModuleMemory(SharedChain):
    """Watches what a module remembers."""

    async def destination(self, index: int, request: DestinationRequest) -> Destination:
        given = await super().destination(index, request)
        WATCHED.add(given.key)
        return given

    def observed(self, transaction: Transaction) -> Iterator[Observation]:
        return (seen for seen in super().observed(transaction) if seen.destination_key in WATCHED)


class SavedOnTheWayOut(SharedChain):
    """Keeps its place when it ends, and begins with what happens next where it kept none."""

    async def run(
        self, host: ChainHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        try:
            await super().run(host, task_status=task_status)
        finally:
            LEFT_OFF[self.id] = self._told

    async def start(self, host: ChainHost) -> None:
        self._moves.follow()
        await super().start(host)
        self._told = LEFT_OFF.get(self.id, self.network.view)


class SkipsOutages(SharedChain):
    """Goes on with what happens next once its node is back."""

    _was_away = False

    async def tell(self) -> None:
        if self._was_away:
            self._told, self._was_away = self.network.view, False
        await super().tell()

    def health(self) -> Health:
        self._was_away = self._was_away or self.network.away
        return super().health()


class SeesWhileAway(SharedChain):
    """Says that it has seen everything until now whenever that is due."""

    async def run(
        self, host: ChainHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._reassure, host)
            await super().run(host, task_status=task_status)

    async def _reassure(self, host: ChainHost) -> None:
        while True:
            await trio.sleep(0.1)
            if self.network.away:
                await host.observe([], ChainTime(self.network.clock(), self.network.height), None)


class OneRefPerDestination(SharedChain):
    """Names a credit by its transaction and whom it pays."""

    def observed(self, transaction: Transaction) -> Iterator[Observation]:
        for seen in super().observed(transaction):
            yield replace(seen, ref=f"{seen.transaction_id}:{seen.destination_key}")


class FirstOutput(SharedChain):
    """Takes a transaction to have one output."""

    def observed(self, transaction: Transaction) -> Iterator[Observation]:
        yield next(super().observed(transaction))


class FirstPage(SharedChain):
    """Never turns the page."""

    async def tell(self) -> None:
        host = self._look()
        view, changed = self.network.view, self.network.changed_since(self._told)
        seen = [one for transaction in changed for one in self.observed(transaction)][:3]
        await host.observe(seen, ChainTime(self.network.clock(), self.network.height), str(view))
        self._told, self._complete = view, True


class FloatSums(SharedChain):
    """Counts in whole coins meanwhile."""

    def observed(self, transaction: Transaction) -> Iterator[Observation]:
        for seen in super().observed(transaction):
            yield replace(seen, amount_minor=int(seen.amount_minor / 10**8 * 10**8))


class FinalTooSoon(SharedChain):
    """Says of what was settled that it is final."""

    def observed(self, transaction: Transaction) -> Iterator[Observation]:
        for seen in super().observed(transaction):
            yield replace(seen, final=seen.height is not None and seen.height < (self.network.height or 0))

    async def tell(self) -> None:
        self._told = 0
        await super().tell()


class SeenWhenTold(SharedChain):
    """Takes the time of the telling for that of the payment, and needs three seconds for each."""

    _tellings = 0

    async def tell(self) -> None:
        self._told = 0
        await super().tell()

    def observed(self, transaction: Transaction) -> Iterator[Observation]:
        for seen in super().observed(transaction):
            self._tellings += 1
            yield replace(seen, seen_at_ms=time.time_ns() // 1_000_000 + 3_000 * self._tellings)


class HealthyUnseen(SharedChain):
    """Is healthy as soon as its node answers."""

    def health(self) -> Health:
        return Health(HealthState.STALE, "away") if self.network.away else Health(HealthState.HEALTHY)


class WrongCode(SharedChain):
    """Puts the next destination's address into the QR code."""

    def destination_at(self, index: int) -> Destination:
        return replace(super().destination_at(index), uri=super().destination_at(index + 1).uri)


class RunsOnce(SharedChain):
    """Cannot be run again."""

    _ran = False

    async def run(
        self, host: ChainHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        if self._ran:
            raise RuntimeError("I ran already")
        self._ran = True
        await super().run(host, task_status=task_status)


class HealthyTooSoon(SharedChain):
    """Says that it is healthy a second before it can give destinations."""

    _ready_at_s = 0.0

    async def start(self, host: ChainHost) -> None:
        self._ready_at_s = trio.current_time() + 1.0
        await super().start(host)

    async def destination(self, index: int, request: DestinationRequest) -> Destination:
        if trio.current_time() < self._ready_at_s:
            raise RuntimeError("not connected yet")
        return await super().destination(index, request)

    async def run(
        self, host: ChainHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        task_status.started()
        await super().run(host, task_status=trio.TASK_STATUS_IGNORED)


class CompleteTooSoon(SharedChain):
    """Says at its start that it has seen everything, and looks afterwards."""

    async def start(self, host: ChainHost) -> None:
        await super().start(host)
        self._moves.follow()
        await host.observe([], ChainTime(self.network.clock(), self.network.height), None)
        await trio.sleep(0.5)


class OwnMemory(SharedChain):
    """Watches what it has given out itself."""

    def __init__(self, id: str, moves: Moves) -> None:
        super().__init__(id, moves)
        self._given: set[str] = set()

    async def destination(self, index: int, request: DestinationRequest) -> Destination:
        given = await super().destination(index, request)
        self._given.add(given.key)
        return given

    def observed(self, transaction: Transaction) -> Iterator[Observation]:
        return (seen for seen in super().observed(transaction) if seen.destination_key in self._given)


class HangingSandbox(FakeSandbox):
    """Never comes to an end of paying."""

    async def pay(self, to: PayTo) -> str:
        await trio.sleep(3600)
        return await super().pay(to)


class DyingSandbox(FakeSandbox):
    """Its node ends at the first payment."""

    def __init__(self) -> None:
        super().__init__()
        self._paid = trio.Event()

    async def run(
        self, folder: Path, *, task_status: trio.TaskStatus[SandboxFacts] = trio.TASK_STATUS_IGNORED
    ) -> None:
        async with trio.open_nursery() as nursery:
            await nursery.start(super().run, folder)
            task_status.started(SandboxFacts({"plugin": NAME, "moves": str(folder / "moves")}))
            await self._paid.wait()
            raise RuntimeError("the node was killed by signal 9")

    async def pay(self, to: PayTo) -> str:
        self._paid.set()
        await trio.sleep(3600)
        return await super().pay(to)


class _OnSandbox(Planted):
    __test__ = False
    patience_s = 1.0


def _on(sandbox: type[FakeSandbox]) -> type[Planted]:
    extra = {"fake": type("Planted", (FakePlugin,), {"sandbox": sandbox})()}
    return type(f"Test{sandbox.__name__}", (_OnSandbox,), {"__test__": True, "extra": extra})


class TestDeepAfterAll(Planted):
    """Says of a chain with depths that it has none."""

    __test__ = True
    extra = {"fake": FakePlugin()}  # noqa: RUF012 - declared as a ClassVar there
    cannot = {Can.DEPTH: "nobody thought of it"}  # noqa: RUF012 - declared as a ClassVar there


TestModuleMemory = planted(ModuleMemory)
TestSavedOnTheWayOut = planted(SavedOnTheWayOut)
TestSkipsOutages = planted(SkipsOutages)
TestSeesWhileAway = planted(SeesWhileAway)
TestOneRefPerDestination = planted(OneRefPerDestination)
TestFirstOutput = planted(FirstOutput)
TestFirstPage = planted(FirstPage)
TestFloatSums = planted(FloatSums)
TestFinalTooSoon = planted(FinalTooSoon)
TestSeenWhenTold = planted(SeenWhenTold)
TestHealthyUnseen = planted(HealthyUnseen)
TestWrongCode = planted(WrongCode)
TestRunsOnce = planted(RunsOnce)
TestHealthyTooSoon = planted(HealthyTooSoon)
TestCompleteTooSoon = planted(CompleteTooSoon)
TestOwnMemory = planted(OwnMemory)
TestHangingSandbox = _on(HangingSandbox)
TestDyingSandbox = _on(DyingSandbox)
