"""How fast the Bitcoin plugin derives, reads and matches, and how soon a payment on a real node is told.

Run alone: ``python bench/bitcoin.py [--rounds N] [--payments N] [--no-node]``. Needs a bitcoind for the
second table: see `paydaemon_bitcoin.regtest.find_bitcoind`. Times on a node include the node's own.
"""

import argparse
import logging
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

import structlog
import trio

from paydaemon.core.invoice import Destination
from paydaemon.core.payment import ChainTime, Observation
from paydaemon.hooks.ports import DestinationRequest, SavedChain
from paydaemon_bitcoin.chain import BitcoinChain
from paydaemon_bitcoin.config import BitcoinConfig
from paydaemon_bitcoin.descriptors import Descriptor, Network, parse, script_of
from paydaemon_bitcoin.regtest import Coin, RegtestNode
from paydaemon_bitcoin.sandbox import seller_descriptor
from paydaemon_bitcoin.scripts import Scripts
from paydaemon_bitcoin.transactions import outputs
from paydaemon_bitcoin.transactions import parse as parse_transaction
from paydaemon_bitcoin.watcher import Watcher

DERIVED = 500
MATCHED = 100_000
BLOCK = 3_000
PAID = 20_834


# Without a node


def transaction(random_bytes: Callable[[int], bytes], scripts: Sequence[bytes]) -> bytes:
    """A native transaction of one input and these outputs, as most on the network are."""
    vin = random_bytes(36) + b"\x00" + b"\xfd\xff\xff\xff"
    paid = b"".join(PAID.to_bytes(8, "little") + bytes([len(script)]) + script for script in scripts)
    witness = b"\x02" + b"\x48" + random_bytes(72) + b"\x21" + random_bytes(33)
    return b"\x02\x00\x00\x00\x00\x01\x01" + vin + bytes([len(scripts)]) + paid + witness + bytes(4)


def per_second(work: Callable[[], int], rounds: int) -> float:
    """The median of so many rounds; `work` returns how many things it did."""
    rates = []
    for _ in range(rounds):
        began = time.perf_counter()
        count = work()
        rates.append(count / (time.perf_counter() - began))
    return median(rates)


def pure(rounds: int) -> None:
    """Print the table of what needs no node."""
    chance = random.Random(1)
    raws = [
        transaction(
            chance.randbytes, [b"\x00\x14" + chance.randbytes(20), b"\x00\x14" + chance.randbytes(20)]
        )
        for _ in range(BLOCK)
    ]
    descriptors = {kind: parse(seller_descriptor(kind), Network.REGTEST) for kind in ("wpkh", "tr")}
    addresses = [descriptors["wpkh"].address(index) for index in range(DERIVED)]
    scripts = Scripts()
    scripts._addresses.update((b"\x00\x14" + chance.randbytes(20), "address") for _ in range(MATCHED))  # noqa: SLF001

    def derive(descriptor: Descriptor) -> int:
        return len([descriptor.address(index) for index in range(DERIVED)])

    tasks: dict[str, Callable[[], int]] = {
        "derive a wpkh address": lambda: derive(descriptors["wpkh"]),
        "derive a tr address": lambda: derive(descriptors["tr"]),
        "find an address's script": lambda: len([script_of(address) for address in addresses]),
        "read a transaction's outputs": lambda: len([outputs(raw) for raw in raws]),
        "read a transaction whole": lambda: len([parse_transaction(raw) for raw in raws]),
        f"read and match against {MATCHED} scripts": lambda: len(
            [scripts.match(outputs(raw)) for raw in raws]
        ),
    }
    for name, work in tasks.items():
        print(f"{name:45} {per_second(work, rounds):12,.0f} /s")


# On a real node


@dataclass
class Host:
    """What a chain needs of the daemon, without a ledger: it notes when it was told what."""

    cursor: str | None = None
    issued: list[Destination] = field(default_factory=list)
    seen_at_s: dict[str, float] = field(default_factory=dict)
    told: dict[str, Observation] = field(default_factory=dict)

    async def identify(self, identity: str) -> None:
        """Any will do."""

    async def saved(self) -> SavedChain:
        """Where the chain left off."""
        return SavedChain(self.cursor, len(self.issued))

    async def destinations(self, *, after_index: int = -1, limit: int = 10_000) -> Sequence[Destination]:
        """What was issued."""
        return self.issued[after_index + 1 :][:limit]

    async def unfinal(self) -> Sequence[Observation]:
        """All of them: nothing is ever buried deep here."""
        return list(self.told.values())

    async def observe(
        self, observations: Sequence[Observation], as_of: ChainTime | None, cursor: str | None
    ) -> None:
        """Note it."""
        now_s = time.perf_counter()
        self.cursor = cursor
        for seen in observations:
            self.seen_at_s.setdefault(seen.destination_key, now_s)
            self.told[seen.ref] = seen

    def looked(self, took_s: float) -> None:
        """Measured here by other means."""


