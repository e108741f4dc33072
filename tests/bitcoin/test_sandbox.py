"""The sandbox: a real network that leaves nothing behind."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from paydaemon.core.payment import PaymentState
from paydaemon.hooks.ports import PayTo
from paydaemon.hooks.sandbox import SandboxFacts
from paydaemon_bitcoin import plugin
from paydaemon_bitcoin.chain import BitcoinChain
from paydaemon_bitcoin.config import BitcoinConfig
from paydaemon_bitcoin.regtest import NoBitcoind, NodeFailed, RegtestNode, btc, find_bitcoind
from paydaemon_bitcoin.rpc import connect
from paydaemon_bitcoin.sandbox import BitcoinSandbox, seller_descriptor
from tests.bitcoin.world import World
from tests.support.host import FakeHost
from tests.support.waiting import BOUND_S


async def test_a_payment_goes_all_the_way(tmp_path: Path) -> None:
    sandbox = BitcoinSandbox()
    async with trio.open_nursery() as nursery:
        facts: SandboxFacts = await nursery.start(sandbox.run, tmp_path)
        settings = {name: value for name, value in facts.settings.items() if name != "plugin"}
        config = BitcoinConfig.model_validate(settings)
        shop = World(sandbox.node, FakeHost(), config, BitcoinChain("bitcoin", config))
        async with shop.watching():
            destination = await shop.issue()
            to = PayTo(destination.address, None, "BTC", 20_834)
            txid = await sandbox.pay(to)
            await shop.seen(destination.address)
            assert shop.host.only(destination.address).transaction_id == txid
            await sandbox.finalise(6)
            await shop.state(destination.address, PaymentState.CONFIRMED)
        nursery.cancel_scope.cancel()
    with pytest.raises(ProcessLookupError):
        os.kill(facts.pids["bitcoind"], 0)


async def test_its_facts_let_a_script_in(tmp_path: Path) -> None:
    sandbox = BitcoinSandbox()
    async with trio.open_nursery() as nursery:
        facts: SandboxFacts = await nursery.start(sandbox.run, tmp_path)
        assert facts.settings["plugin"] == "bitcoin"
        assert facts.prices["BTC/EUR"]
        assert facts.public["wallet"] == "miner"
        url = str(facts.public["rpc"])
        user, password = url.removeprefix("http://").partition("@")[0].split(":")
        rpc = connect("http://" + url.partition("@")[2], lambda: (user, password))
        assert await rpc.wallet("miner").call("getbalance") > 1
        rpc.close()
        nursery.cancel_scope.cancel()


async def test_its_commands_pay_and_finalise(tmp_path: Path) -> None:
    sandbox = BitcoinSandbox()
    async with trio.open_nursery() as nursery:
        await nursery.start(sandbox.run, tmp_path)
        address = await sandbox.node.miner.call("getnewaddress", "", "bech32")
        before = await sandbox.node.rpc.call("getblockcount")
        send, mine = sandbox.how_to_pay(PayTo(address, None, "BTC", 20_834))
        sent = await trio.run_process(["sh", "-c", send], capture_stdout=True)
        await trio.run_process(["sh", "-c", mine], capture_stdout=True)
        found = await sandbox.node.miner.call("gettransaction", sent.stdout.decode().strip())
        assert found["confirmations"] == 6
        assert await sandbox.node.rpc.call("getblockcount") == before + 6
        nursery.cancel_scope.cancel()


async def test_no_password_is_among_the_processes_arguments(node: RegtestNode) -> None:
    arguments = await trio.Path(f"/proc/{node.pid}/cmdline").read_bytes()
    assert b"-datadir" in arguments
    assert node.password.encode() not in arguments
    assert node.password not in await trio.Path(node.folder / "bitcoin.conf").read_text()


async def test_a_payment_whose_lock_time_is_21_is_taken(node: RegtestNode) -> None:
    """A wallet sets one of the last hundred blocks as the lock time, by lot, and Bitcoin Knots takes 21 for a
    token's mark: one payment of a thousand was never on its way.
    """
    coin = await node.coin()
    there = await node.miner.call("getnewaddress", "", "bech32")
    inputs = [{"txid": coin.txid, "vout": coin.vout, "sequence": 0xFFFF_FFFD}]
    outputs = [{there: btc(coin.amount_minor - 1_000)}]
    raw = await node.rpc.call("createrawtransaction", inputs, outputs, 21)
    signed = (await node.miner.call("signrawtransactionwithwallet", raw))["hex"]
    assert await node.send(signed) in await node.rpc.call("getrawmempool")


async def test_a_node_that_ends_by_itself_is_an_error(tmp_path: Path) -> None:
    sandbox = BitcoinSandbox()
    with pytest.RaisesGroup(pytest.RaisesExc(NodeFailed)):
        async with trio.open_nursery() as nursery:
            await nursery.start(sandbox.run, tmp_path)
            await sandbox.node.rpc.call("stop")
            await trio.sleep(BOUND_S)
    with pytest.raises(RuntimeError, match="does not run"):
        await sandbox.finalise(1)


async def test_a_node_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(NodeFailed, match="nonsense"):
        async with RegtestNode(tmp_path, options={"rpcbind": "nonsense"}):
            pass


async def test_a_port_that_somebody_took_is_picked_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from paydaemon_bitcoin import regtest

    honest = regtest._free_ports
    sockets = await trio.open_tcp_listeners(0, host="127.0.0.1")
    taken = sockets[0].socket.getsockname()[1]
    picks = [[taken, honest(1)[0]]]
    monkeypatch.setattr(regtest, "_free_ports", lambda count: picks.pop() if picks else honest(count))
    async with RegtestNode(tmp_path) as node:
        assert node.rpc_port != taken
        assert await node.rpc.call("getblockcount") == 0
    for one in sockets:
        await one.aclose()


def test_a_missing_bitcoind_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYDAEMON_BITCOIND_DIR", str(tmp_path))
    with pytest.raises(NoBitcoind, match="make bitcoind"):
        find_bitcoind()
    monkeypatch.delenv("PAYDAEMON_BITCOIND_DIR")
    monkeypatch.setenv("PAYDAEMON_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoBitcoind, match="make bitcoind"):
        find_bitcoind()


def test_the_cache_is_where_the_tool_unpacks_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool = (Path(__file__).parents[2] / "tools" / "get-bitcoind").read_text(encoding="utf-8")
    (folder,) = re.findall(r"^NODE=(\S+)$", tool, re.MULTILINE)
    monkeypatch.delenv("PAYDAEMON_BITCOIND_DIR", raising=False)
    monkeypatch.setenv("PAYDAEMON_CACHE", str(tmp_path))
    place = tmp_path / "bitcoind" / folder / "bin"
    place.mkdir(parents=True)
    (place / "bitcoind").touch(mode=0o755)
    assert find_bitcoind() == place


def test_the_plugin_brings_a_chain_and_a_sandbox() -> None:
    (chain,) = plugin.register_chains()
    assert (chain.name, chain.config) == ("bitcoin", BitcoinConfig)
    settings = {"network": "regtest", "descriptor": seller_descriptor(), "cookie_file": "/nowhere"}
    assert isinstance(chain.build("btc", BitcoinConfig.model_validate(settings)), BitcoinChain)
    assert chain.diagnose is not None
    (sandbox,) = plugin.register_sandboxes()
    assert sandbox.chain == "bitcoin"
    assert isinstance(sandbox.build(), BitcoinSandbox)


def test_nothing_happens_at_import() -> None:
    code = (
        "import sys, threading, paydaemon_bitcoin.plugin\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
        "assert not any('paydaemon.store' in name or 'paydaemon.engine' in name for name in sys.modules)\n"
        "assert 'zmq' not in sys.modules, 'only a daemon with such a chain needs it'\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
