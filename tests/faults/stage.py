"""The stage of these tests: a real daemon in its own process, with a network in memory that a test plays.

Nothing of the daemon is patched: the network comes as a plugin does, by an entry point that is installed for
this process alone.
"""

import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.faults.played import PlayedNetwork
from tests.soak.accounts import read_ledger
from tests.support.daemon import Daemon, Json, address_of, due_of, patiently, running
from tests.support.ledgercheck import Chain, Credit, Told, violations
from tests.support.stream import Stream

ROOT = Path(__file__).parents[2]
CHAIN = "play"
CONFIRMATIONS = 2


class Network:
    """What the chain's file of moves says; the plugin follows it within a moment."""

    def __init__(self, moves: Path) -> None:
        self._moves = moves
        moves.touch()

    def pay(self, invoice: Json) -> None:
        """A transaction that pays all of an invoice enters the mempool."""
        self._move(pay=address_of(invoice), amount_minor=due_of(invoice))

    def grow(self, blocks: int) -> None:
        """So many blocks, the first of which holds the mempool."""
        self._move(grow=blocks)

    def chain(self) -> Chain:
        """What the blocks hold, for the audit: played from the file once more, beside the daemon."""
        replica = PlayedNetwork(CHAIN, self._moves)
        replica.play()
        mined = [one for one in replica.transactions.values() if one.fate.height is not None]
        mined_credits = [
            Credit(
                f"{one.id}:{number}",
                credit.key,
                credit.amount_minor,
                one.fate.height or 0,
                replica.block_hash(one.fate.height or 0),
            )
            for one in mined
            for number, credit in enumerate(one.credits)
        ]
        return Chain(replica.height or 0, mined_credits)

    def _move(self, **move: object) -> None:
        line = json.dumps({**move, "at_ms": time.time_ns() // 1_000_000})
        with self._moves.open("a", encoding="ascii") as file:
            file.write(line + "\n")


class Stage:
    """One daemon, the network that it watches, and all that anybody was told."""

    def __init__(self, daemon: Daemon, network: Network) -> None:
        self.daemon = daemon
        self.network = network
        self.told = Told()

    async def create(self, order: str) -> tuple[int, Json]:
        """Order an invoice under the idempotency key `order`; the status, and what was answered."""
        body = {"amount": "0.0002", "currency": "BTC", "seller_id": "shop", "confirmations": CONFIRMATIONS}
        self.told.orders.add(order)
        async with self.daemon.client() as client:
            answer = await client.post(
                "/v1/invoices",
                json={**body, "metadata": {"order": order}},
                headers={"Idempotency-Key": order},
            )
        if answer.status_code == 201:
            self.told.acknowledged.append((order, answer.json()))
        return answer.status_code, answer.json()

    async def created(self, order: str) -> Json:
        """Order an invoice, which nothing prevents."""
        status, invoice = await self.create(order)
        assert status == 201, invoice
        return invoice

    def settle(self, invoice: Json) -> None:
        """Pay an invoice and bury the payment deep enough."""
        self.network.pay(invoice)
        self.network.grow(CONFIRMATIONS)

    async def records(self) -> bool:
        """Whether the daemon says that it can record what happens."""
        return bool((await self.daemon.readiness())["store"]["state"] == "healthy")

    async def recovers(self) -> None:
        """Wait until the daemon can be given orders again."""
        await patiently(self._is_ready)

    async def _has_seen_all(self) -> bool:
        (chain,) = (await self.daemon.readiness())["chains"]
        return bool(chain["height"] == self.network.chain().tip)

    async def _is_ready(self) -> bool:
        return bool((await self.daemon.readiness())["status"] == "ok")

    async def follow(self, stream: Stream) -> None:
        """Wait until a stream has brought the whole journal, and hold the daemon to all of it."""
        journal = await self.daemon.journal()
        await stream.until_seq(journal[-1]["seq"])
        self.told.events = stream.journaled

    async def audit(self) -> None:
        """Chain, ledger and all that was told agree once all is mined, and every order has one invoice."""
        self.network.grow(CONFIRMATIONS)
        await patiently(self._has_seen_all)
        found = violations(await read_ledger(self.daemon), self.network.chain(), self.told)
        assert not found, "\n".join(found)


@asynccontextmanager
async def staged(
    folder: Path, *, tables: Mapping[str, Any] | None = None, **how: Any
) -> AsyncIterator[Stage]:
    """A daemon that is ready, with its network; gone afterwards. `how` is as `running` takes it."""
    moves = folder / "moves"
    network = Network(moves)
    own = {CHAIN: {"plugin": "played", "moves": str(moves)}}
    tables = {**(tables or {}), "chains": {**own, **(tables or {}).get("chains", {})}}
    env = {**installed(folder, "played", "tests.faults.played"), **how.pop("env", {})}
    async with running(folder, tables, env=env, **how) as daemon:
        yield Stage(daemon, network)


def installed(folder: Path, name: str, module: str) -> dict[str, str]:
    """Install a plugin for one process: the environment that lets it find the plugin by its entry point."""
    info = folder / "installed" / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[paydaemon.plugins]\n{name} = {module}\n")
    return {"PYTHONPATH": f"{info.parent}:{ROOT}"}
