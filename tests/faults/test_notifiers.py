"""The example of docs/notifiers.md, installed as anybody's plugin is, on a real daemon that is killed."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import trio

from tests.e2e.commands import paydaemon
from tests.faults.stage import ROOT, installed, staged
from tests.support.daemon import Json, patiently

EXAMPLE = ROOT / "docs" / "examples" / "tell_file.py"


def install_example(folder: Path) -> Mapping[str, Any]:
    """Install the plugin; returns the table that asks for it."""
    installed(folder, "tell-file", "tell_file")
    shutil.copy(EXAMPLE, folder / "installed")
    return {"log": {"plugin": "tell-file", "path": str(folder / "told" / "events.jsonl")}}


def told(folder: Path) -> list[Json]:
    file = folder / "told" / "events.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


async def test_the_example_writes_every_event_to_its_file_whatever_happens(tmp_path: Path) -> None:
    tables = {"notifiers": install_example(tmp_path), "limits": {"deliveries": {"retry_longest_pause_s": 1}}}
    async with staged(tmp_path, tables=tables) as stage:
        daemon = stage.daemon
        first = await stage.created("first")
        [target] = (await daemon.call("GET", "/v1/targets"))["data"]
        assert target["id"] == "log:file"
        await patiently(lambda: is_in_state(daemon, "down"))
        (tmp_path / "told").mkdir()
        await patiently(lambda: is_in_state(daemon, "well"))
        stage.settle(first)
        await daemon.until_status(first["id"], "settled")
        await daemon.kill()
        await daemon.start()
        second = await stage.created("second")
        journal = await daemon.journal()
        await patiently(lambda: has_heard(tmp_path, journal[-1]["seq"]))
        await in_order(tmp_path, journal, second)
        await commands_tell(daemon)
        assert (await plugin_row(daemon))["notifiers"] == ["tell-file"]
        await daemon.stop()


async def is_in_state(daemon: Any, state: str) -> bool:
    [target] = (await daemon.call("GET", "/v1/targets"))["data"]
    return bool(target["state"] == state)


async def has_heard(folder: Path, seq: int) -> bool:
    await trio.lowlevel.checkpoint()
    return seq in {event["seq"] for event in told(folder)}


async def in_order(folder: Path, journal: list[Json], invoice: Json) -> None:
    """Everything from when the target came, of each invoice in its order, and with its links."""
    first_seen: dict[int, Json] = {}
    for event in told(folder):
        first_seen.setdefault(event["seq"], event)
    begin = min(first_seen)
    assert sorted(first_seen) == [event["seq"] for event in journal if event["seq"] >= begin]
    of_invoice: dict[str | None, list[int]] = {}
    for seq, event in first_seen.items():
        of_invoice.setdefault(event["invoice_id"], []).append(seq)
    for id, seqs in of_invoice.items():
        assert id is None or seqs == sorted(seqs)
    [created] = [event for event in first_seen.values() if event["invoice_id"] == invoice["id"]]
    assert created["data"]["invoice"]["checkout_url"] == invoice["checkout_url"]


async def commands_tell(daemon: Any) -> None:
    """The same from a shell."""
    where = ("--socket", str(daemon.socket))
    targets = await paydaemon("deliveries", "targets", *where)
    assert targets.out.startswith("log:file"), targets
    listed = await paydaemon("deliveries", "list", "--target", "log:file", "--json", *where)
    rows = listed.json["data"]
    assert {row["state"] for row in rows} == {"delivered"}
    shown = await paydaemon("deliveries", "show", rows[-1]["id"], *where)
    assert "not taken" in shown.out
    assert "No such file or directory" in shown.out
    again = await paydaemon("deliveries", "retry", rows[0]["id"], *where)
    assert (again.exit_code, again.err) == (1, "Error: id: this was taken already\n")
    parked = await paydaemon("deliveries", "retry", "--target", "log:file", *where)
    assert parked.out == "0 are tried again\n"
    none = await paydaemon("webhook", "add", "https://shop.example", *where)
    assert none.err == "Error: no notifier for webhooks is configured here\n"


async def plugin_row(daemon: Any) -> Json:
    rows = (await daemon.call("GET", "/v1/plugins"))["data"]
    [row] = [row for row in rows if row["name"] == "tell-file"]
    assert [service["name"] for service in row["services"]] == ["notifier log"]
    return dict(row)
