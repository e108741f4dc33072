"""``paydaemon backup`` and ``restore``, with a real daemon on a real node.

What was paid since the backup is found again, and nothing is told or given out twice.
"""

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from paydaemon.store.sqlite import open_store
from paydaemon.store.sqlite.migrate import load_migrations
from paydaemon_bitcoin.regtest import RegtestNode
from tests.e2e.commands import Done, paydaemon, running
from tests.e2e.setup import NEVER_S, bitcoin
from tests.support import daemon as daemons
from tests.support.daemon import Daemon, Json, address_of, due_of
from tests.support.node import pay_many
from tests.support.waiting import until

# ruff: noqa: ASYNC240 - files are what these tests are about

LEAP = 10_000


async def command(daemon: Daemon, *arguments: str | Path, exit_code: int = 0) -> Done:
    done = await paydaemon(*map(str, arguments), "--config", str(daemon.config))
    assert done.exit_code == exit_code, done
    return done


async def all_invoices(daemon: Daemon) -> list[Json]:
    found = await daemon.call("GET", "/v1/invoices?limit=200")
    assert not found["has_more"]
    return list(found["data"])


async def unmatched(daemon: Daemon) -> dict[str, Json]:
    rows = (await daemon.call("GET", "/v1/payments?unmatched=true"))["data"]
    return {row["destination"]: row for row in rows}


async def test_an_old_backup_finds_what_was_paid_since(node: RegtestNode, tmp_path: Path) -> None:
    """Known invoices are credited, forgotten ones' payments are unmatched, and no address comes twice."""
    backup = tmp_path / "backup.sqlite3"
    async with daemons.running(tmp_path, bitcoin(node, poll_interval_s=NEVER_S)) as daemon:
        settled = await daemon.invoice(confirmations=1)
        await pay_many(node, (address_of(settled), due_of(settled)))
        await node.mine(1)
        await daemon.until_status(settled["id"], "settled")
        known, unpaid = [await daemon.invoice(confirmations=2) for _ in range(2)]
        made = (await command(daemon, "backup", backup, "--json")).json
        assert (made["file"], made["journaled"]) == (str(backup), True)

        # Life goes on, and then the machine is lost.
        forgotten = [await daemon.invoice(confirmations=1) for _ in range(40)]
        paid = [known, forgotten[0], forgotten[1]]
        await pay_many(node, *((address_of(invoice), due_of(invoice)) for invoice in paid))
        await daemon.until_status(forgotten[0]["id"], "processing")
        await node.mine(1)
        await daemon.until_status(forgotten[0]["id"], "settled")
        lost = await daemon.journal()
        await daemon.kill()
        daemon.database.unlink()
        for side in ("-wal", "-shm"):
            Path(f"{daemon.database}{side}").unlink(missing_ok=True)
        await node.mine(1)

        restored = (await command(daemon, "restore", backup, "--json")).json["restored"]
        assert (restored["kept"], restored["leap"]) == (None, LEAP)
        await daemon.start()
        assert (await daemon.until_status(known["id"], "settled"))["flags"] == []
        assert (await daemon.show(settled["id"]))["status"] == "settled"
        assert (await daemon.show(unpaid["id"]))["status"] == "new"
        await daemon.call("GET", f"/v1/invoices/{forgotten[0]['id']}", expect=4)
        missing = {address_of(invoice): str(due_of(invoice)) for invoice in forgotten[:2]}
        strays: dict[str, Json] = {}

        async def are_found() -> bool:
            strays.update(await unmatched(daemon))
            return strays.keys() >= missing.keys()

        await until(are_found)
        assert {address: row["amount_minor"] for address, row in strays.items()} == missing

        # Addresses are new, and one of them settles; a forgotten one that is paid only now is found too.
        used = {address_of(invoice) for invoice in [settled, known, unpaid, *forgotten]}
        fresh = [await daemon.invoice(confirmations=1) for _ in range(20)]
        assert used.isdisjoint(map(address_of, fresh))
        await pay_many(node, (address_of(fresh[0]), due_of(fresh[0])), (address_of(forgotten[7]), 777))
        await node.mine(1)
        await daemon.until_status(fresh[0]["id"], "settled")

        async def found() -> bool:
            return address_of(forgotten[7]) in await unmatched(daemon)

        await until(found)
        again = await daemon.invoice(confirmations=1)
        stray = strays[address_of(forgotten[0])]
        assigned = await daemon.call(
            "POST", f"/v1/payments/{stray['id']}/assign", {"invoice_id": again["id"]}
        )
        assert assigned["status"] == "settled"

        await _check_the_journal(daemon, made, lost)


