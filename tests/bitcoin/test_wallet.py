"""The node's wallet and its range, on a real node."""

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import structlog
import trio

from paydaemon.core.payment import PaymentState
from paydaemon.hooks.diagnosis import ChainRecord, Finding, Verdict
from paydaemon.hooks.ports import ChainMismatch, HealthState
from paydaemon_bitcoin.config import BitcoinConfig
from paydaemon_bitcoin.descriptors import HARDENED, Descriptor
from paydaemon_bitcoin.diagnosis import diagnose
from paydaemon_bitcoin.regtest import RegtestNode
from paydaemon_bitcoin.sandbox import seller_descriptor
from paydaemon_bitcoin.wallet import KNOWN_WALLET
from tests.bitcoin.world import World, world
from tests.support.host import FakeHost
from tests.support.node import copy_node
from tests.support.waiting import until

PAID = 20_834


async def ranges(shop: World) -> Any:
    (found,) = (await shop.chain._wallet.rpc.call("listdescriptors"))["descriptors"]
    return found["range"]


@pytest.fixture
async def strict_node(prepared: Path, tmp_path: Path) -> AsyncIterator[RegtestNode]:
    """A node whose wallets do not look ahead by themselves."""
    async with copy_node(prepared, tmp_path / "node", keypool=1) as node:
        yield node


async def test_sixty_four_at_once_get_distinct_addresses_that_are_all_watched(
    strict_node: RegtestNode,
) -> None:
    node = strict_node
    shop = world(node, lookahead=40)
    async with shop.watching() as chain:
        addresses: dict[int, str] = {}

        async def issue(index: int) -> None:
            addresses[index] = (await chain.destination(index, shop.request())).address

        async with trio.open_nursery() as nursery:
            for index in range(64):
                nursery.start_soon(issue, index)
        assert len(set(addresses.values())) == 64
        assert (await ranges(shop))[1] >= 63
        await node.pay(addresses[63], PAID)
        await shop.seen(addresses[63])


async def test_the_range_grows_in_time_so_that_nobody_waits(strict_node: RegtestNode) -> None:
    shop = world(strict_node, lookahead=40)
    async with shop.watching() as chain:
        assert await ranges(shop) == [0, 39]
        await chain.destination(15, shop.request())
        await chain.destination(25, shop.request())
        await until(lambda: chain._wallet._end >= 80)


async def test_an_index_far_ahead_is_watched_before_it_is_given_out(node: RegtestNode) -> None:
    """As when indexes leap ahead after a restore."""
    shop = world(node)
    async with shop.watching() as chain:
        destination = await chain.destination(20_000, shop.request())
        assert (await ranges(shop))[1] >= 20_000
        await node.pay(destination.address, PAID)
        await shop.seen(destination.address)


async def test_the_node_notes_down_nothing_of_the_addresses_before_a_paid_one(node: RegtestNode) -> None:
    """One durable write for each would keep it busy for minutes where very many were never paid."""
    shop = world(node)
    async with shop.watching() as chain:
        destinations = [await chain.destination(index, shop.request()) for index in range(10)]
        await node.pay(destinations[9].address, PAID)
        await shop.seen(destinations[9].address)
        for destination in destinations[1:]:
            info = await chain._wallet.rpc.call("getaddressinfo", destination.address)
            assert (info["ismine"], info["labels"]) == (True, [])


def warnings(log: Sequence[Mapping[str, object]]) -> list[Mapping[str, object]]:
    return [line for line in log if line["event"] == KNOWN_WALLET]


async def history(shop: World) -> list[Finding]:
    """What the doctor finds of the wallet's past, with a database as the host's."""
    record = ChainRecord(shop.host.identity, shop.host.next_index)
    return [found async for found in diagnose("bitcoin", shop.config, record) if found.what == "history"]


async def test_a_lost_database_is_noticed_by_what_the_wallet_remembers(node: RegtestNode) -> None:
    shop = world(node)
    with structlog.testing.capture_logs() as log:
        async with shop.watching():
            await shop.issue()
        async with shop.watching():
            pass
    assert warnings(log) == [], "neither a new wallet nor a restart is worth a word"
    assert await history(shop) == []
    shop.host = FakeHost()
    [found] = await history(shop)
    assert (found.verdict, "restore a backup" in found.advice) == (Verdict.WARNING, True)
    with structlog.testing.capture_logs() as log:
        async with shop.watching():
            _, end = await ranges(shop)
    [line] = warnings(log)
    assert (line["log_level"], line["watched_below"]) == ("warning", end + 1)


async def test_the_same_index_is_always_the_same_destination(node: RegtestNode) -> None:
    shop = world(node)
    async with shop.watching() as chain:
        first = await chain.destination(7, shop.request(20_834))
    async with shop.watching() as chain:
        assert await chain.destination(7, shop.request(20_834)) == first
    assert first.key == first.address
    assert first.memo is None
    assert first.uri == f"bitcoin:{first.address}?amount=0.00020834"


