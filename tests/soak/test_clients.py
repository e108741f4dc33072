"""A crowd, some of whom never read: the daemon answers everybody else, and forgets it when it is gone."""

from collections.abc import Awaitable
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from typing import Protocol

import httpx
import pytest
import trio

from paydaemon.frontends.settings import Limits
from paydaemon_bitcoin.regtest import RegtestNode
from paydaemon_bitcoin.sandbox import seller_descriptor
from tests.soak.market import tables
from tests.soak.stream import Gone, event_stream
from tests.soak.vitals import Vitals, Watch
from tests.support.daemon import Daemon, running
from tests.support.ledgercheck import Json
from tests.support.listeners import Crowd, listening
from tests.support.waiting import BOUND_S, until

WAVES = 2
SHOPS = 64
FOLLOWERS, PAGES, MUTE = 30, 370, 100
"""Websockets that follow everything, that follow one invoice, and that never read."""

EARLIER = 100
ARRIVING_AT_ONCE = 8
LOAD_S = 20.0
MARGIN_S = 3.0
LONGEST_PAUSE_S = 6.0
SMALL_BUFFER = 4_096
TOO_SLOW = 4008

HEALTHY_S = 1.0
MOST_RSS_MIB = 250
GROWN_MIB = 20
"""How much more memory may be left after a wave than after the one before it."""

LEFT_DESCRIPTORS = 8
"""How many more descriptors may be open after the last wave than before the first."""

READING, STALLED = 1_900, 100
"""Websockets of the large crowd that hear everything, and that never read."""

ORDERS = 100
TELLING_MIB = 60
"""How much more memory may be used while a crowd is told than when it had just come."""

MANY = {
    "requests_per_s": 10_000,
    "requests_burst": 10_000,
    "connections": 3_000,
    "connections_per_address": 3_000,
}

ORDER: Json = {"amount": "0.00020834", "currency": "BTC", "seller_id": "shop"}

FULL_ORDER: Json = {**ORDER, "metadata": {str(number): "x" * 400 for number in range(18)}}
"""So large that what a client does not read is soon more than sockets hold."""


class Guest(Protocol):
    """Somebody with a websocket, who says when it is open."""

    def __call__(self, *, task_status: trio.TaskStatus[None]) -> Awaitable[None]: ...


