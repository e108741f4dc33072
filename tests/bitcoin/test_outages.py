"""What happens while the node, the chain or the wallet is away is made up for, on a real node."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
import trio

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.core.payment import ChainTime, Observation, PaymentState
from paydaemon.hooks.ports import HealthState
from paydaemon_bitcoin.regtest import RegtestNode
from tests.bitcoin.world import World, world
from tests.support.host import FakeHost
from tests.support.waiting import until

PAID = 20_834


def stale(shop: World) -> bool:
    return shop.chain.health().state is HealthState.STALE


async def test_the_first_look_after_a_start_is_told_as_what_it_is(node: RegtestNode) -> None:
    shop = world(node)
    looking: list[str] = []

    class Curious(FakeHost):
        async def observe(
            self, observations: Sequence[Observation], as_of: ChainTime | None, cursor: str | None
        ) -> None:
            looking.append(shop.chain.health().reason)
            await super().observe(observations, as_of, cursor)

    shop.host = Curious()
    assert shop.chain.health().reason == "not connected yet"
    async with shop.watching():
        assert shop.chain.health().reason == ""
    assert looking[0] == "connected; looking at what has happened since"


async def test_a_restart_too_short_to_notice_loses_nothing(own_node: RegtestNode) -> None:
    node = own_node
    shop = world(node, poll_interval_s=1.0)
    async with shop.watching():
        address = (await shop.issue(PAID)).address
        await node.pay(address, PAID)
        await shop.seen(address)
        for _ in range(3):
            await node.kill()
            await node.start()
        await node.mine(6)
        await shop.state(address, PaymentState.CONFIRMED)
        assert PaymentState.DROPPED not in shop.host.states(address).values()


async def test_payments_in_the_mempool_survive_a_restart_of_the_node_untold(own_node: RegtestNode) -> None:
    """Its mempool is read back in the background: what is not in it yet has not been dropped."""
    node = own_node
    shop = world(node, poll_interval_s=1.0)
    async with shop.watching():
        address = (await shop.issue(PAID)).address
        for _ in range(8):
            await node.send(await node.spend(await node.coin(), [(address, PAID)]))
        await shop.seen(address, 8)
        told = len(list(shop.host.said(address)))
        await node.stop()
        await node.start()
        await until(shop.healthy)
        await shop.pass_over()
        assert len(list(shop.host.said(address))) == told


async def test_a_payment_that_a_restart_drops_is_told_as_dropped(own_node: RegtestNode) -> None:
    node = own_node
    node.options |= {"persistmempool": 0, "walletbroadcast": 0}
    await node.stop()
    await node.start()
    shop = world(node)
    async with shop.watching():
        address = (await shop.issue(PAID)).address
        raw = await node.spend(await node.coin(), [(address, PAID)])
        await node.send(raw)
        await shop.seen(address)
        await node.stop()
        await node.start()
        await shop.state(address, PaymentState.DROPPED)
        await node.send(raw)
        await shop.state(address, PaymentState.PENDING)


async def test_a_node_that_catches_up_takes_nothing_back_and_claims_nothing(own_node: RegtestNode) -> None:
    """Its newest block is three days old, and its mempool is gone: for all it knows, the payment is mined."""
    node = own_node
    shop = world(node, poll_interval_s=1.0)
    async with shop.watching():
        address = (await shop.issue(PAID)).address
        await node.send(await node.spend(await node.coin(), [(address, PAID)]))
        await shop.seen(address)
        now_s = int((await node.rpc.call("getnettotals"))["timemillis"]) // 1000
        await node.stop()
        node.options |= {"persistmempool": 0, "walletbroadcast": 0, "mocktime": now_s + 3 * 86_400}
        await node.start()
        await until(lambda: "catching up" in shop.chain.health().reason)
        before = len(shop.host.told)
        await trio.sleep(3)
        assert shop.host.only(address).state is PaymentState.PENDING
        assert all(told.as_of is None for told in shop.host.told[before:])
        await node.mine(1)
        await until(shop.healthy)
        await shop.state(address, PaymentState.DROPPED)


async def test_a_node_that_is_away_at_the_start_makes_the_chain_stale_and_no_error(
    own_node: RegtestNode,
) -> None:
    node = own_node
    shop = world(node)
    await node.stop()
    async with shop.watching(ready=False):
        await until(lambda: stale(shop))
        with pytest.raises(Refusal) as refused:
            await shop.issue(PAID)
        assert refused.value.type is ErrorType.UNAVAILABLE
        assert "bitcoin" in refused.value.message
        await node.start()
        await until(shop.healthy)
        await shop.issue(PAID)


async def test_everything_a_pass_finds_is_told_before_the_chain_counts_as_complete(node: RegtestNode) -> None:
    shop = world(node)
    async with shop.watching():
        addresses = [(await shop.issue(PAID)).address for _ in range(3)]
        complete = len(shop.host.told)
    for address in addresses:
        await node.pay(address, PAID)
    async with shop.watching():
        pass
    told = shop.host.told[complete:]
    first_complete = next(number for number, one in enumerate(told) if one.as_of is not None)
    assert sum(len(one.observations) for one in told[: first_complete + 1]) == 3


async def test_a_restart_tells_nothing_that_was_told(node: RegtestNode) -> None:
    shop = world(node)
    async with shop.watching():
        one, other = (await shop.issue(PAID)).address, (await shop.issue(PAID)).address
        await node.pay(one, PAID)
        await node.mine(3)
        await node.pay(other, PAID)
        await until(lambda: len(shop.host.payments) == 2 and shop.host.depth(one) == 3)
        before = len(shop.host.told)
    async with shop.watching():
        await shop.height()
    assert not any(told.observations for told in shop.host.told[before:])


async def test_a_wallet_lost_while_nobody_watched_is_made_again_and_rescanned(
    own_node: RegtestNode,
) -> None:
    node = own_node
    shop = world(node)
    async with shop.watching():
        known, missed, pending = [(await shop.issue(PAID)).address for _ in range(3)]
        await node.pay(known, PAID)
        await node.mine(1)
        await until(lambda: shop.host.height == 111)
        assert shop.host.depth(known) == 1
    await lose_wallet(shop)
    await node.pay(missed, PAID)
    await age(node)
    await node.pay(pending, PAID)
    async with shop.watching():
        await shop.state(missed, PaymentState.CONFIRMED)
        await shop.state(pending, PaymentState.PENDING)
        await shop.state(known, PaymentState.CONFIRMED)
    assert PaymentState.DROPPED not in {payment.state for payment in shop.host.payments.values()}


async def test_a_wallet_lost_under_us_is_made_again_and_rescanned(own_node: RegtestNode) -> None:
    node = own_node
    shop = world(node, poll_interval_s=1.0)
    async with shop.watching():
        known, missed = (await shop.issue(PAID)).address, (await shop.issue(PAID)).address
        await node.pay(known, PAID)
        await node.mine(1)
        await until(lambda: shop.host.height == 111)
        assert shop.host.depth(known) == 1
        await lose_wallet(shop)
        await node.pay(missed, PAID)
        await age(node)
        await shop.state(missed, PaymentState.CONFIRMED)
        await shop.state(known, PaymentState.CONFIRMED)
    assert all(seen.state.value == "seen" for told in shop.host.told for seen in told.observations)


async def test_a_wallet_older_than_our_indexes_is_rescanned(own_node: RegtestNode, tmp_path: Path) -> None:
    """As when the node's data come from a backup."""
    node = own_node
    await node.stop()
    node.options["keypool"] = 1
    await node.start()
    shop = world(node, lookahead=40)
    async with shop.watching():
        await shop.issue(PAID)
        wallet = shop.chain._wallet
        await wallet.rpc.call("backupwallet", str(tmp_path / "backup"))
        late = [(await shop.issue(PAID)).address for _ in range(100)][-1]
    await lose_wallet(shop)
    await node.pay(late, PAID)
    await age(node)
    await node.rpc.call("restorewallet", wallet.name, str(tmp_path / "backup"))
    async with shop.watching():
        await shop.seen(late)


