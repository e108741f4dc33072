"""Killed at any one of its writes, a daemon has recorded the whole of it afterwards, or nothing."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
import trio

from paydaemon.testing.fakerelay import PAYEE, signed
from tests.faults.stage import CHAIN, CONFIRMATIONS, Stage, staged
from tests.faults.strace import files_of, is_running, tracing
from tests.soak.accounts import read_copy
from tests.support.daemon import Json
from tests.support.waiting import BOUND_S

MOST_WRITES = 200
"""More than any of these steps has: the first that is not met is the last."""
EVERY = 3
"""A run is killed at every third write; at which third is chance, so a few runs have met every write. A page
is two writes, its header and itself: every third is the one and the other in turn.
"""


class Step(Protocol):
    """Something that is recorded: `prepare` it, `take` it, and see that it is `done` once, after all."""

    async def prepare(self, stage: Stage, name: str) -> None: ...
    async def take(self, stage: Stage) -> None: ...
    async def done(self, stage: Stage) -> None: ...


@dataclass
class Creating:
    """An invoice is ordered."""

    order: str = ""

    async def prepare(self, stage: Stage, name: str) -> None:
        self.order = name

    async def take(self, stage: Stage) -> None:
        await stage.created(self.order)

    async def done(self, stage: Stage) -> None:
        await stage.created(self.order)


@dataclass
class Paying:
    """A payment is seen."""

    invoice: Json

    async def prepare(self, stage: Stage, name: str) -> None:
        self.invoice = await stage.created(name)

    async def take(self, stage: Stage) -> None:
        stage.network.pay(self.invoice)
        await self.done(stage)

    async def done(self, stage: Stage) -> None:
        await stage.daemon.until_status(self.invoice["id"], "processing")


@dataclass
class Confirming:
    """A payment is final."""

    invoice: Json

    async def prepare(self, stage: Stage, name: str) -> None:
        self.invoice = await stage.created(name)
        stage.network.pay(self.invoice)
        await stage.daemon.until_status(self.invoice["id"], "processing")

    async def take(self, stage: Stage) -> None:
        stage.network.grow(CONFIRMATIONS)
        await self.done(stage)

    async def done(self, stage: Stage) -> None:
        await stage.daemon.until_status(self.invoice["id"], "settled")


@dataclass
class HandingIn:
    """A signed transaction is handed in, and its outcome awaited."""

    ledger: Path
    id: str = ""

    async def prepare(self, stage: Stage, name: str) -> None:
        self.id = name

    async def take(self, stage: Stage) -> None:
        given = signed(self.id, {(PAYEE, "HBAR"): 5}, memo="a gift")
        async with stage.daemon.client() as client:
            answer = await client.post(
                f"/v1/relay/{CHAIN}?wait=consensus", json={"transaction": given}, timeout=BOUND_S
            )
        assert answer.json()["status"] == "succeeded", answer.text

    async def done(self, stage: Stage) -> None:
        """One relay, each of its events once, and no more submissions than one for each run."""
        await self.take(stage)
        relays = [event for event in await stage.daemon.journal() if event["type"].startswith("relay.")]
        mine = [one for one in relays if one["data"]["relay"]["transaction_id"] == self.id]
        assert [one["type"] for one in mine] == ["relay.received", "relay.accepted", "relay.succeeded"]
        assert len({one["data"]["relay"]["id"] for one in mine}) == 1
        assert 1 <= self.ledger.read_text().split().count(self.id) <= 2


async def kill_at(stage: Stage, folder: Path, step: Step, call: str, number: int) -> bool:
    """Take a step, and be killed by its call of this number; returns whether there was one."""
    pid, files = stage.daemon.pid, files_of(stage.daemon.database)
    inject = [f"{call}:signal=KILL:when={number}"]
    heard = len(stage.told.events)
    async with stage.daemon.stream(after=heard) as stream:
        async with tracing(pid, folder / "trace", calls=(call,), paths=files, inject=inject):
            await _unless_killed(pid, step.take, stage)
            was_killed = not is_running(pid)
        if not was_killed:
            await stream.until_seq((await stage.daemon.journal())[-1]["seq"])
        stage.told.events += stream.journaled
    return was_killed


async def _unless_killed(pid: int, take: Callable[[Stage], Awaitable[None]], stage: Stage) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_until_dead, pid, nursery.cancel_scope)
        try:
            await take(stage)
        except httpx.TransportError:
            await trio.sleep_forever()
        nursery.cancel_scope.cancel()


async def _until_dead(pid: int, others: trio.CancelScope) -> None:
    with trio.fail_after(BOUND_S):
        while is_running(pid):  # noqa: ASYNC110 - the kernel kills, and tells nobody
            await trio.sleep(0.005)
    others.cancel()


async def look_at_what_is_left(stage: Stage, folder: Path) -> None:
    """The files alone: sound, no event without its number, and all that was told."""
    left = await read_copy(stage.daemon.database, folder / "copy")
    assert left.faults == []
    assert left.events == left.last_seq >= len(stage.told.events)
    assert left.invoices >= {invoice["id"] for _, invoice in stage.told.acknowledged}


async def kill_at_each(
    folder: Path, step: Step, name: str, places: Sequence[int], tables: Mapping[str, Any] | None = None
) -> int:
    """Be killed at each of these writes of a step, and at its sync; returns how often there was one."""
    kills = 0
    async with staged(folder, tables=tables) as stage:
        for call, numbers in (("pwrite64", places), ("fdatasync", (1,))):
            for number in numbers:
                await step.prepare(stage, f"{name}-{call}-{number}")
                if not await kill_at(stage, folder, step, call, number):
                    break
                kills += 1
                await stage.daemon.kill()
                await look_at_what_is_left(stage, folder)
                await stage.daemon.start()
                await step.done(stage)
        await stage.audit()
        await stage.daemon.stop()
    assert stage.daemon.errors() == []
    return kills


STEPS: dict[str, Callable[[], Step]] = {
    "creating": Creating,
    "paying": lambda: Paying({}),
    "confirming": lambda: Confirming({}),
}


async def test_killed_at_some_writes(tmp_path: Path) -> None:
    assert await kill_at_each(tmp_path, Confirming({}), "confirming", (9,)) == 2


def relaying(folder: Path) -> dict[str, Any]:
    """The configuration of a chain that passes transactions on."""
    files = {"moves": str(folder / "moves"), "ledger": str(folder / "ledger")}
    return {"chains": {CHAIN: {"plugin": "relayed", **files}}}


async def test_killed_at_some_writes_while_a_transaction_is_passed_on(tmp_path: Path) -> None:
    step = HandingIn(tmp_path / "ledger")
    assert await kill_at_each(tmp_path, step, "handing-in", (9,), relaying(tmp_path)) == 2


@pytest.mark.soak
async def test_killed_throughout_while_transactions_are_passed_on(tmp_path: Path, seed: int) -> None:
    first = 1 + seed % EVERY
    step, places = HandingIn(tmp_path / "ledger"), range(first, MOST_WRITES, EVERY)
    assert await kill_at_each(tmp_path, step, "handing-in", places, relaying(tmp_path)) > 5


@pytest.mark.soak
@pytest.mark.parametrize("name", STEPS)
async def test_killed_throughout(tmp_path: Path, name: str, seed: int) -> None:
    first = 1 + seed % EVERY
    kills = await kill_at_each(tmp_path, STEPS[name](), name, range(first, MOST_WRITES, EVERY))
    print(f"  killed {kills} times while {name}, at write {first} and every {EVERY} from there")
    assert kills > 5
