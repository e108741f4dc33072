"""The sandbox pays, buries, reorganises and goes away as the port says; and says where it cannot run."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import trio

from paydaemon.core.payment import PaymentState
from paydaemon.hooks.ports import PayTo
from paydaemon.hooks.sandbox import NotInstalled
from paydaemon.hooks.specs import SandboxPlugin
from paydaemon_monero import plugin
from paydaemon_monero.chain import MoneroChain
from paydaemon_monero.config import MoneroConfig
from paydaemon_monero.programs import find_monero
from paydaemon_monero.sandbox import MoneroSandbox
from tests.monero.world import QUICK_S, World, world
from tests.support.waiting import BOUND_S, until


@pytest.mark.soak
async def test_it_runs_in_a_folder_of_its_own_pays_and_leaves_nothing_behind(tmp_path: Path) -> None:
    sandbox = MoneroSandbox()
    async with trio.open_nursery() as nursery:
        with trio.fail_after(4 * BOUND_S):  # the first one on a machine is prepared from nothing
            facts = await nursery.start(sandbox.run, tmp_path / "net")
        here = world(sandbox.net, poll_interval_s=QUICK_S)
        async with here.watching():
            await _plays(sandbox, here)
        nursery.cancel_scope.cancel()
    assert facts.pids.keys() == {"monerod", "monero-payer", "monero-wallet"}
    assert not any(_is_alive(pid) for pid in facts.pids.values())


async def _plays(sandbox: MoneroSandbox, here: World) -> None:
    one, other = await here.issue(), await here.issue()
    to = [PayTo(destination.address, None, "XMR", 7) for destination in (one, other)]
    txid = await sandbox.pay_all(to)
    await here.seen(other.address)
    assert here.host.only(one.address).transaction_id == txid
    await sandbox.finalise(6)
    await here.state(one.address, PaymentState.CONFIRMED)
    await sandbox.reorganise(6)
    await here.state(one.address, PaymentState.PENDING)
    await sandbox.go_away()
    await here.stale("the wallet does not answer")
    await sandbox.come_back()
    pay, mine = sandbox.how_to_pay(to[0])
    for command in (pay, mine):
        await _as_curl_would(command)
    await until(lambda: any(paid.state is PaymentState.CONFIRMED for paid in here.host.to(one.address)))


async def _as_curl_would(command: str) -> None:
    """Make the request of a printed curl command: curl itself need not be there."""
    _, _, url, *options = shlex.split(command)
    async with httpx.AsyncClient(verify=False, timeout=BOUND_S) as client:
        answer = await client.post(url, json=json.loads(options[-1]))
    assert "error" not in answer.json(), answer.text


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_missing_programs_are_told_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYDAEMON_MONERO_DIR", str(tmp_path))
    (tmp_path / "monerod").touch(mode=0o755)
    with pytest.raises(NotInstalled, match="make monero"):
        find_monero()
    monkeypatch.delenv("PAYDAEMON_MONERO_DIR")
    monkeypatch.setenv("PAYDAEMON_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotInstalled, match="make monero"):
        find_monero()


def test_the_cache_is_where_the_tool_unpacks_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = (Path(__file__).parents[2] / "tools" / "get-monero").read_text(encoding="utf-8")
    (folder,) = re.findall(r"^NODE=(\S+)$", tool, re.MULTILINE)
    monkeypatch.delenv("PAYDAEMON_MONERO_DIR", raising=False)
    monkeypatch.setenv("PAYDAEMON_CACHE", str(tmp_path))
    place = tmp_path / "monero" / folder / "bin"
    place.mkdir(parents=True)
    for program in ("monerod", "monero-wallet-rpc"):
        (place / program).touch(mode=0o755)
    assert find_monero() == place


def test_the_plugin_brings_a_chain_and_a_sandbox() -> None:
    (chain,) = plugin.register_chains()
    assert (chain.name, chain.config, chain.build) == ("monero", MoneroConfig, MoneroChain)
    assert chain.diagnose is not None
    assert plugin.register_sandboxes() == (SandboxPlugin("monero", MoneroSandbox),)


def test_nothing_happens_at_import() -> None:
    code = (
        "import sys, threading, paydaemon_monero.plugin\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
        "assert not any('paydaemon.store' in name or 'paydaemon.engine' in name for name in sys.modules)\n"
        "assert not any(name.startswith('paydaemon_bitcoin') for name in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