async def on_node(payments: int) -> None:
    """Print the table of what happens with so many payments on a real node."""
    with tempfile.TemporaryDirectory() as folder:
        async with RegtestNode(Path(folder, "node")) as node:
            await node.prepare()
            config = BitcoinConfig.model_validate(
                {**node.settings, "descriptor": seller_descriptor(), "poll_interval_s": 60.0}
            )
            chain, host = BitcoinChain("bitcoin", config), Host()
            coins = await fan_out(node, payments)
            async with trio.open_nursery() as nursery:
                await nursery.start(chain.run, host)
                show("sent until told, p50 and p99", *await pay(node, chain, host, coins))
                await show_looks(chain, host, f"{payments} in the mempool")
                show(f"a block with {payments} of them until told", await bury(node, host))
                await show_looks(chain, host, f"{payments} in blocks")
                nursery.cancel_scope.cancel()


def show(what: str, *times_ms: float) -> None:
    """Print one line of the table."""
    print(f"{what:45} {' '.join(f'{time_ms:12.1f} ms' for time_ms in times_ms)}")


async def fan_out(node: RegtestNode, count: int) -> list[Coin]:
    """So many coins that can each be spent alone."""
    address = await node.miner.call("getnewaddress", "", "bech32")
    raw = await node.spend(await node.coin(), [(address, 100_000)] * count, fee_minor=200_000)
    txid = await node.send(raw)
    await node.mine(1)
    return [Coin(txid, vout, 100_000) for vout in range(count)]


async def pay(
    node: RegtestNode, chain: BitcoinChain, host: Host, coins: Sequence[Coin]
) -> tuple[float, float]:
    """Pay from each coin; returns the median and the 99th percentile until it was told, in milliseconds."""
    latencies_ms = []
    for coin in coins:
        destination = await issue(chain, host)
        raw = await node.spend(coin, [(destination.address, PAID)])
        began = time.perf_counter()
        await node.send(raw)
        while destination.address not in host.seen_at_s:  # noqa: ASYNC110 - an event would cost more
            await trio.sleep(0.0001)
        latencies_ms.append((host.seen_at_s[destination.address] - began) * 1000)
    cuts = quantiles(latencies_ms, n=100)
    return cuts[49], cuts[98]


async def bury(node: RegtestNode, host: Host) -> float:
    """Mine a block; returns the milliseconds until every payment was told to be in it."""
    began = time.perf_counter()
    await node.mine(1)
    while any(seen.block is None for seen in host.told.values()):  # noqa: ASYNC110 - the same
        await trio.sleep(0.001)
    return (time.perf_counter() - began) * 1000


async def show_looks(chain: BitcoinChain, host: Host, what: str) -> None:
    """How long a look at the chain takes that finds nothing new: the first one, and the next ones."""
    watcher = await Watcher.load(chain._node, host, Scripts(), chain.assets[0])  # noqa: SLF001
    watcher.inbox.look_at_everything()
    times_ms = []
    for _ in range(6):
        began = time.perf_counter()
        await watcher._pass()  # noqa: SLF001
        times_ms.append((time.perf_counter() - began) * 1000)
    show(f"a look at everything with {what}", times_ms[0])
    show(f"a look with {what}", median(times_ms[1:]))


async def issue(chain: BitcoinChain, host: Host) -> Destination:
    """A fresh destination."""
    request = DestinationRequest("shop", "inv_1", chain.assets[0], PAID, expires_at_ms=0)
    destination = await chain.destination(len(host.issued), request)
    host.issued.append(destination)
    return destination


def main() -> None:
    """Measure what was asked for."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--payments", type=int, default=400)
    arguments.add_argument("--no-node", action="store_true")
    chosen = arguments.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    pure(chosen.rounds)
    if not chosen.no_node:
        print()
        trio.run(on_node, chosen.payments)


if __name__ == "__main__":
    main()
