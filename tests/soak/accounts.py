"""The three accounts of `tests.support.ledgercheck`, each from its own source.

The chain is read block by block from the node, without the daemon's wallet; the ledger through the daemon's
API; and the database from a copy of its files, as it was left behind.
"""

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import trio

from paydaemon_bitcoin.observations import satoshi
from paydaemon_bitcoin.regtest import RegtestNode
from tests.support.daemon import Daemon
from tests.support.ledgercheck import Chain, Credit, Json, Ledger, milliseconds

PAGE = 200
CLOCK_MARGIN_MS = 15_000
"""For how long an invoice's end may have passed before the daemon surely said so."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What lay in a copy of the database."""

    faults: Sequence[str]
    last_seq: int
    invoices: frozenset[str]
    addresses: Sequence[str]
    payments: int
    events: int
    next_index: int
    relays: frozenset[str]


async def read_chain(node: RegtestNode, addresses: frozenset[str]) -> Chain:
    """Every credit to one of these addresses in the best chain."""
    tip = int(await node.rpc.call("getblockcount"))
    found: list[Credit] = []
    for height in range(tip + 1):
        block = await node.rpc.call("getblock", await node.rpc.call("getblockhash", height), 2)
        found += _credits(block, addresses)
    return Chain(tip, found)


def _credits(block: Json, addresses: frozenset[str]) -> list[Credit]:
    return [
        Credit(
            f"{transaction['txid']}:{output['n']}",
            output["scriptPubKey"]["address"],
            satoshi(output["value"]),
            block["height"],
            block["hash"],
        )
        for transaction in block["tx"]
        for output in transaction["vout"]
        if output["scriptPubKey"].get("address") in addresses
    ]


async def read_ledger(daemon: Daemon) -> Ledger:
    """All that the daemon says, read while nothing moved."""
    while True:
        begun_ms = await _as_of_ms(daemon)
        journal = await daemon.journal()
        invoices = await every(daemon, "/v1/invoices")
        payments = await every(daemon, "/v1/payments")
        last_seq = journal[-1]["seq"] if journal else 0
        if not await daemon.journal(after=last_seq):
            ended_ms = await _as_of_ms(daemon)
            return Ledger(invoices, payments, journal, begun_ms - CLOCK_MARGIN_MS, ended_ms)


async def complete(daemon: Daemon, height: int, after_ms: int) -> bool:
    """Whether the daemon has seen its chain complete at this height, after that moment."""
    (chain,) = (await daemon.admin("GET", "/readyz", expect=None))["chains"]
    seen = chain["as_of"] is not None and milliseconds(chain["as_of"]) > after_ms
    return bool(chain["state"] == "healthy" and chain["height"] == height and seen)


async def _as_of_ms(daemon: Daemon) -> int:
    (chain,) = (await daemon.admin("GET", "/readyz"))["chains"]
    return milliseconds(chain["as_of"])


async def every(daemon: Daemon, path: str) -> list[Json]:
    """All pages of a list."""
    found: list[Json] = []
    cursor = ""
    while True:
        page = await daemon.call("GET", f"{path}?limit={PAGE}{cursor}")
        found += page["data"]
        if not page["has_more"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def read_copy(database: Path, folder: Path) -> Copy:
    """What a stopped or killed daemon's database holds, read from a copy of its files."""
    return await trio.to_thread.run_sync(_read_copy, database, folder)


def _read_copy(database: Path, folder: Path) -> Copy:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for suffix in ("", "-wal"):
        source = database.with_name(database.name + suffix)
        if source.exists():
            shutil.copy(source, folder / source.name)
    with closing(sqlite3.connect(folder / database.name)) as connection:
        return _look_into(connection)


def _look_into(connection: sqlite3.Connection) -> Copy:
    def column(query: str) -> list[object]:
        return [row[0] for row in connection.execute(query)]

    (last_seq,) = column("SELECT last_seq FROM journal")
    (payments,) = column("SELECT count(*) FROM payments")
    (events,) = column("SELECT count(*) FROM events")
    indexes = column("SELECT next_index FROM chains")
    assert isinstance(last_seq, int)
    assert isinstance(payments, int)
    assert isinstance(events, int)
    return Copy(
        faults=[str(fault) for fault in column("PRAGMA integrity_check") if fault != "ok"]
        + [str(row) for row in connection.execute("PRAGMA foreign_key_check")],
        last_seq=last_seq,
        invoices=frozenset(map(str, column("SELECT id FROM invoices"))),
        addresses=[str(address) for address in column("SELECT address FROM options")],
        payments=payments,
        events=events,
        next_index=max((index for index in indexes if isinstance(index, int)), default=0),
        relays=frozenset(map(str, column("SELECT transaction_id FROM relays"))),
    )
