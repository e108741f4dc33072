"""How many requests a second the HTTP API answers, over the real engine and an SQLite file on this disk.

Run alone: ``python bench/frontends.py [--seconds N] [--connections N] [--log-requests]``. The chain is one in
memory: what is measured is the daemon. Its log goes to a file that is thrown away. The whole service, with a
real node, is measured by ``service.py``.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import trio

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the engine with a chain in memory is the tests' own

from bench.support.load import Load, ask  # noqa: E402
from paydaemon import logs  # noqa: E402
from paydaemon.frontends import Limits  # noqa: E402
from tests.support.served import Served, served  # noqa: E402

ORDER = {"amount": "12.50", "currency": "EUR", "seller_id": "shop", "chains": ["bitcoin"]}
UNBOUNDED = Limits(requests_per_s=1e9, requests_burst=10**9)


async def measure(daemon: Served, name: str, load: Load) -> None:
    """Print how one kind of request is answered."""
    cpu_s = time.process_time()
    answered = await ask(daemon.port, daemon.key, load)
    cpu_s = time.process_time() - cpu_s
    print(
        f"{name:<28} {answered.per_s:>9.0f} {len(answered.latencies_s) / cpu_s:>13.0f}"
        f" {answered.percentile_ms(50):>9.1f} {answered.percentile_ms(99):>9.1f}",
        flush=True,
    )


async def main(connections: int, seconds: float, log_requests: bool) -> None:
    """Bring up a daemon's frontends and measure each kind of request."""
    with tempfile.TemporaryDirectory() as folder:
        async with served(Path(folder), UNBOUNDED, log_requests=log_requests) as daemon:
            shown = f"/v1/invoices/{(await daemon.invoice())['id']}"
            heading = f"at {connections} connections"
            print(f"{heading:<28} {'a second':>9} {'a CPU-second':>13} {'p50 ms':>9} {'p99 ms':>9}")
            for name, method, path, body in (
                ("GET /healthz", "GET", "/healthz", ""),
                ("GET /v1/invoices/{id}", "GET", shown, ""),
                ("POST /v1/invoices", "POST", "/v1/invoices", json.dumps(ORDER)),
            ):
                await measure(daemon, name, Load(method, path, body, connections, seconds))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--log-requests", action="store_true", help="a line of the log for each request")
    chosen = parser.parse_args()
    with tempfile.TemporaryFile(buffering=0) as log:
        logs.configure(logs.LogFormat.JSON, logs.LogLevel.INFO, stream=log)
        trio.run(main, chosen.connections, chosen.seconds, chosen.log_requests)
