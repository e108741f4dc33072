"""A Hedera network, a daemon on it and all who pay there; and the audit once everything is over."""

import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import trio

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.sandbox.genesis import PAYEE
from paydaemon_hedera.sandbox.history import Handled, changes_of, moved_tokens
from paydaemon_hedera.sandbox.ledger import HBAR
from paydaemon_hedera.sandbox.names import entity
from paydaemon_hedera.sandbox.network import MILLISECOND_NS
from paydaemon_hedera.sandbox.nodes import NodeServer
from tests.soak import accounts
from tests.soak.wallets import Wallets, holders
from tests.support.daemon import Json, patiently
from tests.support.hederanet import HederaNet, hederanet
from tests.support.relaycheck import FINAL, Executed, Handed, Ledger, Network, Told, disagreements

SOON_S, MOMENT_S = 1.0, 0.001
EACH = 6
"""How many pages there are, and how many wallets."""

SUBMISSIONS_KEPT = 100_000
RECEIPT_LIFE_S = 180
ALL_PROVEN_AFTER_S = 200
"""Longer than a receipt lives, and than any transaction here may still come to consensus."""

IMPATIENT = {
    "connect_timeout_s": 1,
    "submit_timeout_s": 1,
    "submit_tries": 2,
    "receipt_timeout_s": 1,
    "follow_s": 20,
    "mirror_timeout_s": 1,
    "mirror_requests_per_s": 200,
    "longest_pause_s": 1,
    "overlap_s": 10,
    "absence_after_s": 10,
}


