"""Thousands at the listener, within the limits and beyond: others are answered, and nothing of it stays."""

from collections.abc import Mapping
from pathlib import Path
from statistics import median

import pytest
import trio

from tests.faults.crowd import SMALL_BUFFER, Crowd, allow_descriptors
from tests.faults.stage import Stage, staged
from tests.soak.vitals import Vitals, Watch
from tests.support.waiting import until

THOUSANDS = 5_000
MANY, FEW = 20, 8
"""Addresses to come from: 250 from each of many stay below the default limit of one address."""

SLOW, GREEDY, MUTE = 300, 100, 100
HEALTHY_S = 10.0
ANSWERS_WITHIN_S = 10.0
"""Hundreds wait at the door while thousands come; once they are in, it is hundredths of that."""
WAVES = 2
MOST_RSS_MIB = 600
LEFT_DESCRIPTORS = 8
GROWN_MIB = 20
"""How much more memory may be left of a wave than of the one before: an allocator keeps what it once had."""

SOME_EVENTS = 150
PACE = {"requests_per_s": 50, "requests_burst": 200}
RAISED = {**PACE, "connections": 6_000, "connections_per_address": 6_000}
MODEST = ("prlimit", "--nofile=1024:16384")
"""As many services are started, and as systemd would let it have: it has to raise the first by itself."""


async def answers_others(stage: Stage, times: int = 10) -> float:
    """Order a few invoices; how long the slowest took, in seconds."""
    took_s = []
    for number in range(times):
        begun_s = trio.current_time()
        await stage.created(f"meanwhile-{len(stage.told.orders)}-{number}")
        took_s.append(trio.current_time() - begun_s)
    print(f"  orders meanwhile: half within {median(took_s):.3f} s, all within {max(took_s):.2f} s")
    return max(took_s)


async def all_gone(stage: Stage, before: Vitals) -> Vitals:
    """The daemon's vitals once what was open for the crowd is closed."""
    await until(lambda: Vitals.of(stage.daemon.pid).descriptors <= before.descriptors + LEFT_DESCRIPTORS)
    left = Vitals.of(stage.daemon.pid)
    print(f"  left: {left}", flush=True)
    return left


async def has_a_history(stage: Stage) -> Vitals:
    """Enough events that a reader who never reads cannot leave them to the kernel."""
    for number in range(SOME_EVENTS):
        await stage.created(f"earlier-{number}")
    before = Vitals.of(stage.daemon.pid)
    print(f"  before: {before}")
    return before


@pytest.mark.soak
@pytest.mark.parametrize(
    ("limits", "addresses", "least", "most"),
    [(PACE, MANY, 1_500, 2_000), (RAISED, FEW, 5_000, 6_000)],
    ids=["beyond the limits", "within the limits"],
)
async def test_thousands_who_ask_nothing(
    tmp_path: Path, limits: Mapping[str, int], addresses: int, least: int, most: int
) -> None:
    allow_descriptors(THOUSANDS + 500)
    async with staged(tmp_path, tables={"limits": dict(limits)}, under=MODEST) as stage:
        before = Vitals.of(stage.daemon.pid)
        print(f"  before: {before}")
        left = [before]
        for _ in range(WAVES):
            assert least <= await one_wave(stage, addresses) <= most
            left.append(await all_gone(stage, before))
        assert left[-1].rss_mib - left[-2].rss_mib <= GROWN_MIB, "memory grows with every crowd"
        await stage.daemon.stop()
    assert stage.daemon.errors() == []


async def one_wave(stage: Stage, addresses: int) -> int:
    """Thousands come and ask nothing, and others are answered. Returns how many were let stay."""
    watch = Watch(stage.daemon.api, stage.daemon.pid)
    async with trio.open_nursery() as nursery, watch.during():
        crowd = Crowd(stage.daemon.api, stage.daemon.key, nursery)
        await crowd.come(THOUSANDS, crowd.idle, addresses)
        slowest_s = await answers_others(stage)
        stayed = crowd.came - crowd.gone
        print(f"  {crowd.came} came, {stayed} stayed: {Vitals.of(stage.daemon.pid)}")
        nursery.cancel_scope.cancel()
    print(f"  {watch}")
    assert slowest_s < ANSWERS_WITHIN_S
    keeps_well(watch)
    return stayed


def keeps_well(watch: Watch) -> None:
    """It said in time that it is well, and stayed of bounded size."""
    assert watch.slowest_s < HEALTHY_S
    assert watch.most_rss_mib < MOST_RSS_MIB


@pytest.mark.soak
async def test_hundreds_who_are_slow_greedy_and_mute(tmp_path: Path) -> None:
    async with staged(tmp_path, tables={"limits": PACE}, under=MODEST) as stage:
        before = await has_a_history(stage)
        watch = Watch(stage.daemon.api, stage.daemon.pid)
        async with trio.open_nursery() as nursery, watch.during():
            crowd = Crowd(stage.daemon.api, stage.daemon.keys["shop"], nursery)
            await crowd.come(SLOW, crowd.slow, MANY)
            await crowd.come(GREEDY, crowd.greedy, MANY, buffer=SMALL_BUFFER)
            await crowd.come(MUTE, crowd.mute, MANY, buffer=SMALL_BUFFER)
            slowest_s = await answers_others(stage, 30)
            await until(lambda: crowd.gone >= SLOW)
            nursery.cancel_scope.cancel()
        print(f"  {crowd.came} came, {crowd.gone} were sent away\n  {watch}")
        assert slowest_s < ANSWERS_WITHIN_S
        keeps_well(watch)
        await all_gone(stage, before)
        await stage.daemon.stop()
    assert stage.daemon.errors() == []
