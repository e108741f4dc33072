"""The playground: sandboxes of chains and exchanges, and a daemon of its own; all is gone afterwards.

The daemon is a process of its own, started by the very command that an operator's service manager starts it
by, and spoken to only through its interfaces.
"""

import os
import socket as socketlib
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click
import trio

from paydaemon.cli.client import call
from paydaemon.cli.ending import first, reason
from paydaemon.cli.toml import to_toml
from paydaemon.hooks.children import Child, start_child
from paydaemon.hooks.notifier import Recipient, RecipientFacts
from paydaemon.hooks.sandbox import NotInstalled, Sandbox, SandboxFacts
from paydaemon.plugins import load_plugins

HOST = "127.0.0.1"
SELLER = "demo"
READY_WITHIN_S = 120.0
STOPPED_WITHIN_S = 20.0
LOOK_EVERY_S = 0.1
LOG_TAIL_BYTES = 2_000
MOST_EXCHANGES = 3

Say = Callable[[str], None]
Tables = Mapping[str, Mapping[str, object]]
"""Tables of the configuration, by their names."""


@dataclass(frozen=True, slots=True)
class Network:
    """One chain's running sandbox."""

    sandbox: Sandbox
    facts: SandboxFacts


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody who is told, by a notifier of the same name as its plugin."""

    recipient: Recipient
    facts: RecipientFacts


@dataclass(frozen=True, slots=True)
class Playground:
    """Where everything is. `key` is an operator's; `seller` exists, and has what tells it of its invoices.

    `exchanges` are the names of those that rates come from.
    """

    api: str
    key: str
    seller: str
    socket: Path
    networks: Mapping[str, Network]
    exchanges: Sequence[str]
    told: Mapping[str, Told]
    pids: Mapping[str, int]


@asynccontextmanager
async def playground(port: int, say: Say) -> AsyncIterator[Playground]:
    """Bring everything up, and take everything down again whatever happens."""
    _see_that_it_is_free(port)
    with tempfile.TemporaryDirectory(prefix="paydaemon-demo-") as name:
        folder = Path(name)
        async with trio.open_nursery() as nursery:
            networks = await _start_networks(nursery, folder, say)
            rates = await _start_exchanges(nursery, _prices(networks), say)
            told = await _start_recipients(nursery, say)
            config = _write_config(folder, port, networks, rates, told)
            async with _daemon(config, folder, say) as pid:
                await _wait_for_rates(folder / "state" / "admin.sock", _prices(networks), rates)
                yield _introduce(folder, networks, list(rates), told, pid)
            nursery.cancel_scope.cancel()


def _see_that_it_is_free(port: int) -> None:
    """Before anything is started: it would be told a while later, in the daemon's log."""
    try:
        with socketlib.create_server((HOST, port)):
            return
    except OSError as error:
        advice = "name another port with --port, or 0 for any that is free"
        raise click.ClickException(f"{HOST}:{port}: {os.strerror(error.errno or 0)}; {advice}") from error


async def _start_networks(nursery: trio.Nursery, folder: Path, say: Say) -> dict[str, Network]:
    networks: dict[str, Network] = {}
    for chain, plugin in load_plugins().sandboxes.items():
        say(f"starting a local {chain} network …")
        sandbox = plugin.build()
        place = folder / chain
        place.mkdir()
        try:
            networks[chain] = Network(sandbox, await _start(nursery, chain, sandbox, place))
            say(f"  {chain} is up, its payer has money")
        except NotInstalled as missing:
            say(f"  left out: {missing}")
    if not networks:
        raise click.ClickException(
            "no installed plugin brings a local network to show: install paydaemon-bitcoin"
        )
    return networks


async def _start(nursery: trio.Nursery, chain: str, sandbox: Sandbox, place: Path) -> SandboxFacts:
    facts: SandboxFacts = await nursery.start(_run, chain, sandbox, place)
    return facts


async def _run(
    chain: str,
    sandbox: Sandbox,
    place: Path,
    *,
    task_status: trio.TaskStatus[SandboxFacts] = trio.TASK_STATUS_IGNORED,
) -> None:
    """A sandbox is a plugin's, and may fail in any way at any time: what it raises is told by its name."""
    try:
        await sandbox.run(place, task_status=task_status)
    except NotInstalled:
        raise
    except Exception as error:
        raise click.ClickException(f"no local {chain} network: {_why(error)}") from error
    raise click.ClickException(f"no local {chain} network: it has ended")


def _why(error: Exception) -> str:
    told = first(error) if isinstance(error, ExceptionGroup) else error
    return reason(told) or type(told).__name__


async def _start_exchanges(nursery: trio.Nursery, prices: Mapping[str, str], say: Say) -> Tables:
    """Local exchanges that quotes come from, by the way that they come from the real ones."""
    brought = load_plugins().rate_sources.items()
    sandboxes = {name: plugin.sandbox for name, plugin in brought if plugin.sandbox is not None}
    names = list(sandboxes)[:MOST_EXCHANGES]
    if not names:
        raise click.ClickException(
            "no installed plugin brings an exchange to quote from: install paydaemon-rates"
        )
    if not prices:
        raise click.ClickException("no local network names a price to quote at (SandboxFacts.prices)")
    say(f"starting local exchanges: {', '.join(names)} …")
    tables = {name: await nursery.start(sandboxes[name]().run, prices) for name in names}
    say(f"  they are up, each speaks as the real one does: quotes come from {len(tables)} sources")
    return tables