class Bazaar:
    """Everybody around one daemon. `folder` is where copies of its database are looked at."""

    def __init__(self, folder: Path, net: HederaNet, seed: int) -> None:
        self.net = net
        self.told = Told()
        self.closing = trio.Event()
        self.wallets = Wallets(net, self.told, seed, self.closing)
        self._folder = folder
        self._began_s = time.monotonic()
        self._ahead_s = 0
        net.sandbox.network.submissions = deque(maxlen=SUBMISSIONS_KEPT)

    async def run(self, upheaval: Callable[[], Awaitable[None]]) -> None:
        """Let everybody pay throughout the upheaval, and until everything that was begun is answered."""
        wallets = self.wallets
        async with trio.open_nursery() as nursery:
            for number in range(EACH):
                nursery.start_soon(wallets.page, f"page-{number}")
                nursery.start_soon(wallets.wallet, f"wallet-{number}")
            nursery.start_soon(wallets.spendthrift, "spendthrift")
            nursery.start_soon(wallets.clicker, "clicker")
            nursery.start_soon(wallets.passer_by, "passer-by")
            await upheaval()
            self.closing.set()

    async def something_told(self) -> None:
        """Wait until a client has just been told of a relay, if that is soon."""
        before = len(self.told.relays)
        with trio.move_on_after(SOON_S):
            while before == len(self.told.relays):  # noqa: ASYNC110 - others add
                await trio.sleep(MOMENT_S)

    async def pass_time(self, seconds: int) -> None:
        """For the network and for the daemon."""
        self._ahead_s += seconds
        self.net.sandbox.clock.advance(seconds)
        self.net.daemon.turn_clock(self._ahead_s)
        await trio.lowlevel.checkpoint()

    async def look_at_what_is_left(self) -> None:
        """Check the files of a daemon that was just killed: every relay that was told of is in them."""
        acknowledged = self.told.acknowledged
        left = await accounts.read_copy(self.net.daemon.database, self._folder / "left")
        assert not left.faults, left.faults
        assert left.last_seq == left.events, (left.last_seq, left.events)
        assert acknowledged <= left.relays, acknowledged - left.relays

    async def audit(self) -> list[str]:
        """Every way in which clients, network and ledger disagree, once time has proven everything.

        What came to consensus is seen first: a mirror that learns late does so within seconds of a clock that
        ticks, and not of one that jumps.
        """
        await self._patiently(self._all_seen)
        await self.pass_time(ALL_PROVEN_AFTER_S)
        await self._patiently(self._all_proven)
        await patiently(self.net.daemon.ready)
        network = await trio.to_thread.run_sync(self.network)
        errors = [f"logged: {line}" for line in self.net.daemon.errors()]
        return [*disagreements(await self._ledger(), network, self.told), *errors]

    def network(self) -> Network:
        """What the sandbox has done."""
        network = self.net.sandbox.network
        with network.lock:
            executed = [_executed(one) for one in network.history.newest_first()]
            handed = [
                Handed(str(one.name), one.raw, one.at_ns // MILLISECOND_NS, one.code == rc.OK)
                for one in network.submissions
                if one.name is not None
            ]
            assert network.submitted < SUBMISSIONS_KEPT
        return Network(entity(PAYEE), handed, executed[::-1])

    def note(self, what: str) -> None:
        """Print how far it has come."""
        print(f"  {what:28}  {self}", flush=True)

    def tell(self) -> None:
        """Print what went on."""
        relays = {relay["transaction_id"]: relay["status"] for relay in self.told.relays}
        self.note("in the end")
        print(f"  last told: {_listed(Counter(relays.values()))}; {self.wallets.cut} were cut")
        duplicates = sum(one.is_duplicate for one in self.network().executed)
        print(f"  charged as duplicates, and not carried out: {duplicates}")
        print(f"  refused: {_listed(self.wallets.refused)}", flush=True)

    def __str__(self) -> str:
        network = self.net.sandbox.network
        with network.lock:
            executed = sum(1 for _ in network.history.newest_first())
        parts = {
            "signed": len(self.told.signed),
            "acknowledged": len(self.told.acknowledged),
            "paid past the daemon": len(self.told.direct),
            "handed to nodes": network.submitted,
            "come to consensus": executed,
        }
        counts = ", ".join(f"{count} {what}" for what, count in parts.items())
        return f"{time.monotonic() - self._began_s:4.0f} s: {counts}"

    async def _patiently(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Where that takes too long, the audit says more of what is missing."""
        with suppress(trio.TooSlowError):
            await patiently(condition)
        self.note(condition.__name__.replace("_", " ").strip())

    # What the daemon says

    async def statuses(self) -> dict[str, str]:
        """How every relay was told to stand last."""
        events = await self.net.daemon.journal()
        relays = [event["data"]["relay"] for event in events if event["type"].startswith("relay.")]
        return {relay["transaction_id"]: relay["status"] for relay in relays}

    async def _all_proven(self) -> bool:
        return set((await self.statuses()).values()) <= FINAL

    async def _all_seen(self) -> bool:
        """Whether the daemon has recorded as many payments as there are, or more."""
        network = await trio.to_thread.run_sync(self.network)
        payments = await accounts.every(self.net.daemon, "/v1/payments")
        return len(payments) >= sum(len(one.gained) for one in network.executed)

    async def _ledger(self) -> Ledger:
        daemon = self.net.daemon
        relays: dict[str, Json] = {}
        async with daemon.client() as client:
            for id in {*await self.statuses(), *self.told.acknowledged}:
                answer = await client.get(f"/v1/relay/hedera/{id}")
                if answer.is_success:
                    relays[id] = answer.json()
        said = await accounts.read_ledger(daemon)
        return Ledger(relays, said.invoices, said.payments, said.journal)


def _executed(one: Handled) -> Executed:
    assets = {HBAR: "HBAR"} | {token: entity(token) for token in moved_tokens(one)}
    gained = {
        assets[token]: amount
        for token in assets
        for account, amount in changes_of(one, token)
        if account == PAYEE and amount > 0
    }
    code = rc.ResponseCodeEnum.Name(one.effect.code)
    return Executed(str(one.name), code, one.at_ns // MILLISECOND_NS, one.envelope.body.memo, gained)


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "nothing"


async def stop_node(node: NodeServer) -> None:
    """Break all that is under way there; it comes back where it was."""
    await trio.to_thread.run_sync(node.stop)


async def start_node(node: NodeServer) -> None:
    if not node.is_up:
        await trio.to_thread.run_sync(node.start)


@asynccontextmanager
async def bazaar(folder: Path, seed: int, **chain_limits: int) -> AsyncIterator[Bazaar]:
    """A network with many payers, and a daemon on it whose clock can be turned."""
    limits = {**IMPATIENT, **chain_limits}
    async with hederanet(folder, clocked=True, chain_limits=limits, holders=holders()) as net:
        yield Bazaar(folder, net, seed)
