"""Webhook deliveries per second to 100 healthy endpoints, alone and with 100 dead ones beside them.

Run alone: ``python bench/deliveries.py [--rounds N]``. A real daemon, whose events are made by creating and
marking invoices; endpoints in a process of their own. Of the dead ones half refuse the connection, and the
others take it and say nothing. Each event goes to each endpoint, signed and over HTTP/1.1 without TLS.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import httpx
import trio

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the harness that runs a daemon is the tests' own

from paydaemon_bitcoin.regtest import RegtestNode  # noqa: E402
from tests.e2e.setup import bitcoin  # noqa: E402
from tests.support.daemon import Daemon, running  # noqa: E402

HEALTHY = DEAD = 100
INVOICES = 10
"""In each round; each has three events, told one after the other."""
EVENTS = 3
ALONE = 10
"""How often one event is told alone."""
REFUSING = "http://127.0.0.1:1/"
TICK_HZ = os.sysconf("SC_CLK_TCK")
TABLES = {
    "notifiers": {"webhook": {"plugin": "webhook", "allow": ["127.0.0.1"]}},
    "limits": {"requests_per_s": 10_000, "requests_burst": 10_000, "deliveries": {"endpoints": 1_000}},
}


class Sink:
    """The process that the healthy endpoints, and those that hang, are in."""

    def __init__(self, port: int, silent_port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/"
        self.silent_url = f"http://127.0.0.1:{silent_port}/"

    async def count(self, client: httpx.AsyncClient) -> int:
        """How much it has taken."""
        return int((await client.get(self.url)).text)


@contextmanager
def sink() -> Iterator[Sink]:
    """Run one."""
    command = [sys.executable, "-m", "bench.support.sink"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield Sink(*map(int, process.stdout.readline().split()))
        process.stdin.close()


class Bench:
    """One daemon, one sink."""

    def __init__(self, daemon: Daemon, sink: Sink, client: httpx.AsyncClient) -> None:
        self._daemon = daemon
        self._sink = sink
        self._client = client

    async def endpoints(self, url: str, number: int) -> None:
        """Make so many of the operator's, who is told everything."""
        for _ in range(number):
            await self._daemon.call("POST", "/v1/webhooks", {"url": url, "types": TOLD})

    async def round(self) -> tuple[float, float]:
        """Deliveries per second, and the daemon's processor time for each in milliseconds."""
        wanted = await self._sink.count(self._client) + HEALTHY * INVOICES * EVENTS
        cpu_s, began_s = _cpu_s(self._daemon.pid), time.perf_counter()
        async with trio.open_nursery() as nursery:
            for _ in range(INVOICES):
                nursery.start_soon(self._happenings)
        await self._until(wanted)
        took_s, cpu_s = time.perf_counter() - began_s, _cpu_s(self._daemon.pid) - cpu_s
        deliveries = HEALTHY * INVOICES * EVENTS
        return deliveries / took_s, 1000 * cpu_s / deliveries

    async def alone(self) -> float:
        """One event, from its answer until the last endpoint has it, in milliseconds."""
        wanted = await self._sink.count(self._client) + HEALTHY
        await self._daemon.invoice()
        began_s = time.perf_counter()
        await self._until(wanted)
        return 1000 * (time.perf_counter() - began_s)

    async def _happenings(self) -> None:
        invoice = await self._daemon.invoice()
        path = f"/v1/invoices/{invoice['id']}/mark"
        await self._daemon.call("POST", path, {"status": "settled"})

    async def _until(self, wanted: int) -> None:
        with trio.fail_after(300):
            while await self._sink.count(self._client) < wanted:  # noqa: ASYNC110 - another process's
                await trio.sleep(0.01)


TOLD = ["invoice.created", "invoice.marked", "invoice.settled"]


def _cpu_s(pid: int) -> float:
    """proc(5): the 14th and 15th fields are user and system time."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK_HZ


async def _measure(bench: Bench, what: str, rounds: int) -> None:
    measured = [await bench.round() for _ in range(rounds)]
    per_s, cpu_ms = zip(*measured, strict=True)
    each = ", ".join(f"{one:,.0f}" for one in per_s)
    print(f"{what + ', per second':48}{median(per_s):8,.0f}   ({each})", flush=True)
    print(f"{'  processor time for each, ms':48}{median(cpu_ms):8.2f}", flush=True)
    waits_ms = [await bench.alone() for _ in range(ALONE)]
    print(f"{'  one event to all of them, until the last, ms':48}{median(waits_ms):8,.0f}", flush=True)


async def main(rounds: int) -> None:
    """Measure both."""
    with tempfile.TemporaryDirectory() as name, sink() as healthy:
        folder = Path(name)
        async with RegtestNode(folder / "node") as node:
            await node.prepare()
            async with running(folder, {**bitcoin(node), **TABLES}) as daemon, httpx.AsyncClient() as client:
                bench = Bench(daemon, healthy, client)
                await bench.endpoints(healthy.url, HEALTHY)
                await bench.round()
                await _measure(bench, f"{HEALTHY} healthy endpoints", rounds)
                await bench.endpoints(REFUSING, DEAD // 2)
                await bench.endpoints(healthy.silent_url, DEAD // 2)
                await _measure(bench, f"the same, {DEAD} dead beside them", rounds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    trio.run(main, parser.parse_args().rounds)
