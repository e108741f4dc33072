"""How many payments a second the SQLite store records, and what sharing commits is worth.

One payment is what the engine writes for it: a row of payments, an invoice's new standing and an event, in
one transaction. Each is durable when it counts. The rounds of all set-ups take turns, so that a machine that
is busy for a while is busy for all of them: read the ratios.

Run alone: ``python bench/store.py [--seconds N] [--rounds N] [--folder FOLDER]``. The folder's disk is what
is measured; a folder in memory shows the cost of everything but the disk.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median, quantiles

import trio

from paydaemon.core.events import EventType
from paydaemon.core.invoice import Standing, Status
from paydaemon.store.port import Store, Transaction
from paydaemon.store.sqlite import open_store
from paydaemon.testing.samples import SELLER, draft, invoice, payment

INVOICES = 1_000


@dataclass(frozen=True)
class Setup:
    """How many wait at once, and how many may share a commit."""

    name: str
    waiting: int
    batch_limit: int


@dataclass(frozen=True)
class Round:
    """What one round of a set-up measured."""

    per_second: float
    p99_ms: float


SETUPS = (
    Setup("1 waiting", 1, 256),
    Setup("64 waiting, a commit each", 64, 1),
    Setup("64 waiting, shared commits", 64, 256),
    Setup("1000 waiting, shared commits", 1_000, 256),
)


def record(tx: Transaction, number: int) -> None:
    """What one payment costs."""
    id = f"inv_{number % INVOICES}"
    tx.add_payment(payment(number, invoice_id=id))
    tx.set_standing(id, Standing(Status.PROCESSING))
    tx.append(draft(EventType.INVOICE_PROCESSING, invoice_id=id, seller_id=SELLER.id), number)


def fill(tx: Transaction) -> None:
    """The invoices that are paid."""
    tx.add_seller(SELLER)
    for number in range(INVOICES):
        tx.add_invoice(invoice(number))


async def work(store: Store, numbers: Iterator[int], until_s: float, latencies_ms: list[float]) -> None:
    """Record one payment after another until the time is up."""
    while (began := time.perf_counter()) < until_s:
        await store.transact(partial(record, number=next(numbers)))
        latencies_ms.append((time.perf_counter() - began) * 1000)


async def measure(folder: Path, setup: Setup, seconds: float) -> Round:
    """One round on a fresh database."""
    latencies_ms: list[float] = []
    numbers = count()
    with tempfile.TemporaryDirectory(dir=folder) as fresh:
        async with open_store(Path(fresh, "ledger.sqlite"), batch_limit=setup.batch_limit) as store:
            await store.transact(fill)
            began = time.perf_counter()
            async with trio.open_nursery() as nursery:
                for _ in range(setup.waiting):
                    nursery.start_soon(work, store, numbers, began + seconds, latencies_ms)
            took_s = time.perf_counter() - began
    return Round(len(latencies_ms) / took_s, quantiles(latencies_ms, n=100)[98])


async def run(folder: Path, seconds: float, rounds: int, say: Callable[[str], None]) -> None:
    """Measure every set-up `rounds` times, then print the medians."""
    measured: dict[Setup, list[Round]] = {setup: [] for setup in SETUPS}
    for number in range(rounds):
        for setup in SETUPS:
            measured[setup].append(await measure(folder, setup, seconds))
            say(f"round {number + 1} of {rounds}: {setup.name}: {measured[setup][-1].per_second:,.0f}/s")
    one_each = median(each.per_second for each in measured[SETUPS[1]])
    say("\n| durable payments | per second | p99 | times a commit each |\n|---|---|---|---|")
    for setup, results in measured.items():
        per_second = median(each.per_second for each in results)
        p99_ms = median(each.p99_ms for each in results)
        say(f"| {setup.name} | {per_second:,.0f} | {p99_ms:.1f} ms | {per_second / one_each:.1f} |")


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each round lasts")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    given = parser.parse_args()
    trio.run(run, given.folder, given.seconds, given.rounds, partial(print, flush=True))


if __name__ == "__main__":
    main()
