"""What relaying a Hedera transaction costs, from the websocket's message to its answer, and to its receipt.

Run alone: ``python bench/relay.py [--seconds N] [--rounds N] [--memory N]``. A real daemon with its default
durability, a mirror node of the sandbox's, and a node that answers at once. Each transaction is another one,
checked, journaled before it is handed over, and answered with the node's first word; with its follow-up, its
receipt is asked for, journaled and told too. Each round measures all of it in turn.
"""

import argparse
import base64
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from subprocess import PIPE

import trio

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the harness that runs a daemon is the tests' own

from bench.support import stubnode, unfollowed  # noqa: E402
from bench.support.relayload import Relayed, hand_in  # noqa: E402
from paydaemon_hedera.sandbox.running import Options, Running  # noqa: E402
from tests.soak.vitals import Vitals  # noqa: E402
from tests.support.daemon import Daemon, running  # noqa: E402

CONNECTIONS = (1, 100, 1_000)
PAYER, PAYEE = 1002, 1001
PORTION = 10_000
"""So many transactions are made at a time: they are valid for two minutes."""
AT_MOST_PER_S = 3_000
UNBOUNDED = {"requests_per_s": 1_000_000, "requests_burst": 1_000_000, "connections_per_address": 2_000}


@dataclass(frozen=True, slots=True)
class Figures:
    """What one turn has measured."""

    per_s: float
    per_cpu_s: float
    p50_ms: float
    p99_ms: float


class Relay:
    """A daemon, and transactions for it."""

    def __init__(self, daemon: Daemon, sandbox: Running, folder: Path) -> None:
        self.daemon = daemon
        self._sandbox = sandbox
        self._file = folder / "transactions"

    async def turn(self, connections: int, seconds: float) -> Figures:
        """Hand in for so long."""
        self._make(int(AT_MOST_PER_S * seconds))
        relayed = await self._hand_in(connections, seconds)
        count, p50_ms, p99_ms = len(relayed.latencies_s), relayed.percentile_ms(50), relayed.percentile_ms(99)
        return Figures(count / relayed.took_s, count / relayed.cpu_s, p50_ms, p99_ms)

    async def many(self, count: int) -> None:
        """Hand in so many, and tell how the memory goes meanwhile."""
        for done in range(0, count, PORTION):
            print(f"memory after {done:>7,} relays: {Vitals.of(self.daemon.pid).rss_mib:>5} MiB", flush=True)
            self._make(PORTION)
            await self._hand_in(100, 1e9)
        print(f"memory after {count:>7,} relays: {Vitals.of(self.daemon.pid).rss_mib:>5} MiB", flush=True)

    def _make(self, count: int) -> None:
        made = (base64.b64encode(self._sandbox.signed(PAYER, PAYEE, 1)).decode() for _ in range(count))
        self._file.write_text("\n".join(made), encoding="ascii")

    async def _hand_in(self, connections: int, seconds: float) -> Relayed:
        port = int(self.daemon.api.rpartition(":")[2])
        return await hand_in(port, self.daemon.pid, self._file, connections, seconds)


@asynccontextmanager
async def node() -> AsyncIterator[str]:
    """The address of a node that answers at once."""
    async with trio.open_nursery() as nursery:
        process = await trio.lowlevel.open_process([sys.executable, stubnode.__file__], stdout=PIPE)
        assert process.stdout is not None
        try:
            yield f"127.0.0.1:{int(await process.stdout.receive_some())}"
        finally:
            process.kill()
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def relay(folder: Path, *, followed: bool) -> AsyncIterator[Relay]:
    """Everything that is needed, for as long as the block runs."""
    await trio.Path(folder).mkdir()
    with Running(Options(nodes=((3, 0),))) as sandbox:
        async with node() as address:
            chain = {"plugin": "hedera", "network": "local", "account": "0.0.1001"}
            known = {"mirror_url": sandbox.mirror_url, "nodes": {"0.0.3": address}}
            tables = {
                "chains": {"hedera": {**chain, **known}},
                "rates": {"fixed": {"prices": {"HBAR/EUR": "0.10"}}},
                "relay": {"public": True},
                "limits": UNBOUNDED,
                "daemon": {"log_level": "warning", "state_dir": str(folder / "state")},
            }
            under = () if followed else (sys.executable, unfollowed.__file__)
            async with running(folder, tables, under=under) as daemon:
                yield Relay(daemon, sandbox, folder)


async def measure(folder: Path, followed: bool, rounds: int, seconds: float) -> None:
    """Print a line for each number of connections."""
    async with relay(folder, followed=followed) as under_load:
        await under_load.turn(10, 1)  # what is done once is done
        turns: dict[int, list[Figures]] = {connections: [] for connections in CONNECTIONS}
        for _ in range(rounds):
            for connections, measured in turns.items():
                measured.append(await under_load.turn(connections, seconds))
    for connections, measured in turns.items():
        show(connections, followed, measured)


def show(connections: int, followed: bool, measured: list[Figures]) -> None:
    """Print one line of the table."""
    fields = ("per_s", "per_cpu_s", "p50_ms", "p99_ms")
    per_s, per_cpu_s, p50, p99 = (median(getattr(one, field) for one in measured) for field in fields)
    name = "with follow-up" if followed else "without"
    print(
        f"{connections:>11} {name:<16} {per_s:>9.0f} {per_cpu_s:>13.0f} {p50:>9.1f} {p99:>9.1f}", flush=True
    )


async def main(rounds: int, seconds: float, memory: int) -> None:
    """Both tables, and the memory over many relays."""
    print(f"{'connections':>11} {'':<16} {'a second':>9} {'a CPU-second':>13} {'p50 ms':>9} {'p99 ms':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for followed in (True, False):
            await measure(Path(folder, f"followed-{followed}"), followed, rounds, seconds)
        async with relay(Path(folder, "memory"), followed=True) as under_load:
            await under_load.many(memory)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", type=int, default=30_000)
    given = parser.parse_args()
    trio.run(main, given.rounds, given.seconds, given.memory)
