"""``paydaemon doctor`` on real nodes and daemons: sound ones, and each of the ways in which they break."""

import errno
import os
import socket
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import trio

from paydaemon.cli.toml import to_toml
from paydaemon.config import load_config
from paydaemon.doctor import asking
from paydaemon.doctor.chains import examine_chains
from paydaemon.doctor.files import disk_findings
from paydaemon.hooks.diagnosis import ChainRecord, Finding, ok
from paydaemon.store.sqlite import open_store
from paydaemon_bitcoin.regtest import RegtestNode
from tests.e2e.commands import paydaemon
from tests.e2e.setup import NEVER_S, bitcoin
from tests.support.daemon import Daemon, Json
from tests.support.node import copy_node

Found = dict[tuple[str, str], Json]

UNTOLD: Mapping[str, object] = {"zmq_rawtx": None, "zmq_sequence": None}
"""Without ZMQ, to whose publisher the doctor listens for some seconds."""


async def examined(config: Path) -> tuple[int, Found]:
    """The exit code and what was found, by area and name; all of it well-formed."""
    done = await paydaemon("doctor", "--json", "--config", str(config))
    assert done.err == ""
    assert done.json["healthy"] is (done.exit_code == 0)
    for row in done.json["findings"]:
        assert set(row) == {"area", "what", "verdict", "said", "advice"}
        assert (row["verdict"] == "ok") is (row["advice"] == ""), row
        assert row["said"]
    return done.exit_code, {(row["area"], row["what"]): row for row in done.json["findings"]}


async def the_problem(config: Path, area: str, what: str) -> str:
    """What is said of the one thing that is a problem."""
    code, found = await examined(config)
    problems = [key for key, row in found.items() if row["verdict"] == "problem"]
    assert (code, problems) == (1, [(area, what)]), found
    return str(found[area, what]["said"])


class Setup:
    """A daemon's folder without a daemon. `write` writes its configuration, without ZMQ unless named."""

    def __init__(self, folder: Path, node: RegtestNode) -> None:
        self.folder = folder
        self.config = folder / "paydaemon.toml"
        self.state = folder / "state"
        self.database = self.state / "paydaemon.sqlite3"
        self.tables = bitcoin(node, poll_interval_s=NEVER_S)
        self.state.mkdir(mode=0o700)
        self.write()

    def write(self, node: Mapping[str, object] | None = None, *, bind: str = "", **chain: object) -> None:
        table = {**self.tables["chains"]["bitcoin"], **(node or {}), **UNTOLD, **chain}
        table = {key: value for key, value in table.items() if value is not None}
        document = {
            "daemon": {"state_dir": str(self.state)},
            "http": {"bind": bind or "127.0.0.1:0"},
            "chains": {"bitcoin": table},
            "rates": {"fixed": {"prices": {"BTC/EUR": "60000.00"}}},
        }
        self.config.write_text(to_toml(document), encoding="utf-8")
        self.config.chmod(0o600)

    async def make_database(self) -> None:
        async with open_store(self.database):
            pass


@pytest.fixture
def setup(tmp_path: Path, node: RegtestNode) -> Setup:
    return Setup(tmp_path, node)


async def test_a_running_daemon_is_well(daemon: Daemon) -> None:
    code, found = await examined(daemon.config)
    assert code == 0, found
    assert {row["verdict"] for row in found.values()} == {"ok"}
    assert {area for area, _ in found} == {
        *("configuration", "disk", "database", "clock", "daemon", "chains.bitcoin", "rates.fixed")
    }
    bitcoins = {what for area, what in found if area == "chains.bitcoin"}
    assert bitcoins == {
        *("node", "network", "sync", "clock", "identity", "descriptor", "wallet", "zmq_rawtx", "zmq_sequence")
    }
    assert f"(pid {daemon.pid})" in found["daemon", "socket"]["said"]
    assert "are those of the database" in found["chains.bitcoin", "identity"]["said"]


async def test_it_says_so_to_people_line_by_line(daemon: Daemon) -> None:
    done = await paydaemon("doctor", "--config", str(daemon.config))
    assert done.exit_code == 0
    *lines, last = done.out.splitlines()
    assert all(line.startswith("ok ") for line in lines)
    assert last == f"{len(lines)} findings, of which 0 problem(s) and 0 warning(s)"


async def test_a_stopped_daemon_is_well_and_nothing_is_left_behind(setup: Setup) -> None:
    await setup.make_database()
    before = {path.name for path in setup.state.iterdir()}
    code, found = await examined(setup.config)
    assert code == 0, found
    assert "no daemon runs" in found["daemon", "socket"]["said"]
    assert {path.name for path in setup.state.iterdir()} == before


async def test_before_the_first_start_all_is_well_too(setup: Setup) -> None:
    code, found = await examined(setup.config)
    assert code == 0, found
    assert "made at the first start" in found["database", "file"]["said"]


# The node


