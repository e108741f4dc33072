"""Load on the relay's websocket: a process of its own that hands transactions in on many connections.

On each it hands in one at a time, and takes the time until that is answered.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles

import trio
from websockets.asyncio.client import connect

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.support.process import cpu_s

ANSWER = '"result":'
TAKEN = '"status":"accepted"'
"""What the answer to a transaction that the node has taken holds."""


@dataclass(frozen=True, slots=True)
class Relayed:
    """What came of it: how long each answer took and all of them, and the processor time of the daemon's.

    That of opening the connections is left out. All in seconds.
    """

    latencies_s: list[float]
    took_s: float
    cpu_s: float

    def percentile_ms(self, percent: int) -> float:
        """So many percent of the answers took no longer, in milliseconds."""
        return 1000 * quantiles(self.latencies_s, n=100)[percent - 1]


async def hand_in(port: int, pid: int, transactions: Path, connections: int, seconds: float) -> Relayed:
    """Hand in what stands in a file, a line each in base64, for so long or until it ends."""
    told = {
        "port": port,
        "pid": pid,
        "path": str(transactions),
        "connections": connections,
        "seconds": seconds,
    }
    done = await trio.run_process(
        [sys.executable, __file__], stdin=json.dumps(told).encode(), capture_stdout=True
    )
    return Relayed(**json.loads(done.stdout))


class Client:
    """The other process."""

    def __init__(self, port: int, pid: int, path: str, connections: int, seconds: float) -> None:
        self._url = f"ws://127.0.0.1:{port}/v1/relay/hedera"
        self._left = iter(Path(path).read_text(encoding="ascii").split())
        self._connections = connections
        self._seconds = seconds
        self._latencies_s: list[float] = []
        self._pid = pid
        self._open = 0
        self._all_open = asyncio.Event()
        self._began = 0.0
        self._used_s = 0.0

    async def run(self) -> Relayed:
        """Open all connections, then hand in."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._connections):
                group.create_task(self._talk())
        took_s = time.perf_counter() - self._began
        return Relayed(self._latencies_s, took_s, cpu_s(self._pid) - self._used_s)

    async def _talk(self) -> None:
        async with connect(self._url, compression=None, open_timeout=60, ping_interval=None) as socket:
            self._open += 1
            if self._open == self._connections:
                self._began, self._used_s = time.perf_counter(), cpu_s(self._pid)
                self._all_open.set()
            await self._all_open.wait()
            for number, transaction in enumerate(self._left):
                began = time.perf_counter()
                if began > self._began + self._seconds:
                    break
                asked = {"id": number, "method": "submit", "params": {"transaction": transaction}}
                await socket.send(json.dumps(asked))
                while ANSWER not in (answer := str(await socket.recv())):
                    assert '"error":{' not in answer, answer
                assert TAKEN in answer, answer
                self._latencies_s.append(time.perf_counter() - began)


if __name__ == "__main__":
    json.dump(asdict(asyncio.run(Client(**json.load(sys.stdin)).run())), sys.stdout)
