"""schemathesis reads the document and asks for everything in it, rightly and wrongly: as an operator, as a
seller, without a key, and through the Unix socket.

Nothing is answered by a 5xx or by anything undocumented, what is wrong is refused, and what is right is not.
"""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio

from paydaemon.frontends.openapi.tags import TAGS
from tests.support.served import Served

ROOT = Path(__file__).parents[2]

WHO = ["operator", "seller", "nobody", "socket"]

CONFIG = """
[checks]
enabled = true
# A right request that is refused is looked at more closely by a check of our own: `tests.support.contract`.
positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "403", "404", "409"]
negative_data_rejection.expected-statuses = ["400", "401", "403", "404", "405", "409", "413", "415"]

[[operations]]
include-operation-id = "assignPayment"
parameters = {{ id = "{payment}" }}

[[operations]]
include-operation-id = ["showInvoice", "markInvoice", "showCheckout"]
parameters = {{ id = "{invoice}" }}

# What is not there then is the event or delivery that its body names, and not the webhook just made.
[[operations]]
include-operation-id = "redeliver"
checks.ensure_resource_availability.enabled = false

[[operations]]
include-operation-id = ["relayTransaction", "showRelay"]
parameters = {{ chain = "hedera" }}
"""

LASTING = [one.id for tag in TAGS for one in tag.operations if one.lasts]
"""Whose answers have no end."""


async def ask_for_everything(daemon: Served, folder: Path, who: str, seed: int, *options: str) -> None:
    """One run of schemathesis; fails with what it says."""
    key = {"operator": daemon.key, "seller": daemon.keys["shop"]}.get(who)
    (folder / "schemathesis.toml").write_text(await configuration(daemon), encoding="utf-8")
    async with daemon_port(daemon, who) as port:
        url = f"http://127.0.0.1:{port}"
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json", "--url", url),
            *(word for one in LASTING for word in ("--exclude-operation-id", one)),
            *("--seed", str(seed), "--warnings", "off", "--no-color", "--generation-database", "none"),
            *(("--header", f"Authorization: Bearer {key}") if key else ()),
            *options,
        ]
        environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.support.contract", "PYTHONPATH": str(ROOT)}
        done = await trio.run_process(
            command, cwd=folder, env=environment, check=False, capture_stdout=True, stderr=subprocess.STDOUT
        )
    assert done.returncode == 0, done.stdout.decode()


async def configuration(daemon: Served) -> str:
    """What there is to ask for: an invoice, and a payment that belongs to none."""
    invoice = await daemon.invoice()
    await daemon.engine.pay(("to nobody", 1_000))
    async with daemon.client() as client:
        payment = (await client.get("/v1/payments?unmatched=true")).json()["data"][0]
    return CONFIG.format(invoice=invoice["id"], payment=payment["id"])


@asynccontextmanager
async def daemon_port(daemon: Served, who: str) -> AsyncIterator[int]:
    """Where schemathesis finds the daemon: it speaks TCP, so the Unix socket gets a door of its own."""
    if who != "socket":
        yield daemon.port
        return

    async def pass_on(tcp: trio.SocketStream) -> None:
        async with await trio.open_unix_socket(str(daemon.socket)) as unix, trio.open_nursery() as nursery:
            for source, sink in ((tcp, unix), (unix, tcp)):
                nursery.start_soon(pump, source, sink, nursery.cancel_scope)

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, pass_on, 0, host="127.0.0.1"))
        yield listeners[0].socket.getsockname()[1]
        nursery.cancel_scope.cancel()


async def pump(source: trio.SocketStream, sink: trio.SocketStream, both: trio.CancelScope) -> None:
    """Pass on what comes, until either side has had enough."""
    try:
        async for data in source:
            await sink.send_all(data)
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        pass
    both.cancel()


@pytest.mark.parametrize("who", WHO)
async def test_whatever_is_asked_is_answered_as_documented(
    daemon: Served, tmp_path: Path, who: str, seed: int
) -> None:
    phases = {"operator": "examples,coverage,fuzzing", "nobody": "fuzzing"}.get(who, "examples,fuzzing")
    await ask_for_everything(daemon, tmp_path, who, seed, "--phases", phases, "--max-examples", "5")


@pytest.mark.soak
@pytest.mark.parametrize("who", WHO)
async def test_and_so_it_is_for_longer(daemon: Served, tmp_path: Path, who: str, seed: int) -> None:
    await ask_for_everything(daemon, tmp_path, who, seed, "--max-examples", "200", "--max-time", "20")