async def test_a_node_that_is_away(setup: Setup, prepared: Path, tmp_path: Path) -> None:
    away = copy_node(prepared, tmp_path / "away")
    async with away:
        setup.write(away.settings)
    said = await the_problem(setup.config, "chains.bitcoin", "node")
    assert away.url in said


async def test_a_node_that_does_not_know_us(setup: Setup, tmp_path: Path) -> None:
    cookie = tmp_path / "cookie"
    cookie.write_text("__cookie__:wrong")
    setup.write(cookie_file=str(cookie))
    said = await the_problem(setup.config, "chains.bitcoin", "node")
    assert "wrong" not in said


async def test_a_node_on_another_network(setup: Setup) -> None:
    setup.write(network="signet")
    code, found = await examined(setup.config)
    assert code == 1
    assert "'regtest', and signet is configured" in found["chains.bitcoin", "network"]["said"]


async def test_a_node_whose_clock_is_wrong(setup: Setup, prepared: Path, tmp_path: Path) -> None:
    """`setmocktime` turns the clock that the node tells times by, and the one that RPC tells."""
    async with copy_node(prepared, tmp_path / "wrong") as wrong:
        setup.write(wrong.settings)
        now = int((await wrong.rpc.call("getnettotals"))["timemillis"]) // 1000
        await wrong.rpc.call("setmocktime", now + 7_200)
        code, found = await examined(setup.config)
        clock = found["chains.bitcoin", "clock"]
        if int((await wrong.rpc.call("getnettotals"))["timemillis"]) // 1000 < now + 7_000:
            assert clock["verdict"] == "ok"  # this release's RPC tells the machine's own clock
        else:
            assert (code, clock["verdict"]) == (1, "problem")


async def test_a_node_without_wallets(setup: Setup, prepared: Path, tmp_path: Path) -> None:
    async with copy_node(prepared, tmp_path / "walletless", disablewallet=1) as walletless:
        setup.write(walletless.settings)
        assert "without wallets" in await the_problem(setup.config, "chains.bitcoin", "wallet")


async def test_a_wallet_with_keys_in_it(setup: Setup) -> None:
    setup.write(wallet="miner")
    assert "watch-only" in await the_problem(setup.config, "chains.bitcoin", "wallet")


async def test_another_descriptor_than_the_databases(daemon: Daemon, setup: Setup) -> None:
    """The same database, by a configuration with a descriptor of its own."""
    setup.state.rmdir()
    setup.state.symlink_to(daemon.database.parent)
    said = await the_problem(setup.config, "chains.bitcoin", "identity")
    assert "the descriptor is of another wallet (wpkh " in said
    assert "network" not in said


# ZMQ


async def test_no_zmq_is_a_warning(setup: Setup) -> None:
    code, found = await examined(setup.config)
    assert code == 0
    for what in ("zmq_rawtx", "zmq_sequence"):
        assert found["chains.bitcoin", what]["verdict"] == "warning"


async def test_zmq_that_the_node_does_not_publish(setup: Setup, prepared: Path, tmp_path: Path) -> None:
    async with copy_node(prepared, tmp_path / "silent", zmq=False) as silent:
        endpoint = "tcp://127.0.0.1:28332"
        setup.write(silent.settings, zmq_rawtx=endpoint)
        assert "does not publish rawtx" in await the_problem(setup.config, "chains.bitcoin", "zmq_rawtx")


async def test_zmq_at_another_endpoint(setup: Setup) -> None:
    setup.write(zmq_rawtx="tcp://127.0.0.1:1")
    assert "is configured" in await the_problem(setup.config, "chains.bitcoin", "zmq_rawtx")


async def test_zmq_at_a_host_where_nobody_speaks(setup: Setup, node: RegtestNode) -> None:
    """The port is right and the host is not: the node says nothing against it, so only listening tells."""
    setup.write(zmq_sequence=f"tcp://127.0.0.9:{node.zmq_port}")
    assert "no publisher answers" in await the_problem(setup.config, "chains.bitcoin", "zmq_sequence")


# The machine


async def test_a_port_that_somebody_else_has(setup: Setup) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        setup.write(bind=f"127.0.0.1:{other.getsockname()[1]}")
        said = await the_problem(setup.config, "daemon", "port")
    assert f"(pid {os.getpid()})" in said


async def test_a_port_that_the_daemon_has_and_one_that_it_should_have(daemon: Daemon, setup: Setup) -> None:
    setup.state.rmdir()
    setup.state.symlink_to(daemon.database.parent)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        other = f"127.0.0.1:{free.getsockname()[1]}"
    for bind, verdict, said in (
        (daemon.api.removeprefix("http://"), "ok", "the daemon listens on"),
        (other, "problem", "though a daemon runs"),
    ):
        setup.write(bind=bind)
        _, found = await examined(setup.config)
        assert found["daemon", "port"]["verdict"] == verdict
        assert said in found["daemon", "port"]["said"]


async def test_a_socket_that_a_crash_left(setup: Setup) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(setup.state / "admin.sock"))
    code, found = await examined(setup.config)
    assert code == 0
    assert "crashed" in found["daemon", "socket"]["said"]


