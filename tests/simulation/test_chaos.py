"""Chaos tells the truth badly: all of it in the end, none of it wrong, and by one seed always the same."""

import random
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from paydaemon.core.payment import Observation
from paydaemon.testing.chaos import AT_ONCE, Chaos, Habits, Interrupted
from paydaemon.testing.clocks import TurnedClock
from paydaemon.testing.fakechain import FakeChain
from paydaemon.testing.fakenetwork import Credit, FakeNetwork
from tests.support.host import FakeHost

HABITS = [name for name in Habits.__slots__ if name != "longest_lag_s"]
NEVER = replace(Habits(), **dict.fromkeys(HABITS, 0))
ALWAYS = replace(Habits(), **dict.fromkeys(HABITS, 1))


async def told_by(chaos: Chaos, looks: int = 40) -> tuple[FakeHost, FakeChain]:
    """A chain that is paid, mined on and reorganised, looks each minute, and is started when it fails."""
    clock, host = TurnedClock(), FakeHost()
    chain = FakeChain(FakeNetwork(clock))
    await chain.start(chaos.between(host))
    for number in range(looks):
        clock.turn(60)
        chain.network.pay(Credit(f"bitcoin-key-{number}", 1_000 + number))
        chain.network.grow(only=chain.network.mempool[: number % 3])
        if number % 7 == 6:
            chain.network.reorganise(2)
        try:
            await chain.tell()
        except Interrupted:
            await chain.start(chaos.between(host))
    return host, chain


def newest(host: FakeHost) -> dict[str, Observation]:
    told = [seen for call in host.told for seen in call.observations]
    return {seen.ref: seen for seen in sorted(told, key=lambda seen: seen.position)}


@pytest.mark.parametrize("habit", HABITS)
async def test_each_habit_alone_does_something_and_nothing_is_lost(habit: str, seed: int) -> None:
    honest, _ = await told_by(Chaos(random.Random(seed), NEVER))
    often: dict[str, Any] = {habit: 0.4}
    chaos = Chaos(random.Random(seed), replace(NEVER, **often))
    host, chain = await told_by(chaos)
    assert host.told != honest.told
    chaos.calm = True
    await chain.start(chaos.between(host))
    await chain.tell()
    true = {seen.ref: seen for one in chain.network.transactions.values() for seen in chain.observed(one)}
    assert {ref: _untimed(seen) for ref, seen in newest(host).items()} == {
        ref: _untimed(seen) for ref, seen in true.items()
    }


async def test_nothing_is_called_complete_before_all_of_it_was_told(seed: int) -> None:
    host, chain = await told_by(Chaos(random.Random(seed)))
    known: set[str] = set()
    for call in host.told:
        known |= {seen.ref for seen in call.observations}
        if call.as_of is not None:
            seen_ms = {one.seen_at_ms: f"{one.id}:0" for one in chain.network.transactions.values()}
            assert {ref for at_ms, ref in seen_ms.items() if at_ms <= call.as_of.at_ms} <= known


async def test_one_seed_one_life(seed: int) -> None:
    one, same, other = [(await told_by(Chaos(random.Random(by))))[0].told for by in (seed, seed, seed + 1)]
    assert one == same != other


async def test_calm_passes_everything_on_as_it_is(seed: int) -> None:
    chaos = Chaos(random.Random(seed), ALWAYS)
    chaos.calm = True
    host, _ = await told_by(chaos)
    honest, _ = await told_by(Chaos(random.Random(seed), NEVER))
    assert host.told == honest.told


async def test_no_call_is_longer_than_the_daemon_takes(seed: int) -> None:
    host, chaos = FakeHost(), Chaos(random.Random(seed), Habits(fail=0))
    chain = FakeChain(FakeNetwork(TurnedClock()))
    await chain.start(chaos.between(host))
    chain.network.pay(*(Credit("nobody", 1) for _ in range(3 * AT_ONCE)))
    for _ in range(20):
        with suppress(Interrupted):
            await chain.tell()
    assert len(newest(host)) == 3 * AT_ONCE
    assert max(len(call.observations) for call in host.told) <= AT_ONCE


def _untimed(seen: Observation) -> tuple[object, ...]:
    return seen.amount_minor, seen.destination_key, seen.state, seen.position, seen.height, seen.block
