"""A plugin that does not let itself be cancelled holds the stop no longer than it may, and is named."""

import json
from pathlib import Path

import httpx
import trio

from paydaemon.ending import EXIT_HELD
from tests.faults.stage import installed, staged
from tests.faults.stubborn import ASKED
from tests.support.daemon import Daemon
from tests.support.waiting import BOUND_S, until

TABLES = {
    "frontends": {"runs": {"plugin": "stubborn"}, "answers": {"plugin": "stubborn"}},
    "limits": {"http": {"grace_s": 0}, "plugins": {"stop_timeout_s": 1}},
}


async def test_a_stubborn_plugin_is_left_behind_and_named(tmp_path: Path) -> None:
    installed(tmp_path, "stubborn", "tests.faults.stubborn")
    async with staged(tmp_path, tables=TABLES) as stage, trio.open_nursery() as nursery:
        nursery.start_soon(ask, stage.daemon)
        await until(lambda: ASKED in stage.daemon.log())
        await stage.daemon.stop(EXIT_HELD)
    errors = [json.loads(line) for line in stage.daemon.errors()]
    named = {(line.get("service"), line.get("plugin")) for line in errors}
    assert named == {("frontend runs", "stubborn"), ("frontend answers", "stubborn"), (None, None)}


async def ask(daemon: Daemon) -> None:
    """Never gets an answer."""
    async with httpx.AsyncClient(timeout=BOUND_S, verify=False) as client:
        try:
            await client.get(f"{daemon.api}/answers")
        except httpx.HTTPError:
            return
    raise AssertionError("it was answered")