async def test_a_rescan_that_was_broken_off_is_done_again(own_node: RegtestNode) -> None:
    node = own_node
    shop = world(node)
    async with shop.watching():
        address = (await shop.issue(PAID)).address
    await lose_wallet(shop)
    await node.pay(address, PAID)
    await age(node)
    name = shop.chain._wallet.name
    await node.rpc.call("createwallet", name, True, True)
    wallet = node.rpc.wallet(name)
    request = {"desc": shop.config.descriptor, "active": True, "range": [0, 999], "timestamp": "now"}
    await wallet.call("importdescriptors", [request])
    assert (await wallet.call("getwalletinfo"))["txcount"] == 0
    async with shop.watching():
        await shop.seen(address)


async def test_a_chain_without_wallets_says_so(own_node: RegtestNode) -> None:
    node = own_node
    shop = world(node)
    await node.stop()
    node.options["disablewallet"] = 1
    await node.start()
    async with shop.watching(ready=False):
        await until(lambda: "-disablewallet" in shop.chain.health().reason)


async def test_credentials_that_are_refused_are_tried_again(node: RegtestNode, tmp_path: Path) -> None:
    wrong = tmp_path / "password"
    wrong.write_text("wrong")
    shop = world(node, cookie_file=None, rpc_user="user", rpc_password={"file": str(wrong)})
    async with shop.watching(ready=False):
        await until(lambda: "password" in shop.chain.health().reason)
        wrong.write_text(node.password)
        await until(shop.healthy)


async def test_a_host_that_fails_ends_the_run_and_the_next_one_tells_everything(node: RegtestNode) -> None:
    class Broken(Exception):
        pass

    shop = world(node)
    async with shop.watching():
        address = (await shop.issue(PAID)).address
    await node.pay(address, PAID)

    async def fail(*arguments: object) -> None:
        raise Broken

    observe, shop.host.observe = shop.host.observe, fail  # type: ignore[method-assign, assignment]
    with pytest.RaisesGroup(pytest.RaisesExc(Broken), flatten_subgroups=True):
        async with shop.watching(ready=False):
            await trio.sleep_forever()
    shop.host.observe = observe  # type: ignore[method-assign]
    async with shop.watching():
        await shop.seen(address)


async def age(node: RegtestNode) -> None:
    """Mine what was paid, and let a day pass: a wallet made afterwards looks but two hours back by itself."""
    await node.mine(1)
    now_s = int((await node.rpc.call("getnettotals"))["timemillis"]) // 1000
    await node.rpc.call("setmocktime", now_s + 86_400)
    await node.mine(12)


async def lose_wallet(shop: World) -> None:
    """Take the seller's wallet from the node, and all that it knew."""
    name = shop.chain._wallet.name
    await shop.node.rpc.call("unloadwallet", name)
    await trio.to_thread.run_sync(shutil.rmtree, shop.node.folder / "regtest" / "wallets" / name)
