"""Webhooks through kills (SIGKILL) of the daemon and of their receiver: none is lost, or out of order."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random

import httpx
import pytest
import trio

from paydaemon_bitcoin.regtest import RegtestNode
from tests.e2e.setup import bitcoin
from tests.soak.market import CUT_CLIENTS
from tests.support.daemon import Daemon, Json, running
from tests.support.receiving import Receiver, Taken
from tests.support.waiting import until

KILLS = 50
WRITERS = 4
LONGEST_LIFE_S = 0.8
LIMITS = {
    "requests_per_s": 10_000,
    "requests_burst": 10_000,
    "deliveries": {"retry_pause_s": 1, "retry_longest_pause_s": 2},
}


@dataclass
class Shop:
    """A shop that goes on selling whatever happens, and where its webhooks, and the operator's, lead."""

    daemon: Daemon
    receiver: Receiver
    chance: Random
    hooks: Mapping[str, str] = field(default_factory=dict)
    sold: int = 0

    async def open(self) -> None:
        """Two that are well, and one where nobody listens. The receiver runs once it knows their secrets."""
        self.receiver.kill()
        urls = {"ours": self.receiver.url("ours"), "shops": self.receiver.url("shops")}
        secrets, ids = {}, {}
        for name, url in {**urls, "dead": "http://127.0.0.1:1/"}.items():
            key = self.daemon.keys["shop"] if name == "shops" else None
            made = await self.daemon.call("POST", "/v1/webhooks", {"url": url}, key=key)
            secrets[name], ids[name] = made["secret"], made["id"]
        self.receiver.knows(**secrets)
        self.receiver.start()
        self.hooks = ids

    async def sell(self) -> None:
        """One invoice after the other, each marked to and fro some times."""
        while True:
            with suppress(httpx.TransportError, OSError):
                await self._sell_one()
            await trio.sleep(self.chance.uniform(0, 0.2))

    async def _sell_one(self) -> None:
        body = {"amount": "0.001", "currency": "BTC", "seller_id": "shop"}
        made = await self.daemon.call("POST", "/v1/invoices", body, expect=None)
        if "id" not in made:
            return
        self.sold += 1
        for number in range(self.chance.randrange(5)):
            status = "settled" if number % 2 == 0 else "invalid"
            path = f"/v1/invoices/{made['id']}/mark"
            await self.daemon.call("POST", path, {"status": status}, expect=None)

    async def suffer(self) -> None:
        """Kill the daemon, the receiver, or both, soon after they are up, or before; in the end both run."""
        kills = 0
        while kills < KILLS:
            await trio.sleep(self.chance.uniform(0, LONGEST_LIFE_S))
            kills += await self._kill(self.chance.choice(("daemon", "receiver", "both")))
            print(f"  {kills} kills, {self.sold} invoices, {len(self.receiver.taken())} notices", flush=True)

    async def _kill(self, whom: str) -> int:
        if whom != "receiver":
            await self.daemon.kill()
        if whom != "daemon":
            await trio.to_thread.run_sync(self.receiver.kill)
            await trio.sleep(self.chance.uniform(0, 0.3))
            await trio.to_thread.run_sync(self.receiver.start)
        if whom != "receiver":
            await self.daemon.start(ready=self.chance.random() < 0.5)
        return 2 if whom == "both" else 1

    async def audit(self) -> list[str]:
        """What is wrong with what was told, once all of it has been."""
        journal = await self.daemon.journal()
        wanted = {name: self._wanted(name, journal) for name in ("ours", "shops")}
        with suppress(trio.TooSlowError):
            await until(lambda: not self._missing(wanted))
        taken = self.receiver.taken()
        events = {event["id"]: event for event in journal}
        found = [f"{name} was not told of {id}" for name, id in self._missing(wanted)]
        found += [
            f"{one.path} was told of {one.id}, which is not so" for one in taken if _differs(one, events)
        ]
        found += list(_out_of_order(taken))
        found += [f"{one.path} could not verify {one.id}" for one in self.receiver.refused()]
        ids = {(one.path, one.id) for one in taken}
        print(f"  {len(taken)} notices of {len(ids)} deliveries, {len(taken) - len(ids)} of them twice")
        return found

    def _wanted(self, name: str, journal: Sequence[Json]) -> list[str]:
        about = [event["seq"] for event in journal if event["data"].get("webhook_id") == self.hooks[name]]
        since = [event for event in journal if event["seq"] > about[-1]]
        return [event["id"] for event in since if name == "ours" or "invoice" in event["data"]]

    def _missing(self, wanted: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
        told = {(one.path.strip("/"), one.id) for one in self.receiver.taken()}
        return [(name, id) for name, ids in wanted.items() for id in ids if (name, id) not in told]


def _differs(taken: Taken, events: Mapping[str, Json]) -> bool:
    told = taken.body
    if told.pop("version") != 1:
        return True
    if "invoice" in told["data"]:
        del told["data"]["invoice"]["checkout_url"]
    return told != events.get(taken.id)


def _out_of_order(taken: Sequence[Taken]) -> Iterable[str]:
    """One that was told again comes before the next one of its invoice, never after it."""
    told = defaultdict(list)
    for one in taken:
        told[one.path, one.body["invoice_id"]].append(one.body["seq"])
    for (path, invoice_id), seqs in told.items():
        if invoice_id is not None and any(later < earlier for earlier, later in pairwise(seqs)):
            yield f"{path} was told of {invoice_id} in this order: {seqs}"


@pytest.mark.soak
@CUT_CLIENTS
async def test_each_event_arrives_in_order_through_fifty_kills(tmp_path: Path, seed: int) -> None:
    (tmp_path / "shop").mkdir()
    notifiers = {"webhook": {"plugin": "webhook", "allow": ["127.0.0.1"]}}
    async with RegtestNode(tmp_path / "node") as node:
        await node.prepare()
        tables = {**bitcoin(node), "notifiers": notifiers, "limits": LIMITS}
        with Receiver(tmp_path / "shop").open() as receiver:
            async with running(tmp_path, tables) as daemon:
                shop = Shop(daemon, receiver, Random(seed))
                await shop.open()
                async with trio.open_nursery() as nursery:
                    for _ in range(WRITERS):
                        nursery.start_soon(shop.sell)
                    await shop.suffer()
                    nursery.cancel_scope.cancel()
                found = await shop.audit()
    assert not found, "\n".join(found)
    assert shop.sold > KILLS
