"""The whole service as an operator runs it: a real node, a process of its own, and very many open invoices.

Run alone: ``python bench/service.py [--invoices N] [--payments N]``. It creates the invoices over HTTP, stops
the daemon, and measures a start, payments until they are told on the websocket, and blocks of 3,000
transactions of which 500 pay us: once known from the mempool, once never heard of. Takes some minutes.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import trio

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the harness that runs a daemon is the tests' own

from bench.support.load import Load, ask  # noqa: E402
from bench.support.process import cpu_s  # noqa: E402
from paydaemon_bitcoin.regtest import MINER, Coin, RegtestNode  # noqa: E402
from tests.e2e.setup import bitcoin  # noqa: E402
from tests.soak.vitals import Vitals  # noqa: E402
from tests.support.daemon import Daemon, address_of, due_of, running  # noqa: E402
from tests.support.stream import Stream  # noqa: E402

BLOCK = 3_000
OURS = 500
DAY_S = 86_400
COIN_MINOR = 100_000
ORDER = {"amount": "0.00020834", "currency": "BTC", "seller_id": "shop", "expires_in_s": DAY_S}


@dataclass(frozen=True, slots=True)
class Bench:
    """One node and one daemon on it."""

    node: RegtestNode
    daemon: Daemon

    async def create(self, invoices: int) -> None:
        """Create so many invoices over HTTP."""
        port = int(self.daemon.api.rpartition(":")[2])
        used_s = cpu_s(self.daemon.pid)
        answered = await ask(
            port, self.daemon.key, Load("POST", "/v1/invoices", json.dumps(ORDER), requests=invoices)
        )
        used_s = cpu_s(self.daemon.pid) - used_s
        show("invoices created at 64 connections", f"{answered.per_s:,.0f} /s")
        show("  the same per CPU-second of the daemon", f"{len(answered.latencies_s) / used_s:,.0f}")
        show("  p50 and p99", f"{answered.percentile_ms(50):,.0f} and {answered.percentile_ms(99):,.0f} ms")

    async def restart(self) -> None:
        """Stop and start the daemon."""
        began = time.perf_counter()
        await self.daemon.stop()
        show("stop", f"{time.perf_counter() - began:,.1f} s")
        began = time.perf_counter()
        await self.daemon.start()
        show("start until ready", f"{time.perf_counter() - began:,.1f} s")

    async def idle(self, seconds: float = 10.0) -> None:
        """What it takes when nothing happens."""
        used_s = cpu_s(self.daemon.pid)
        await trio.sleep(seconds)
        show("CPU while nothing happens", f"{100 * (cpu_s(self.daemon.pid) - used_s) / seconds:,.1f} %")
        show("memory", str(Vitals.of(self.daemon.pid)))

    # Payments

    async def one_by_one(self, stream: Stream, payments: int) -> None:
        """From before the transaction is sent until the websocket has brought it."""
        coins = await self._coins(payments)
        latencies_ms = []
        for coin in coins:
            invoice = await self.daemon.invoice()
            raw = await self.node.spend(coin, [(address_of(invoice), due_of(invoice))])
            began = trio.current_time()
            await self.node.send(raw)
            seen = await stream.until("invoice.payment_seen", invoice["id"])
            latencies_ms.append(1000 * (stream.came_at_s(seen) - began))
        cuts = quantiles(latencies_ms, n=100)
        show("sent until on the websocket, p50 and p99", f"{cuts[49]:,.1f} and {cuts[98]:,.1f} ms")

    async def block(self, stream: Stream, *, known: bool) -> None:
        """A block of `BLOCK` transactions of which `OURS` pay us, `known` from the mempool or not."""
        raws = await self._transactions()
        address = await self.node.miner.call("getnewaddress", "", "bech32")
        await self.node.rpc.call("unloadwallet", MINER)  # its 3,000 entries are no work of a merchant's node
        if known:
            await self._send(stream, raws)
        began = time.perf_counter()
        if known:
            await self.node.rpc.call("generatetoaddress", 1, address)
        else:
            await self.node.rpc.call("generateblock", address, raws)
        node_s = time.perf_counter() - began
        await self._reconciled(stream)
        what = "known" if known else "never heard of"
        show(f"a block of {BLOCK}, {OURS} ours, {what}", f"{time.perf_counter() - began:,.2f} s")
        show("  of which the node's own", f"{node_s:,.2f} s")
        await self.node.rpc.call("loadwallet", MINER)

    async def _send(self, stream: Stream, raws: Sequence[str]) -> None:
        began = time.perf_counter()
        for raw in raws:
            await self.node.send(raw)
        sent_s = time.perf_counter() - began
        await _until(stream, "invoice.payment_seen", OURS)
        show(f"{BLOCK} sent, {OURS} of them told", f"{time.perf_counter() - began:,.1f} s")
        show("  of which sending", f"{sent_s:,.1f} s")

    async def _reconciled(self, stream: Stream) -> None:
        """Until every payment is told and the daemon says that it has seen this block."""
        height = await self.node.rpc.call("getblockcount")
        await _until(stream, "invoice.payment_seen", OURS)
        while (await self.daemon.readiness())["chains"][0]["height"] != height:  # noqa: ASYNC110 - as a client would
            await trio.sleep(0.01)

    async def _transactions(self) -> list[str]:
        """`BLOCK` transactions, signed and not sent, of which the first `OURS` pay invoices of ours."""
        coins = await self._coins(BLOCK)
        elsewhere = await self.node.miner.call("getnewaddress", "", "bech32")
        due = [
            (address_of(invoice), due_of(invoice))
            for invoice in [await self.daemon.invoice() for _ in range(OURS)]
        ]
        paid = [*due, *[(elsewhere, 20_834)] * (BLOCK - OURS)]
        return [await self.node.spend(coin, [one]) for coin, one in zip(coins, paid, strict=True)]

    async def _coins(self, count: int) -> list[Coin]:
        """So many coins that can each be spent alone."""
        address = await self.node.miner.call("getnewaddress", "", "bech32")
        fee_minor = 2_000 + 50 * count
        raw = await self.node.spend(await self.node.coin(), [(address, COIN_MINOR)] * count, fee_minor)
        txid = await self.node.send(raw)
        await self.node.mine(1)
        return [Coin(txid, vout, COIN_MINOR) for vout in range(count)]


async def _until(stream: Stream, type: str, count: int) -> None:
    with trio.fail_after(600):
        while sum(event["type"] == type for event in stream.events) < count:  # noqa: ASYNC110 - as above
            await trio.sleep(0.01)


def show(what: str, figure: str) -> None:
    """Print one line of the table."""
    print(f"{what:<48} {figure:>24}", flush=True)


async def main(invoices: int, payments: int) -> None:
    """Bring a service up and measure it."""
    with tempfile.TemporaryDirectory() as folder:
        async with RegtestNode(Path(folder, "node"), options={"maxmempool": 1000}) as node:
            await node.prepare()
            await node.mine(10)
            async with running(Path(folder), bitcoin(node)) as daemon:
                bench = Bench(node, daemon)
                show("memory at first", str(Vitals.of(daemon.pid)))
                await bench.create(invoices)
                await bench.restart()
                await bench.idle()
                for measure in (
                    lambda stream: bench.one_by_one(stream, payments),
                    lambda stream: bench.block(stream, known=False),
                    lambda stream: bench.block(stream, known=True),
                ):
                    async with daemon.stream(None) as stream:
                        await measure(stream)
                show("memory at last", str(Vitals.of(daemon.pid)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--invoices", type=int, default=100_000)
    parser.add_argument("--payments", type=int, default=200)
    chosen = parser.parse_args()
    trio.run(main, chosen.invoices, chosen.payments)