class Wave:
    """One crowd. Everybody who follows, hears of everything from `first_seq` on."""

    def __init__(self, daemon: Daemon, key: str, chance: Random, earlier: list[str], first_seq: int) -> None:
        self.created: list[str] = []
        self.answers_s: list[float] = []
        self.cut_with: list[int | None] = []
        self._daemon = daemon
        self._key = key
        self._chance = chance
        self._earlier = earlier
        self._first_seq = first_seq
        self._heard = [first_seq] * FOLLOWERS
        self._door = trio.CapacityLimiter(ARRIVING_AT_ONCE)
        self._over = trio.Event()

    async def come_and_go(self) -> None:
        """Arrive, order, hear of every order, and leave."""
        async with trio.open_nursery() as nursery:
            await self._arrive(nursery)
            patience_s = trio.current_time() + Limits().send_timeout_s + MARGIN_S
            await self._order()
            last_seq = (await self._daemon.journal(after=self._first_seq))[-1]["seq"]
            await until(lambda: min(self._heard) >= last_seq)
            await trio.sleep_until(patience_s)
            self._over.set()
            await until(lambda: len(self.cut_with) == MUTE)
            nursery.cancel_scope.cancel()

    async def _arrive(self, crowd: trio.Nursery) -> None:
        guests: list[Guest] = [
            *(partial(self._follow, number) for number in range(FOLLOWERS)),
            *(partial(self._watch, self._chance.choice(self._earlier)) for _ in range(PAGES)),
            *(self._never_read for _ in range(MUTE)),
        ]
        self._chance.shuffle(guests)
        async with trio.open_nursery() as arriving:
            for guest in guests:
                arriving.start_soon(self._admit, crowd, guest)

    async def _admit(self, crowd: trio.Nursery, guest: Guest) -> None:
        async with self._door:
            await crowd.start(guest)

    # Websockets

    async def _follow(self, number: int, *, task_status: trio.TaskStatus[None]) -> None:
        """Hear every event, in order and without a gap."""
        query = f"after={self._first_seq}"
        async with event_stream(self._daemon.api, self._key, query) as stream:
            task_status.started()
            while True:
                event = await stream.next()
                if "seq" in event:
                    assert event["seq"] == self._heard[number] + 1
                    self._heard[number] = event["seq"]

    async def _watch(self, invoice_id: str, *, task_status: trio.TaskStatus[None]) -> None:
        """Hear of one invoice, as a page would that shows it."""
        query = f"after=0&invoice_id={invoice_id}"
        async with event_stream(self._daemon.api, self._key, query) as stream:
            task_status.started()
            while True:
                assert (await stream.next())["invoice_id"] == invoice_id

    async def _never_read(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Ask for everything and read nothing, until the end. By then the daemon has lost patience."""
        async with event_stream(
            self._daemon.api, self._key, "after=0", receive_buffer=SMALL_BUFFER
        ) as stream:
            task_status.started()
            await self._over.wait()
            try:
                while True:
                    await stream.next()
            except Gone as gone:
                self.cut_with.append(gone.code)
                await trio.sleep_forever()

    def __str__(self) -> str:
        guests = f"{FOLLOWERS} followers, {PAGES} pages, {MUTE} who never read, {SHOPS} shops"
        answers = f"half within {median(self.answers_s):.2f} s, all within {max(self.answers_s):.2f} s"
        farewells = sum(code == TOO_SLOW for code in self.cut_with)
        return (
            f"{guests}: {len(self.created)} orders, {answers}; {farewells} were told that they are too slow"
        )

    # Orders

    async def _order(self) -> None:
        """Everybody at once, and then again and again for a while."""
        end_s = trio.current_time() + LOAD_S
        headers = {"Authorization": f"Bearer {self._key}"}
        async with (
            httpx.AsyncClient(base_url=self._daemon.api, headers=headers, timeout=BOUND_S) as http,
            trio.open_nursery() as nursery,
        ):
            for _ in range(SHOPS):
                nursery.start_soon(self._shop, http, end_s)

    async def _shop(self, http: httpx.AsyncClient, end_s: float) -> None:
        while trio.current_time() < end_s:
            begun_s = trio.current_time()
            answer = await http.post("/v1/invoices", json=ORDER)
            assert answer.status_code == 201, answer.text
            self.answers_s.append(trio.current_time() - begun_s)
            self.created.append(answer.json()["id"])
            await trio.sleep(self._chance.uniform(0, LONGEST_PAUSE_S))


async def crowd_gone(daemon: Daemon, before: Vitals) -> Vitals:
    """The daemon's vitals once it has closed what the crowd had open."""
    await until(lambda: Vitals.of(daemon.pid).descriptors <= before.descriptors + LEFT_DESCRIPTORS)
    return Vitals.of(daemon.pid)


@pytest.mark.soak
async def test_a_crowd_of_clients_hurts_nobody(tmp_path: Path, seed: int) -> None:
    descriptor = seller_descriptor()
    limits = {"requests_per_s": 10_000, "requests_burst": 10_000, "connections_per_address": 2_000}
    async with RegtestNode(tmp_path / "node") as node:
        await node.prepare()
        settings = {**tables(tmp_path, node, descriptor), "limits": limits}
        async with running(tmp_path, settings) as daemon:
            key: str = (await daemon.admin("POST", "/admin/v1/operators"))["secret"]
            earlier = [(await daemon.call("POST", "/v1/invoices", ORDER))["id"] for _ in range(EARLIER)]
            before = Vitals.of(daemon.pid)
            print(f"  before: {before}")
            left = [before]
            for number in range(WAVES):
                chance = Random(f"{seed}/{number}")
                left.append(await one_wave(daemon, key, chance, earlier, before))
            await daemon.stop()
    assert left[-1].rss_mib - left[-2].rss_mib <= GROWN_MIB, "memory grows with every crowd"


@pytest.mark.soak
async def test_two_thousand_websockets_of_which_some_never_read(tmp_path: Path) -> None:
    """Each hears every event once and in order; those who stall are let go, and memory stays as it was."""
    descriptor = seller_descriptor()
    async with RegtestNode(tmp_path / "node") as node:
        await node.prepare()
        settings = {**tables(tmp_path, node, descriptor), "limits": MANY}
        async with running(tmp_path, settings) as daemon:
            key: str = (await daemon.admin("POST", "/admin/v1/operators"))["secret"]
            await tell_the_many(daemon, key)
            await daemon.stop()


async def tell_the_many(daemon: Daemon, key: str) -> None:
    """A crowd comes, hears of many orders, and goes."""
    port, before = int(daemon.api.rpartition(":")[2]), Vitals.of(daemon.pid)
    crowd = Crowd(port, key, (await daemon.journal())[-1]["seq"], READING, STALLED)
    watch = Watch(daemon.api, daemon.pid)
    async with listening(crowd) as listeners, watch.during():
        full = Vitals.of(daemon.pid)
        for _ in range(ORDERS):
            await daemon.call("POST", "/v1/invoices", FULL_ORDER)
        await trio.sleep(Limits().send_timeout_s + MARGIN_S)
        listeners.last_seq = (await daemon.journal(after=crowd.after))[-1]["seq"]
    heard = listeners.heard
    assert heard.faults == []
    assert heard.last == [listeners.last_seq] * READING
    assert heard.messages == READING * ORDERS
    assert heard.stalled_ended == STALLED
    left = await crowd_gone(daemon, before)
    print(f"  {READING} hear {heard.messages} events in all, {STALLED} stall")
    print(f"  full: {full}\n  {watch}\n  left: {left}")
    assert watch.slowest_s < HEALTHY_S
    assert watch.most_rss_mib - full.rss_mib <= TELLING_MIB


async def one_wave(daemon: Daemon, key: str, chance: Random, earlier: list[str], before: Vitals) -> Vitals:
    """A crowd comes and goes. Returns what it leaves behind."""
    wave = Wave(daemon, key, chance, earlier, (await daemon.journal())[-1]["seq"])
    watch = Watch(daemon.api, daemon.pid)
    async with watch.during():
        await wave.come_and_go()
    after = await crowd_gone(daemon, before)
    print(f"  {wave}\n  {watch}\n  left: {after}", flush=True)
    assert len(set(wave.created)) == len(wave.created)
    assert watch.slowest_s < HEALTHY_S
    assert watch.most_rss_mib < MOST_RSS_MIB
    return after