async def _check_the_journal(daemon: Daemon, made: Json, lost: list[Json]) -> None:
    journal = await daemon.journal()
    last_seq = made["last_seq"]
    assert [event["seq"] for event in journal] == list(range(1, len(journal) + 1))
    assert journal[:last_seq] == lost[:last_seq], "what was told before the backup stays"
    assert {event["id"] for event in journal[last_seq:]}.isdisjoint(event["id"] for event in lost)
    begun = journal[last_seq]
    assert begun["type"] == "admin.restored"
    data = {"by": {"key_id": None, "uid": os.geteuid()}, "file": made["file"], "leap": LEAP}
    assert begun["data"] == {**data, "epoch": made["epoch"], "last_seq": last_seq}
    # A reader that remembers an event of the lost days is told, also where the journal has grown past it.
    assert len(journal) > lost[last_seq + 2]["seq"]
    refused = await daemon.call("GET", f"/v1/events?after={lost[last_seq + 2]['id']}", expect=4)
    assert refused["error"]["code"] == "beyond_the_journal"
    remembered = await daemon.call("GET", f"/v1/events?after={lost[last_seq - 1]['id']}&limit=1")
    assert remembered["data"] == [begun]


async def test_what_the_old_database_has_given_out_is_never_given_out_again(
    node: RegtestNode, tmp_path: Path
) -> None:
    """More than the leap asked for: the database that is replaced still knows how many."""
    backup = tmp_path / "backup.sqlite3"
    async with daemons.running(tmp_path, bitcoin(node, poll_interval_s=NEVER_S)) as daemon:
        first = await daemon.invoice()
        await command(daemon, "backup", backup)
        later = [await daemon.invoice() for _ in range(40)]
        await daemon.stop()
        done = (await command(daemon, "restore", backup, "--leap", "1", "--json")).json
        assert done["restored"]["leap"] >= 32
        assert done["totals"]["invoices"] == 1
        kept = Path(done["restored"]["kept"])
        with closing(sqlite3.connect(kept)) as connection:
            assert connection.execute("SELECT count(*) FROM invoices").fetchone() == (41,)
        await daemon.start()
        fresh = [await daemon.invoice() for _ in range(20)]
        assert {address_of(first), *map(address_of, later)}.isdisjoint(map(address_of, fresh))
        assert len(await all_invoices(daemon)) == 21


async def test_a_backup_of_a_running_daemon_is_private_verified_and_journaled(
    daemon: Daemon, tmp_path: Path
) -> None:
    invoice = await daemon.invoice()
    file = tmp_path / "backup.sqlite3"
    said = await command(daemon, "backup", file)
    assert said.out.startswith(f"{file}: ")
    assert said.err == ""
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (event,) = [event for event in await daemon.journal() if event["type"] == "admin.backup_made"][-1:]
    assert event["data"]["file"] == str(file)
    assert event["data"]["by"] == {"key_id": None, "uid": os.geteuid()}
    assert event["seq"] > event["data"]["last_seq"] >= 1
    again = await command(daemon, "backup", file, exit_code=1)
    assert again.err == f"Error: {file} exists\n"
    await command(daemon, "backup", file, "--force")
    verified = await command(daemon, "restore", "--verify", file)
    assert "all in agreement" in verified.out
    totals = (await command(daemon, "restore", "--verify", file, "--json")).json
    assert (totals["restored"], totals["totals"]["invoices"] >= 1) == (None, True)
    assert (await daemon.show(invoice["id"]))["status"] == "new"
    assert [entry.name for entry in tmp_path.iterdir()] == [file.name]


async def test_nothing_is_restored_under_a_running_daemon(daemon: Daemon, tmp_path: Path) -> None:
    file = tmp_path / "backup.sqlite3"
    await command(daemon, "backup", file)
    refused = await command(daemon, "restore", file, exit_code=1)
    assert "stop the daemon first" in refused.err
    assert len(refused.err.splitlines()) == 1
    assert (await daemon.invoice())["status"] == "new"