@pytest.mark.parametrize("broken", ["readable", "newer", "damaged", "foreign", "from the future"])
async def test_a_database_with_something_wrong(setup: Setup, broken: str) -> None:
    await setup.make_database()
    area, what, said = "database", "file", ""
    match broken:
        case "readable":
            setup.database.chmod(0o644)
            what, said = "rights", "others may open"
        case "damaged":
            setup.database.write_bytes(setup.database.read_bytes()[:9_000])
            said = "damaged"
        case "newer" | "foreign" | "from the future":
            change, said = {
                "newer": ("PRAGMA user_version = 999", "newer release"),
                "foreign": ("PRAGMA application_id = 7", "another program's"),
                "from the future": (
                    "INSERT INTO events VALUES (1, 'x', 'invoice.created', 99999999999999, NULL, NULL, '{}')",
                    "the newest event is from",
                ),
            }[broken]
            with closing(sqlite3.connect(setup.database)) as connection:
                connection.execute(change)
                connection.commit()
            if broken == "from the future":
                area, what = "clock", "time"
        case _:
            pytest.fail(broken)
    assert said in await the_problem(setup.config, area, what)


async def test_an_older_database_is_a_warning(setup: Setup) -> None:
    kept = min((Path(__file__).parents[1] / "databases").glob("0001-*.sql"))
    with closing(sqlite3.connect(setup.database)) as connection:
        connection.executescript(
            kept.read_text(encoding="utf-8").replace("'bitcoin','fake:bitcoin'", "'x','y'")
        )
        connection.executescript("UPDATE invoices SET stage = 'closed'")  # nobody waits on other chains
    setup.database.chmod(0o600)
    code, found = await examined(setup.config)
    assert (code, found["database", "file"]["verdict"]) == (0, "warning"), found
    assert "version 1" in found["database", "file"]["said"]


async def test_a_folder_that_others_may_change(setup: Setup) -> None:
    setup.state.chmod(0o777)
    code, found = await examined(setup.config)
    assert code == 1
    assert "others may change" in found["disk", "folder"]["said"]


async def test_a_folder_that_is_not_there(setup: Setup) -> None:
    """The daemon makes it, where its user may."""
    setup.state.rmdir()
    code, found = await examined(setup.config)
    assert (code, found["disk", "folder"]["verdict"]) == (0, "ok"), found
    assert "is made at the first start" in found["disk", "folder"]["said"]
    setup.state.symlink_to(setup.folder / "gone")
    assert "No such file" in await the_problem(setup.config, "disk", "folder")


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (errno.ENOSPC, "make room"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "mount it for writing"),
        (errno.EACCES, "the right to write there"),
        (errno.EIO, "look after the disk"),
    ],
)
def test_a_folder_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, advice: str
) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    (writing,) = (finding for finding in disk_findings(tmp_path) if finding.what == "writing")
    assert writing.said.endswith(f"cannot be written: {os.strerror(code)}")
    assert advice in writing.advice


async def test_a_wrong_configuration_is_told_with_all_that_can_be_looked_at(setup: Setup) -> None:
    setup.config.write_text(setup.config.read_text() + "\n[http2]\n")
    setup.config.chmod(0o666)
    code, found = await examined(setup.config)
    assert code == 1
    assert found["configuration", "http2"]["verdict"] == "problem"
    assert found["configuration", "rights"]["verdict"] == "warning"
    assert ("disk", "room") in found
    nowhere = await paydaemon("doctor", "--json", "--config", str(setup.folder / "nowhere.toml"))
    assert (nowhere.exit_code, nowhere.json["findings"][0]["verdict"]) == (1, "problem")


# A plugin's own diagnosis


async def test_a_plugin_that_raises_or_never_answers_is_a_finding(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def raises(id: str, settings: object, record: ChainRecord) -> AsyncIterator[Finding]:
        yield ok("first", "said before it broke")
        raise RuntimeError("oh no")

    async def hangs(id: str, settings: object, record: ChainRecord) -> AsyncIterator[Finding]:
        yield ok("first", "said before it hung")
        await trio.sleep_forever()

    monkeypatch.setattr(asking, "WAIT_S", 0.2)
    chain = load_config(setup.config).chains["bitcoin"]
    for diagnose, said in ((raises, "oh no"), (hangs, "nothing more in 0.2 s"), (None, "no diagnosis")):
        told = await _told(chain, diagnose)
        assert said in told[-1].said
        assert [finding.what for finding in told] == (["first", "plugin"] if diagnose else ["plugin"])


async def _told(chain: object, diagnose: object) -> list[Finding]:
    told: list[Finding] = []
    plugin = replace(chain.plugin, diagnose=diagnose)  # type: ignore[attr-defined]
    chains = {"bitcoin": replace(chain, plugin=plugin)}  # type: ignore[type-var]
    await examine_chains(chains, {}, lambda _, finding: told.append(finding))  # type: ignore[arg-type]
    return told
