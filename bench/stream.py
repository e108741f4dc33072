"""How soon an event is on hundreds of websockets, and what telling it costs.

Run alone: ``python bench/stream.py [--seconds N] [--websockets N] [--per-s N]``. Real events of an invoice, a
commit each, over the real store on this disk. Timed is from the moment an event is written, inside of its
transaction, to the moment a client has it: so the commit itself is part of it. The clients are one process
beside the daemon, on the same cores.

Told by one task is how it is; each by its own task is how it would be without the audience of the journal
(`paydaemon.journal.audience`), but with the same bytes for all.
"""

import argparse
import sys
import tempfile
import time
from array import array
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles

import trio

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the engine with a chain in memory is the tests' own

from paydaemon.core.events import Draft  # noqa: E402
from paydaemon.frontends import Limits  # noqa: E402
from paydaemon.store.port import Transaction  # noqa: E402
from tests.support.listeners import Crowd, Heard, listening  # noqa: E402
from tests.support.served import Served, served  # noqa: E402
from tests.support.waiting import until  # noqa: E402

UNBOUNDED = Limits(
    requests_per_s=1e9, requests_burst=10**9, connections=100_000, connections_per_address=100_000
)


class Writer:
    """Appends one event in each commit, and remembers when."""

    def __init__(self, daemon: Served, draft: Draft) -> None:
        self.written_s: dict[int, float] = {}
        self._daemon = daemon
        self._draft = draft

    async def write(self, per_s: float, seconds: float) -> None:
        """So many a second, for so long."""
        begun = trio.current_time()
        async with trio.open_nursery() as nursery:
            for number in range(int(per_s * seconds)):
                await trio.sleep_until(begun + number / per_s)
                nursery.start_soon(self._daemon.engine.store.transact, self._append)

    def _append(self, tx: Transaction) -> None:
        self.written_s[tx.append(self._draft, int(1000 * time.time())).seq] = time.monotonic()


async def measure(
    daemon: Served, name: str, websockets: int, per_s: float, seconds: float, folder: Path
) -> float:
    """Print one row; returns the microseconds of processor time that a delivery took."""
    after, times = daemon.engine.store.last_seq, folder / "times"
    draft = await a_real_one(daemon, after)
    writer = Writer(daemon, draft)
    async with listening(Crowd(daemon.port, daemon.key, after, websockets, times=str(times))) as crowd:
        cpu_s = time.process_time()
        await writer.write(per_s, seconds)
        await until(lambda: daemon.engine.store.last_seq == after + len(writer.written_s))
        crowd.last_seq = daemon.engine.store.last_seq
    cpu_s = time.process_time() - cpu_s
    check(crowd.heard, daemon.engine.store.last_seq)
    latencies_ms = late(times, writer.written_s)
    each_us = 1e6 * cpu_s / crowd.heard.messages
    cuts = quantiles(latencies_ms, n=100)
    print(
        f"{name:<42} {crowd.heard.messages / seconds:>11.0f} {each_us:>11.1f} {100 * cpu_s / seconds:>8.0f}"
        f" {cuts[49]:>8.1f} {cuts[98]:>8.1f}",
        flush=True,
    )
    return each_us


async def a_real_one(daemon: Served, after: int) -> Draft:
    """The event of an invoice, to be written again and again."""
    found = await daemon.engine.store.read(
        lambda reader: reader.events(after=0, types=(), invoice_id=None, seller_id=None, limit=1)
    )
    return Draft(found[0].type, found[0].data, found[0].invoice_id, found[0].seller_id)


def check(heard: Heard, last_seq: int) -> None:
    """Everybody has everything, once and in order."""
    assert heard.faults == [], heard.faults[:3]
    assert set(heard.last) == {last_seq}, (min(heard.last), last_seq)


def late(times: Path, written_s: dict[int, float]) -> Sequence[float]:
    """How long after it was written each event was heard, in milliseconds."""
    found = array("d")
    found.frombytes(times.read_bytes())
    return [
        1000 * (heard_s - written_s[int(seq)])
        for seq, heard_s in zip(found[::2], found[1::2], strict=True)
        if int(seq) in written_s
    ]


async def main(websockets: int, per_s: float, seconds: float) -> None:
    """Bring up a daemon's frontends and measure both ways in turn."""
    with tempfile.TemporaryDirectory() as folder:
        async with served(Path(folder), UNBOUNDED, log_requests=False) as daemon:
            await daemon.invoice()
            heading = f"at {per_s:g} events/s"
            columns = f"{'a second':>11} {'CPU µs each':>11} {'CPU %':>8} {'p50 ms':>8} {'p99 ms':>8}"
            print(f"{heading:<42} {columns}")

            async def row(name: str, count: int) -> float:
                return await measure(daemon, name, count, per_s, seconds, Path(folder))

            await row("1 websocket", 1)
            together = await row(f"{websockets} websockets, told by one task", websockets)
            daemon.engine.api.journal._audience.is_open = False  # noqa: SLF001 - nobody is let in any more
            alone = await row(f"{websockets} websockets, each by its own task", websockets)
            print(f"ratio of the processor's time: {alone / together:.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--websockets", type=int, default=500)
    parser.add_argument("--per-s", type=float, default=100.0)
    chosen = parser.parse_args()
    trio.run(main, chosen.websockets, chosen.per_s, chosen.seconds)