@pytest.mark.parametrize("broken", ["status", "seq", "sum", "newer"])
async def test_what_does_not_agree_with_itself_is_not_restored(
    daemon: Daemon, tmp_path: Path, broken: str
) -> None:
    await daemon.invoice()
    file = tmp_path / "backup.sqlite3"
    await command(daemon, "backup", file)
    change, said = {
        "status": ("UPDATE invoices SET status = 'settled' WHERE status = 'new'", "its amounts say"),
        "seq": ("DELETE FROM events WHERE seq = 2", "has seq 3 where 2 belongs"),
        "sum": (
            """
            INSERT INTO payments SELECT 9999, 'pay_9', chain, 'x:0', 'x', asset_code, asset_symbol,
                asset_decimals, '7', destination_key, invoice_id, 'shop', 6, 'pending', 0, 0, 0, NULL, NULL,
                0, NULL FROM options LIMIT 1
            """,
            "adds up to",
        ),
        "newer": ("PRAGMA user_version = 999", "newer release wrote this database"),
    }[broken]
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(change)
        connection.commit()
    for arguments in (("restore", "--verify", file), ("restore", file)):
        if arguments[1] == file:
            await daemon.stop()
        refused = await command(daemon, *arguments, exit_code=1)
        assert said in refused.err
        assert str(file) in refused.err
    await daemon.start()
    assert (await daemon.invoice())["status"] == "new"


async def test_a_backup_of_an_older_release_is_brought_up_to_date(tmp_path: Path) -> None:
    """On a machine that has nothing yet, and as the daemon finds it afterwards."""
    file, state = tmp_path / "backup.sqlite3", tmp_path / "state"
    kept = min((Path(__file__).parents[1] / "databases").glob("0001-*.sql"))
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(kept.read_text(encoding="utf-8"))
    config = tmp_path / "paydaemon.toml"
    config.write_text(f'[daemon]\nstate_dir = "{state}"\n')
    state.mkdir(mode=0o700)
    arguments = (str(file), "--json", "--config", str(config))
    verified = await paydaemon("restore", "--verify", *arguments)
    assert (verified.exit_code, verified.json["version"]) == (0, 1), verified
    done = await paydaemon("restore", *arguments)
    assert (done.exit_code, done.json["totals"]) == (0, verified.json["totals"]), done
    database = state / "paydaemon.sqlite3"
    assert {path.name for path in state.iterdir()} == {database.name, f"{database.name}.lock"}
    assert (_version(file), _version(database)) == (1, len(load_migrations()))


@pytest.fixture
async def still(tmp_path: Path) -> Path:
    """The configuration of a daemon that does not run, with an empty database."""
    config, state = tmp_path / "paydaemon.toml", tmp_path / "state"
    config.write_text(f'[daemon]\nstate_dir = "{state}"\n')
    state.mkdir(mode=0o700)
    async with open_store(state / "paydaemon.sqlite3"):
        pass
    return config


async def test_it_says_whether_no_daemon_runs_or_one_does_not_answer(still: Path, tmp_path: Path) -> None:
    backup = ("backup", str(tmp_path / "backup.sqlite3"), "--force", "--config", str(still))
    unheard = "the journal does not tell of this backup"
    alone = await paydaemon(*backup)
    assert (alone.exit_code, alone.err) == (0, f"{unheard}: no daemon runs here\n")
    async with open_store(tmp_path / "state" / "paydaemon.sqlite3"):
        silent = await paydaemon(*backup)
        assert (await paydaemon(*backup, "--json")).json["journaled"] is False
    where = tmp_path / "state" / "admin.sock"
    assert (silent.exit_code, silent.err) == (
        0,
        f"{unheard}: a daemon runs, but does not answer at {where}\n",
    )


async def test_neither_the_socket_nor_the_configuration_is_replaced(still: Path, tmp_path: Path) -> None:
    before = still.read_text()
    for target in (tmp_path / "state" / "admin.sock", still):
        done = await paydaemon("backup", str(target), "--force", "--config", str(still))
        assert (done.exit_code, done.err) == (
            1,
            f"Error: {target} is the daemon's own, and is never replaced\n",
        )
    assert still.read_text() == before
    nowhere = tmp_path / "nowhere" / "x"
    done = await paydaemon("backup", str(nowhere), "--config", str(still))
    assert done.err == f"Error: {nowhere}: there is no folder {nowhere.parent}\n"


async def test_a_newer_database_is_refused_plainly(daemon: Daemon) -> None:
    await daemon.stop()
    version = _version(daemon.database)
    _version(daemon.database, 999)
    async with running("run", "--config", str(daemon.config)) as started:
        assert await started.ends() == 1
    assert "newer release wrote this database (version 999" in started.err[-1]
    assert "Traceback" not in "\n".join(started.err)
    _version(daemon.database, version)
    await daemon.start()
    assert (await daemon.invoice())["status"] == "new"


def _version(database: Path, to: int | None = None) -> int:
    with closing(sqlite3.connect(database)) as connection:
        [version] = connection.execute("PRAGMA user_version").fetchone()
        if to is not None:
            connection.execute(f"PRAGMA user_version = {to}")
        return int(version)