async def _start_recipients(nursery: trio.Nursery, say: Say) -> dict[str, Told]:
    told: dict[str, Told] = {}
    for name, plugin in load_plugins().notifiers.items():
        if plugin.recipient is not None:
            recipient = plugin.recipient()
            facts: RecipientFacts = await nursery.start(recipient.run, SELLER, partial(_indented, say))
            told[name] = Told(recipient, facts)
    return told


def _indented(say: Say, text: str) -> None:
    """Below the events that it was told of."""
    say(f"{'':12}{text}")


def _prices(networks: Mapping[str, Network]) -> Mapping[str, str]:
    return {pair: price for network in networks.values() for pair, price in network.facts.prices.items()}


def _write_config(
    folder: Path, port: int, networks: Mapping[str, Network], rates: Tables, told: Mapping[str, Told]
) -> Path:
    config, wallets = folder / "paydaemon.toml", _write_wallets(folder, networks)
    config.write_text(
        to_toml(
            {
                "daemon": {"state_dir": str(folder / "state"), "log_format": "console"},
                "http": {"bind": f"{HOST}:{port}"},
                "checkout": wallets,
                "rates": rates,
                "chains": {chain: network.facts.settings for chain, network in networks.items()},
                "notifiers": {name: {"plugin": name, **one.facts.settings} for name, one in told.items()},
            }
        ),
        encoding="utf-8",
    )
    return config


def _write_wallets(folder: Path, networks: Mapping[str, Network]) -> Mapping[str, object]:
    """The table of the checkout page: wallets that sign with the sandboxes' own keys, worth nothing else."""
    brought = {
        chain: wallet for chain, network in networks.items() if (wallet := network.facts.wallet) is not None
    }
    for chain, wallet in brought.items():
        (folder / f"wallet-{chain}.js").write_text(wallet.script, encoding="utf-8")
    return {
        "wallets": [f"wallet-{chain}.js" for chain in brought],
        "wallet_origins": [wallet.origin for wallet in brought.values()],
    }


@asynccontextmanager
async def _daemon(config: Path, folder: Path, say: Say) -> AsyncIterator[int]:
    """The daemon's process, from ready to stopped."""
    log = folder / "daemon.log"
    say("starting the daemon …")
    command = [sys.executable, "-m", "paydaemon", "run", "--config", str(config)]
    with log.open("wb") as output:
        process = await start_child(command, stdout=output, stderr=output)
    try:
        await _wait_ready(process, folder / "state" / "admin.sock", log)
        say("  the daemon is ready")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_fail_once_it_ends, process, log)
            yield process.pid
            nursery.cancel_scope.cancel()
    finally:
        await process.end(within_s=STOPPED_WITHIN_S)


async def _wait_ready(process: Child, socket: Path, log: Path) -> None:
    """Wait until every chain can be offered. Raises with the log's end where the daemon gives up."""
    with trio.move_on_after(READY_WITHIN_S):
        while process.poll() is None:
            with suppress(click.ClickException):
                answer = await trio.to_thread.run_sync(call, socket, "GET", "/readyz")
                if all(chain["state"] == "healthy" for chain in answer["chains"]):
                    return
            await trio.sleep(LOOK_EVERY_S)
    raise click.ClickException(f"the daemon did not become ready; {await _end_of(log)}")


async def _fail_once_it_ends(process: Child, log: Path) -> NoReturn:
    """A daemon that ends by itself takes the demo with it: nothing of it would work any more."""
    status = await process.wait()
    raise click.ClickException(f"the daemon has ended, with status {status}; {await _end_of(log)}")


async def _end_of(log: Path) -> str:
    end = (await trio.Path(log).read_bytes())[-LOG_TAIL_BYTES:].decode(errors="replace")
    return f"its log ends with:\n{end}"


async def _wait_for_rates(socket: Path, prices: Mapping[str, str], rates: Tables) -> None:
    """Wait until every source has told every price, so that all of them are in the first quote."""
    wanted = {(pair, source) for pair in prices for source in rates}
    with trio.move_on_after(READY_WITHIN_S):
        while True:
            answer = await trio.to_thread.run_sync(call, socket, "GET", "/v1/rates")
            if wanted <= {told for row in answer["data"] for told in _told_by(row)}:
                return
            await trio.sleep(LOOK_EVERY_S)
    raise click.ClickException("the daemon did not get its rates")


def _told_by(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Pair and source of every price that a row's rate is made of."""
    for price in row["sources"]:
        if price["rate"] is not None:
            yield price["pair"], price["source"]


def _introduce(
    folder: Path,
    networks: Mapping[str, Network],
    exchanges: Sequence[str],
    told: Mapping[str, Told],
    pid: int,
) -> Playground:
    socket = folder / "state" / "admin.sock"
    api = call(socket, "GET", "/admin/v1/daemon")["public_url"]
    key = call(socket, "POST", "/admin/v1/operators")["secret"]
    seller = call(socket, "POST", "/admin/v1/sellers", body={"id": SELLER})["seller_id"]
    for one in told.values():
        _make_endpoint(socket, one)
    pids = {"daemon": pid}
    for network in networks.values():
        pids |= network.facts.pids
    return Playground(api, key, seller, socket, networks, exchanges, told, pids)


def _make_endpoint(socket: Path, told: Told) -> None:
    if told.facts.endpoint is not None:
        body = {**told.facts.endpoint, "seller_id": SELLER}
        told.recipient.trust(call(socket, "POST", "/v1/webhooks", body=body)["secret"])
