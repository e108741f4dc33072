"""``paydaemon demo`` in its three forms, each in a folder of its own in which nothing may be left."""

import os
import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest
import trio

from paydaemon_bitcoin.regtest import RegtestNode, connect
from tests.e2e.commands import Running, running
from tests.support.waiting import BOUND_S

ORDER = ["invoice.created", "invoice.payment_seen", "invoice.processing", "invoice.settled"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment whose temporary files are ours to count."""
    return {**os.environ, "TMPDIR": str(tmp_path)}


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _told(run: Running, types: Sequence[str]) -> list[str]:
    """Which of these events were told, in the order they were."""
    words = [word for line in run.out for word in line.split()]
    return [word for word in words if word in types]


async def test_once_plays_one_payment_to_settled(environment: dict[str, str], tmp_path: Path) -> None:
    async with running("demo", "--once", "--port", "0", env=environment) as demo:
        assert await demo.ends() == 0, demo.err
    assert _told(demo, ORDER) == ORDER
    assert demo.out[-1] == "bitcoin: 12.50 EUR paid and settled"
    assert demo.err == []
    assert list(tmp_path.iterdir()) == []


async def test_for_scripts_it_says_one_line_and_leaves_nothing(
    environment: dict[str, str], tmp_path: Path
) -> None:
    async with running("demo", "--json", "--port", "0", env=environment) as demo:
        await demo.says("api")
        (line,) = demo.out
        ready = json.loads(line)
        assert ready.keys() == {"api", "key", "pids", "bitcoin"}
        assert ready["pids"].keys() == {"daemon", "bitcoind"}
        assert all(_is_alive(pid) for pid in ready["pids"].values())
        await _play(ready)
        assert await demo.interrupt() == 0
    assert demo.out == [line], "one line alone, also at the end"
    assert demo.err, "everything else is said there"
    assert not any(_is_alive(pid) for pid in ready["pids"].values())
    assert list(tmp_path.iterdir()) == []


async def test_by_hand_the_commands_it_prints_pay_the_invoice(
    environment: dict[str, str], tmp_path: Path
) -> None:
    async with running("demo", "--port", "0", env=environment) as demo:
        await demo.says("Ctrl-C ends it all")
        api, key, curl, send, mine = _printed(demo)
        await demo.says("invoice.created")
        created = await _shell(curl, environment)
        assert json.loads(created)["status"] == "new"
        await _shell(send, environment)
        await demo.says("invoice.processing")
        await _shell(mine, environment)
        await demo.says("invoice.settled")
        async with httpx.AsyncClient(base_url=api, verify=False, timeout=BOUND_S) as client:
            listed = await client.get("/v1/invoices", headers={"Authorization": f"Bearer {key}"})
        statuses = [invoice["status"] for invoice in listed.json()["data"]]
        assert statuses == ["new", "settled"]
        assert await demo.interrupt() == 0
    assert demo.err == []
    assert list(tmp_path.iterdir()) == []
