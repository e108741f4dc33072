"""``paydaemon plugins``: what the daemon says of them, or the machine, for people and for programs."""

from pathlib import Path

from click.testing import CliRunner

from paydaemon.cli.main import cli
from paydaemon.cli.plugins import _lines
from paydaemon.frontends.openapi.samples import PLUGIN
from tests.e2e.commands import paydaemon
from tests.support.served import Served

SERVICE = {"name": "chain main", "state": "waiting", "since": "2026-01-31T11:58:00.000Z"}


async def test_a_running_daemon_is_asked(daemon: Served) -> None:
    done = await paydaemon("plugins", "--socket", str(daemon.socket))
    assert done.out.splitlines() == [
        "fake  loaded",
        "  distribution  (handed over) 1.0",
        "  service       chain bitcoin: running since 2026-01-31T11:58:00.000Z",
    ]
    [row] = (await paydaemon("plugins", "--json", "--socket", str(daemon.socket))).json["data"]
    assert row.keys() == PLUGIN.keys()


def test_everything_that_is_known_of_one_is_shown() -> None:
    row = {
        **PLUGIN,
        "commands": ["dig", "fill"],
        "health": [{"chain": "main", "state": "stale", "reason": "its node is away"}],
        "services": [{**SERVICE, "restarts": 2, "last_error": "gone"}],
        "deprecated": ["something is deprecated"],
    }
    assert list(_lines(row)) == [
        "bitcoin  loaded",
        "  distribution  paydaemon-bitcoin 0.1.0, plugin API 1.0",
        "  chains        bitcoin",
        "  sandboxes     bitcoin",
        "  commands      dig, fill",
        "  health        main: stale (its node is away)",
        "  service       chain main: waiting since 2026-01-31T11:58:00.000Z, restarted 2 times (gone)",
        "  deprecated    something is deprecated",
    ]
    broken = {**PLUGIN, "status": "broken", "reason": "cannot be imported", "api": None, "services": []}
    assert next(_lines(broken)) == "bitcoin  broken: cannot be imported"


def test_without_a_daemon_what_is_installed_is_shown(tmp_path: Path) -> None:
    nobody = str(tmp_path / "nobody.sock")
    done = CliRunner().invoke(cli, ["plugins", "--installed", "--socket", nobody])
    assert (done.exit_code, done.stderr) == (0, "")
    assert "\n  chains        bitcoin\n" in done.stdout
    assert "\n  rate sources  kraken, coinbase, " in done.stdout