async def test_payments_move_the_wallet_on_and_the_range_with_it(strict_node: RegtestNode) -> None:
    node = strict_node
    shop = world(node, lookahead=40)
    async with shop.watching() as chain:
        await node.pay((await chain.destination(39, shop.request())).address, PAID)
        await node.mine(1)
        await until(lambda: shop.host.height == 111)
        await chain.destination(90, shop.request())
        assert (await ranges(shop))[1] >= 90
        assert chain._wallet._end > 90


async def test_another_network_is_refused(node: RegtestNode) -> None:
    shop = world(node)
    shop.config = shop.config.model_copy(update={"network": "signet"})
    with pytest.RaisesGroup(pytest.RaisesExc(ChainMismatch, match="'regtest', but signet is configured")):
        async with shop.watching(ready=False):
            await trio.sleep_forever()
    assert shop.chain.health().state is HealthState.STALE


async def test_another_descriptor_than_the_databases_is_refused(node: RegtestNode) -> None:
    shop = world(node)
    async with shop.watching():
        pass
    shop.config = shop.config.model_copy(update={"descriptor": seller_descriptor()})
    with pytest.RaisesGroup(pytest.RaisesExc(ChainMismatch)):
        async with shop.watching(ready=False):
            await trio.sleep_forever()


async def test_a_node_that_derives_other_addresses_is_refused(
    node: RegtestNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = world(node)
    monkeypatch.setattr(Descriptor, "address", lambda self, index: f"bcrt1q{index}")
    with pytest.RaisesGroup(pytest.RaisesExc(ChainMismatch, match="derives other addresses")):
        async with shop.watching(ready=False):
            await trio.sleep_forever()


async def test_the_same_descriptor_written_otherwise_is_the_same(node: RegtestNode) -> None:
    shop = world(node)
    async with shop.watching():
        address = (await shop.issue()).address
    bare = shop.config.parsed_descriptor().text.partition("]")[2].partition("/")[0]
    shop.config = shop.config.model_copy(update={"descriptor": bare})
    async with shop.watching() as chain:
        assert (await chain.destination(0, shop.request())).address == address
        assert len((await chain._wallet.rpc.call("listdescriptors"))["descriptors"]) == 1


async def test_a_wallet_with_private_keys_is_refused(node: RegtestNode) -> None:
    shop = world(node, wallet="miner")
    with pytest.RaisesGroup(pytest.RaisesExc(ChainMismatch, match="not a watch-only")):
        async with shop.watching(ready=False):
            await trio.sleep_forever()


async def test_a_wallet_that_watches_something_else_too_is_refused(node: RegtestNode) -> None:
    one, other = world(node, wallet="shared"), world(node, wallet="shared")
    async with one.watching():
        pass
    with pytest.RaisesGroup(pytest.RaisesExc(ChainMismatch, match="other descriptors")):
        async with other.watching(ready=False):
            await trio.sleep_forever()


@pytest.mark.parametrize("made", [{}, {"active": True, "internal": False}], ids=["by-hand", "for-receiving"])
async def test_a_wallet_that_was_made_otherwise_is_taken_over(
    node: RegtestNode, made: dict[str, bool]
) -> None:
    name = f"by-hand-{len(made)}"
    shop = world(node, wallet=name, lookahead=40)
    await node.rpc.call("createwallet", name, True, True)
    request = {"desc": shop.config.descriptor, "range": [0, 99], "timestamp": "now", **made}
    await node.rpc.wallet(name).call("importdescriptors", [request])
    await node.rpc.call("unloadwallet", name)
    async with shop.watching():
        address = (await shop.issue()).address
        await node.pay(address, PAID)
        await shop.seen(address)
        (found,) = (await shop.chain._wallet.rpc.call("listdescriptors"))["descriptors"]
        assert (found["active"], found["internal"], found["range"][0]) == (True, True, 0)
        assert found["range"][1] >= 99


async def test_the_wallet_is_loaded_again_by_the_node_or_by_us(own_node: RegtestNode) -> None:
    node = own_node
    shop = world(node)
    async with shop.watching():
        address = (await shop.issue()).address
    await node.stop()
    await node.start()
    assert shop.chain._wallet.name in await node.rpc.call("listwallets")
    await node.rpc.call("unloadwallet", shop.chain._wallet.name)
    await node.pay(address, PAID)
    await node.mine(6)
    async with shop.watching():
        await shop.state(address, PaymentState.CONFIRMED)


async def test_no_private_key_is_in_the_nodes_wallet(node: RegtestNode) -> None:
    shop = world(node)
    async with shop.watching() as chain:
        info = await chain._wallet.rpc.call("getwalletinfo")
        assert info["private_keys_enabled"] is False
        assert "prv" not in str(await chain._wallet.rpc.call("listdescriptors"))


@pytest.mark.parametrize("kind", ["wpkh", "tr"])
async def test_a_thousand_addresses_are_those_that_the_node_derives(node: RegtestNode, kind: str) -> None:
    ours = BitcoinConfig.model_validate(
        {**node.settings, "descriptor": seller_descriptor(kind)}
    ).parsed_descriptor()
    theirs = await node.rpc.call("deriveaddresses", ours.canonical, [0, 999])
    assert [ours.address(index) for index in range(1000)] == theirs
    last = HARDENED - 2  # the node's own range ends there
    assert await node.rpc.call("deriveaddresses", ours.canonical, [last, last]) == [ours.address(last)]
