"""A market around one daemon and one node: shops, buyers, a miner, and the audit once it has closed."""

import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import pytest
import trio

from paydaemon_bitcoin.regtest import RegtestNode
from tests.soak import accounts
from tests.soak.clients import Clients
from tests.soak.payers import Miner, Payers
from tests.support.daemon import Daemon
from tests.support.ledgercheck import Json, Told, violations
from tests.support.waiting import until

SHOPS = 6
BUYERS = 2
SOON_S, MOMENT_S = 1.0, 0.001
DEEP = 10
"""Blocks on top of everything in the end: more than any invoice asks for."""

CUT_CLIENTS = pytest.mark.filterwarnings("ignore:Async generator 'httpx:ResourceWarning")
"""httpx leaves a request's body half read where the connection is cut while it sends it."""

UNISSUED_PAID = 5
UNISSUED_MINOR = 5_000
LOOKAHEAD = 100
"""Addresses that the node's wallet watches ahead: few, so that it is extended all the time."""


class Market:
    """Everybody around one daemon. `folder` is where the audit keeps its copies."""

    def __init__(
        self, folder: Path, node: RegtestNode, daemon: Daemon, descriptor: str, key: str, seed: int
    ) -> None:
        closing = trio.Event()
        self.node = node
        self.daemon = daemon
        self.told = Told()
        self.clients = Clients(daemon, self.told, seed, key, closing)
        self.payers = Payers(node, self.told, Random(f"{seed}/payers"), closing)
        self.miner = Miner(node, self.payers, Random(f"{seed}/miner"), closing)
        self._folder = folder
        self._descriptor = descriptor
        self._closing = closing
        self._begun_s = time.monotonic()
        self._left: accounts.Copy | None = None
        self._answers_lost = 0

    async def run(self, upheaval: Callable[[], Awaitable[None]]) -> None:
        """Trade throughout the upheaval, then close: every order is answered and every block is seen."""
        async with trio.open_nursery() as readers:
            readers.start_soon(self.clients.reader)
            async with trio.open_nursery() as nursery:
                for number in range(SHOPS):
                    nursery.start_soon(self.clients.shop, f"shop-{number}")
                for _ in range(BUYERS):
                    nursery.start_soon(self.payers.run)
                nursery.start_soon(self.miner.run)
                await upheaval()
                self._closing.set()
            await self._settle()
            readers.cancel_scope.cancel()

    async def something_told(self) -> None:
        """Wait until the daemon has just answered an order or told an event, if it does so soon."""
        before = (len(self.told.acknowledged), len(self.told.events))
        with trio.move_on_after(SOON_S):
            while before == (len(self.told.acknowledged), len(self.told.events)):  # noqa: ASYNC110 - others add
                await trio.sleep(MOMENT_S)

    async def look_at_what_is_left(self) -> None:
        """Check the files of a daemon that was just killed: all that was told before is in them, unharmed."""
        seq = self.clients.last_seq
        acknowledged = {answer["id"] for _, answer in self.told.acknowledged}
        left = await accounts.read_copy(self.daemon.database, self._folder / "left")
        assert not left.faults, left.faults
        assert left.last_seq == left.events >= seq, (left.last_seq, left.events, seq)
        assert acknowledged <= left.invoices, acknowledged - left.invoices
        self._left = left
        self._answers_lost += len(left.invoices - acknowledged)

    async def audit(self) -> list[str]:
        """Every way in which chain, ledger and clients disagree. Stops the daemon, cleanly."""
        ledger = await accounts.read_ledger(self.daemon)
        await self.daemon.stop()
        left = await accounts.read_copy(self.daemon.database, self._folder / "left")
        addresses = frozenset(await self._addresses(left.next_index + LOOKAHEAD))
        chain = await accounts.read_chain(self.node, addresses)
        said = (len(ledger.invoices), len(ledger.payments), len(ledger.journal))
        kept = (len(left.invoices), left.payments, left.events)
        hidden = [] if said == kept else [f"the daemon tells of {said} rows and keeps {kept}"]
        return [*violations(ledger, chain, self.told), *hidden, *left.faults, *self._errors()]

    def tell(self) -> None:
        """Print what went on."""
        troubles = self.payers.troubles + self.miner.troubles
        print(f"  {'in the end':28}  {self}")
        print(f"  paid: {_listed(self.payers.counts)}, spent again in another block {self.miner.rivals}")
        print(
            f"  orders: {self.clients.away} found nobody, {self.clients.cut} were cut, refused: "
            f"{_listed(self.clients.refused)}; the reader came {self.clients.connected} times"
        )
        print(f"  the node refused: {_listed(troubles)}")
        print(f"  events: {_listed(Counter(event['type'] for event in self.told.events))}", flush=True)

    def __str__(self) -> str:
        parts = {
            "invoices": len({answer["id"] for _, answer in self.told.acknowledged}),
            "answers lost": self._answers_lost,
            "payments": self.payers.counts.total(),
            "blocks": self.miner.blocks,
            "reorganisations": self.miner.reorgs,
            "events": len(self.told.events),
        }
        counts = ", ".join(f"{count} {what}" for what, count in parts.items())
        return f"{time.monotonic() - self._begun_s:4.0f} s: {counts}"

    def _errors(self) -> list[str]:
        """Nothing that happens here is an error of the daemon's."""
        return [f"logged: {line}" for line in self.daemon.log().splitlines() if '"level": "error"' in line]

    async def _settle(self) -> None:
        """Everything is in deep blocks, the daemon has seen them, and its events are read to the end."""
        for address in await self._unissued():
            await self.payers.pay(address, UNISSUED_MINOR)
        await self.miner.finish(DEEP)
        height = await self.node.rpc.call("getblockcount")
        now_ms = time.time_ns() // 1_000_000
        await until(lambda: accounts.complete(self.daemon, height, now_ms))
        last_seq = (await self.daemon.journal(after=self.clients.last_seq - 1))[-1]["seq"]
        await until(lambda: self.clients.last_seq >= last_seq)

    async def _unissued(self) -> list[str]:
        """Some addresses that were reserved by a daemon which was killed before it could issue them."""
        if self._left is None:
            return []
        issued = frozenset(self._left.addresses)
        reserved = await self._addresses(self._left.next_index)
        return [address for address in reserved if address not in issued][:UNISSUED_PAID]

    async def _addresses(self, count: int) -> list[str]:
        return list(await self.node.rpc.call("deriveaddresses", self._descriptor, [0, count - 1]))


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "nothing"


async def open_market(folder: Path, node: RegtestNode, daemon: Daemon, descriptor: str, seed: int) -> Market:
    """A market around a daemon that is ready."""
    key: str = (await daemon.admin("POST", "/admin/v1/operators"))["secret"]
    return Market(folder, node, daemon, descriptor, key, seed)


def tables(folder: Path, node: RegtestNode, descriptor: str, **settings: object) -> Json:
    """The daemon's configuration: few addresses ahead, short polls, and a log that stays small."""
    chain = {"plugin": "bitcoin", **node.settings, "descriptor": descriptor, "poll_interval_s": 2}
    return {
        "daemon": {"state_dir": str(folder / "state"), "log_level": "info"},
        "chains": {"bitcoin": {**chain, "lookahead": LOOKAHEAD, **settings}},
    }
