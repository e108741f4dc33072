"""How many requests a second the HTTP API answers, over the real engine and an SQLite file on this disk.

Run alone: ``python bench/frontends.py [--seconds N] [--connections N] [--log-requests]``. The clients are a
process of their own, so what is told per CPU-second is the daemon's alone. Its log goes to a file that is
thrown away.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import trio

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the engine with a chain in memory is the tests' own

from paydaemon import logs  # noqa: E402
from paydaemon.frontends import Limits  # noqa: E402
from tests.support.served import Served, served  # noqa: E402

ORDER = {"amount": "12.50", "currency": "EUR", "seller_id": "shop", "chains": ["bitcoin"]}
UNBOUNDED = Limits(requests_per_s=1e9, requests_burst=10**9)


@dataclass(frozen=True, slots=True)
class Load:
    """One kind of request."""

    name: str
    method: str
    path: str
    body: str = ""


def request(load: Load, key: str) -> bytes:
    """The request as it goes over the wire."""
    head = f"{load.method} {load.path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
    if load.body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(load.body)}\r\n"
    return f"{head}\r\n{load.body}".encode()


async def drive(port: int, sent: bytes, connections: int, seconds: float) -> list[float]:
    """Send one request after the other on each connection; returns every answer's latency in seconds."""
    latencies: list[float] = []
    end = time.perf_counter() + seconds

    async def one() -> None:
        async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
            while (began := time.perf_counter()) < end:
                await stream.send_all(sent)
                received = b""
                while not complete(received):
                    received += await stream.receive_some()
                assert received.startswith(b"HTTP/1.1 20"), received
                latencies.append(time.perf_counter() - began)

    async with trio.open_nursery() as nursery:
        for _ in range(connections):
            nursery.start_soon(one)
    return latencies


def complete(received: bytes) -> bool:
    """Whether an answer is there, body and all."""
    head, separator, body = received.partition(b"\r\n\r\n")
    if not separator:
        return False
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return len(body) >= int(length)


async def measure(daemon: Served, load: Load, connections: int, seconds: float) -> None:
    """Let a process of its own ask, and print what came of it."""
    told = {
        "port": daemon.port,
        "sent": request(load, daemon.key).decode(),
        "connections": connections,
        "seconds": seconds,
    }
    cpu = time.process_time()
    done = await trio.run_process(
        [sys.executable, __file__, "--client"], stdin=json.dumps(told).encode(), capture_stdout=True
    )
    cpu = time.process_time() - cpu
    latencies = json.loads(done.stdout)
    cuts = [1000 * cut for cut in quantiles(latencies, n=100)]
    print(
        f"{load.name:<28} {len(latencies) / seconds:>9.0f} {len(latencies) / cpu:>13.0f}"
        f" {cuts[49]:>9.1f} {cuts[98]:>9.1f}",
        flush=True,
    )


def client() -> None:
    """The other process: reads what to do from stdin, writes the latencies to stdout."""
    told = json.load(sys.stdin)
    latencies = trio.run(drive, told["port"], told["sent"].encode(), told["connections"], told["seconds"])
    json.dump(latencies, sys.stdout)


async def main(connections: int, seconds: float, log_requests: bool) -> None:
    """Bring up a daemon's frontends and measure each kind of request."""
    with tempfile.TemporaryDirectory() as folder:
        async with served(Path(folder), UNBOUNDED, log_requests=log_requests) as daemon:
            invoice = await daemon.invoice()
            print(
                f"{'at ' + str(connections) + ' connections':<28} {'a second':>9} {'a CPU-second':>13}",
                end="",
            )
            print(f" {'p50 ms':>9} {'p99 ms':>9}")
            for load in (
                Load("GET /healthz", "GET", "/healthz"),
                Load("GET /v1/invoices/{id}", "GET", f"/v1/invoices/{invoice['id']}"),
                Load("POST /v1/invoices", "POST", "/v1/invoices", json.dumps(ORDER)),
            ):
                await measure(daemon, load, connections, seconds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--log-requests", action="store_true", help="a line of the log for each request")
    parser.add_argument("--client", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.client:
        client()
    else:
        with tempfile.TemporaryFile(buffering=0) as log:
            logs.configure(logs.LogFormat.JSON, logs.LogLevel.INFO, stream=log)
            trio.run(main, chosen.connections, chosen.seconds, chosen.log_requests)
