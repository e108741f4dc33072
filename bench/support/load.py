"""Load: a process of its own that asks the same thing on many connections, one after the other on each.

A process of its own, so that what is told per CPU-second is the daemon's alone.
"""

import json
import sys
import time
from dataclasses import asdict, dataclass
from statistics import quantiles

import trio


@dataclass(frozen=True, slots=True)
class Load:
    """One request, sent again and again: until `requests` were answered, or for so many `seconds`."""

    method: str
    path: str
    body: str = ""
    connections: int = 64
    seconds: float = 1e9
    requests: int = 10**9


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of it: how long each answer took, and how long it took in all. Both in seconds."""

    latencies_s: list[float]
    took_s: float

    @property
    def per_s(self) -> float:
        """Answers a second."""
        return len(self.latencies_s) / self.took_s

    def percentile_ms(self, percent: int) -> float:
        """So many percent of the answers took no longer, in milliseconds."""
        return 1000 * quantiles(self.latencies_s, n=100)[percent - 1]


async def ask(port: int, key: str, load: Load) -> Answered:
    """Ask on loopback from another process; every answer must be a success."""
    told = {"port": port, "key": key, "load": asdict(load)}
    done = await trio.run_process(
        [sys.executable, __file__], stdin=json.dumps(told).encode(), capture_stdout=True
    )
    return Answered(**json.loads(done.stdout))


class Client:
    """The other process."""

    def __init__(self, port: int, sent: bytes, load: Load) -> None:
        self._port = port
        self._sent = sent
        self._load = load
        self._left = load.requests
        self.latencies_s: list[float] = []

    async def run(self) -> float:
        """Ask until it is enough; returns how many seconds it took."""
        began = time.perf_counter()
        async with trio.open_nursery() as nursery:
            for _ in range(self._load.connections):
                nursery.start_soon(self._ask_on, began + self._load.seconds)
        return time.perf_counter() - began

    async def _ask_on(self, end: float) -> None:
        async with await trio.open_tcp_stream("127.0.0.1", self._port) as stream:
            while self._left > 0 and (began := time.perf_counter()) < end:
                self._left -= 1
                await self._ask(stream)
                self.latencies_s.append(time.perf_counter() - began)

    async def _ask(self, stream: trio.SocketStream) -> None:
        await stream.send_all(self._sent)
        received = b""
        while not complete(received):
            data = await stream.receive_some()
            assert data, "the daemon closed the connection"
            received += data
        assert received.startswith(b"HTTP/1.1 20"), received


def request(key: str, load: Load) -> bytes:
    """The request as it goes over the wire."""
    head = f"{load.method} {load.path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
    if load.body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(load.body)}\r\n"
    return f"{head}\r\n{load.body}".encode()


def complete(received: bytes) -> bool:
    """Whether an answer is there, body and all."""
    head, separator, body = received.partition(b"\r\n\r\n")
    if not separator:
        return False
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return len(body) >= int(length)


def main() -> None:
    """Read from stdin what to ask, and write to stdout what came of it."""
    told = json.load(sys.stdin)
    load = Load(**told["load"])
    client = Client(told["port"], request(told["key"], load), load)
    took_s = trio.run(client.run)
    json.dump({"latencies_s": client.latencies_s, "took_s": took_s}, sys.stdout)


if __name__ == "__main__":
    main()
