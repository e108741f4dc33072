"""Chains and their health: who may be offered, and what is told when that turns."""

from functools import partial

import pytest
import structlog
import trio
from trio.testing import MockClock

from paydaemon.core.events import EventType
from paydaemon.core.invoice import Destination
from paydaemon.core.payment import ChainTime
from paydaemon.core.times import rfc3339
from paydaemon.engine.chains import HealthWatch, absent_chains
from paydaemon.engine.host import Host
from paydaemon.hooks.ports import ChainMismatch, Health, HealthState
from paydaemon.testing.clocks import trio_clock
from paydaemon.testing.fakechain import FakeChain
from paydaemon.testing.fakenetwork import FakeNetwork
from paydaemon.testing.samples import NOW_MS
from tests.engine.stores import UnsteadyStore
from tests.engine.world import DUE, World, world

HEALTH_EVENTS = (EventType.CHAIN_STALE, EventType.CHAIN_RECOVERED)


def health(daemon: World, id: str = "bitcoin") -> tuple[HealthState, str]:
    status = daemon.live_chains[id].status()
    return status.state, status.reason


async def turns(daemon: World) -> list[tuple[str, object]]:
    """Each turn so far: its type and its chain."""
    return [
        (event.type.value, event.data["chain"])
        for event in await daemon.events()
        if event.type in HEALTH_EVENTS
    ]


async def watch(daemon: World, seconds: float = 3) -> None:
    """Let the watch look for a while."""
    with trio.move_on_after(seconds):
        await daemon.health.run()


async def test_starting_until_it_was_seen_complete() -> None:
    async with world(start=False) as daemon:
        assert health(daemon) == (HealthState.STARTING, "not seen complete yet")
        await daemon.start()
        assert health(daemon) == (HealthState.HEALTHY, "")
        status = daemon.live_chains["bitcoin"].status()
        assert (status.as_of_ms, status.height, status.plugin) == (NOW_MS, 0, "fake")


async def test_healthy_by_its_own_word_is_not_enough() -> None:
    async with world() as daemon:
        daemon.turn(120)
        assert health(daemon) == (HealthState.HEALTHY, "")
        daemon.turn(0.001)
        assert health(daemon) == (HealthState.STALE, f"last seen complete at {rfc3339(NOW_MS)}")


async def test_a_chain_whose_clock_is_ahead_is_not_trusted() -> None:
    async with world() as daemon:
        daemon.turn(-7_200)
        assert health(daemon) == (HealthState.HEALTHY, "")
        daemon.turn(-1)
        assert health(daemon) == (HealthState.STALE, "its clock is 7201 s ahead of the daemon's")


async def test_a_clock_that_was_ahead_once_is_forgiven() -> None:
    async with world() as daemon:
        ahead = ChainTime(NOW_MS + 86_400_000, 0)
        await daemon.hosts["bitcoin"].observe([], ahead, None)
        await daemon.live_chains["bitcoin"].refresh()
        assert health(daemon)[0] is HealthState.STALE
        await daemon.look()
        assert health(daemon) == (HealthState.HEALTHY, "")


async def test_a_chain_that_cannot_tell_its_health_is_stale_and_alone(autojump_clock: MockClock) -> None:
    async with world("bitcoin", "hedera") as daemon:
        daemon.chains["bitcoin"].faults.health = RuntimeError("broken")
        assert health(daemon) == (HealthState.STALE, "it could not tell its health")
        await watch(daemon)
        assert await turns(daemon) == [("chain.stale", "bitcoin")]
        assert [option.asset.chain for option in (await daemon.invoice()).options] == ["hedera"]
        assert [status.state for status in daemon.api.chains()] == [HealthState.STALE, HealthState.HEALTHY]


async def test_a_chain_that_failed_is_stale_until_it_is_complete_again(autojump_clock: MockClock) -> None:
    """What it says of itself is of before: its object lives on, and is started again and again."""
    async with world() as daemon:
        live, chain = daemon.live_chains["bitcoin"], daemon.chains["bitcoin"]
        host = Host(daemon.store, chain, daemon.clock, daemon.live, on_complete=live.seen_complete)
        chain.faults.look = ValueError("unreadable \ud800")
        for _ in range(2):
            with pytest.raises(ValueError, match="unreadable"):
                await live.run(host)
            said = "it failed, and is started again: ValueError: unreadable \\ud800"
            await daemon.live_chains["bitcoin"].refresh()
            chain._complete = True
            assert health(daemon) == (HealthState.STALE, said)
        await watch(daemon)
        assert await turns(daemon) == [("chain.stale", "bitcoin")]
        chain.faults.look = None
        async with trio.open_nursery() as nursery:
            await nursery.start(live.run, host)
            await trio.testing.wait_all_tasks_blocked()
            assert health(daemon) == (HealthState.HEALTHY, "")
            nursery.cancel_scope.cancel()


async def test_what_a_chain_says_of_itself_can_be_journaled(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its reason may be its node's, and the health of all is watched by one task."""
    async with world() as daemon:
        for reason in ("node says \ud800", "x" * 1_000_000, 7):
            said = Health(HealthState.STALE, reason)  # type: ignore[arg-type]
            monkeypatch.setattr(daemon.chains["bitcoin"], "health", partial(lambda said: said, said))
            await watch(daemon)
            assert len(health(daemon)[1].encode()) < 510
        assert await turns(daemon) == [("chain.stale", "bitcoin")]


async def test_a_destination_that_cannot_be_stored_is_not_offered() -> None:
    async with world("bitcoin", "litecoin") as daemon:
        odd = Destination("k" * 501, 5, "address", None, "")
        daemon.chains["bitcoin"].destination_at = lambda index: odd  # type: ignore[method-assign]
        assert [option.asset.chain for option in (await daemon.invoice()).options] == ["litecoin"]


async def test_each_turn_is_told_once(autojump_clock: MockClock) -> None:
    async with world("bitcoin", "hedera") as daemon:
        await watch(daemon)
        assert await turns(daemon) == []
        daemon.bitcoin.away = True
        await watch(daemon)
        await watch(daemon)
        assert await turns(daemon) == [("chain.stale", "bitcoin")]
        daemon.bitcoin.away = False
        await watch(daemon)
        assert await turns(daemon) == [("chain.stale", "bitcoin"), ("chain.recovered", "bitcoin")]


async def test_the_event_says_why_and_since_when(autojump_clock: MockClock) -> None:
    async with world() as daemon:
        daemon.bitcoin.away = True
        await watch(daemon)
        [event] = await daemon.events()
        assert dict(event.data) == {
            "chain": "bitcoin",
            "reason": "the network is away",
            "as_of": rfc3339(NOW_MS),
        }
        assert (event.seller_id, event.invoice_id) == (None, None)


async def test_only_a_turn_for_the_worse_is_a_warning(autojump_clock: MockClock) -> None:
    async with world() as daemon:
        with structlog.testing.capture_logs() as log:
            for away in (True, False):
                daemon.bitcoin.away = away
                await watch(daemon)
        assert await turns(daemon) == [("chain.stale", "bitcoin"), ("chain.recovered", "bitcoin")]
    warned = [line["state"] for line in log if line["log_level"] == "warning"]
    assert warned == ["stale"]


async def test_a_restart_tells_no_turn_again(autojump_clock: MockClock) -> None:
    async with world() as daemon:
        daemon.bitcoin.away = True
        await watch(daemon)
        daemon._compose()
        await daemon.chains["bitcoin"].start(daemon.hosts["bitcoin"])
        await watch(daemon)
        assert await turns(daemon) == [("chain.stale", "bitcoin")]
        daemon.bitcoin.away = False
        await watch(daemon)
        assert await turns(daemon) == [("chain.stale", "bitcoin")], "it starts, and is not yet well"
        await daemon.look()
        await watch(daemon)
        assert await turns(daemon) == [("chain.stale", "bitcoin"), ("chain.recovered", "bitcoin")]


async def test_two_watches_tell_a_turn_once(autojump_clock: MockClock) -> None:
    """Both have read that it was well before either has written that it is not."""
    async with world() as daemon:
        store = UnsteadyStore(daemon.store)
        store.reads_wait = True
        store.release.set()
        daemon.health = HealthWatch(store, daemon.live_chains, daemon.clock)
        daemon.bitcoin.away = True
        async with trio.open_nursery() as nursery:
            for _ in range(2):
                nursery.start_soon(watch, daemon)
        assert await turns(daemon) == [("chain.stale", "bitcoin")]


async def test_a_store_that_fails_is_tried_again(autojump_clock: MockClock) -> None:
    async with world() as daemon:
        store = UnsteadyStore(daemon.store)
        daemon.health = HealthWatch(store, daemon.live_chains, daemon.clock)
        daemon.bitcoin.away = True
        store.fails = 1
        await watch(daemon, 0.5)
        await watch(daemon)
        assert store.fails == 0
        assert await turns(daemon) == [("chain.stale", "bitcoin")]


async def test_another_network_or_wallet_is_refused() -> None:
    async with world() as daemon:
        await daemon.hosts["bitcoin"].identify("fake:bitcoin")
        with pytest.raises(ChainMismatch, match=r"'bitcoin' is 'regtest'.* belongs to 'fake:bitcoin'"):
            await daemon.hosts["bitcoin"].identify("regtest")
        await daemon.hosts["bitcoin"].identify("fake:bitcoin")


async def test_one_network_and_wallet_under_two_names_is_refused() -> None:
    """Each credit would be told by both, and count for both: half a payment would settle."""
    async with world("first", "second", start=False) as daemon:
        await daemon.hosts["first"].identify("the same")
        said = r"'second' is the same network and wallet as chain 'first': give it a wallet of its own"
        host = Host(
            daemon.store, daemon.chains["second"], daemon.clock, daemon.live, configured=daemon.chains
        )
        with pytest.raises(ChainMismatch, match=said):
            await host.identify("the same")


async def test_a_chain_with_another_name_is_told_its_old_one() -> None:
    async with world("first", "second", start=False) as daemon:
        await daemon.hosts["first"].identify("the same")
        host = Host(daemon.store, daemon.chains["second"], daemon.clock, daemon.live, configured=["second"])
        with pytest.raises(ChainMismatch, match=r"as chain 'first': call it 'first' again"):
            await host.identify("the same")


async def test_a_chain_that_is_configured_no_more_is_told_while_anybody_waits_on_it() -> None:
    async with world("bitcoin", "hedera") as daemon:
        assert await absent_chains(daemon.store, ()) == []
        await daemon.invoice(chains=("bitcoin",), expires_in_s=60)
        assert await absent_chains(daemon.store, daemon.chains) == []
        with structlog.testing.capture_logs() as log:
            [absent] = await absent_chains(daemon.store, ["hedera"])
        assert (absent.id, absent.state) == ("bitcoin", HealthState.STALE)
        assert absent.reason == "not configured, and 1 invoice(s) wait for what is paid on it"
        assert [(line["log_level"], line["chain"]) for line in log] == [("warning", "bitcoin")]
        await daemon.pass_by(61)
        assert await absent_chains(daemon.store, ["hedera"]) != [], "what is paid late is told too"
        await daemon.pass_by(daemon.defaults.monitor_for_s + 1)
        assert await absent_chains(daemon.store, ["hedera"]) == []


async def test_what_was_issued_is_what_is_to_be_watched() -> None:
    async with world() as daemon:
        issued = [(await daemon.invoice()).options[0].destination for _ in range(5)]
        host = daemon.hosts["bitcoin"]
        assert await host.destinations() == issued
        assert await host.destinations(after_index=1, limit=2) == issued[2:4]
        assert await host.destinations(after_index=issued[-1].index) == []
        assert (await host.saved()).next_index >= 5


async def test_a_chain_that_runs_by_itself(autojump_clock: MockClock) -> None:
    """The network goes away twice. The plugin's own loop tells it, and the watch looks once a second.

    Back is not yet recovered: the chain must have been seen complete, at the next poll or when it moves.
    """
    async with world(clock=trio_clock(), start=False) as daemon, trio.open_nursery() as nursery:
        await nursery.start(daemon.chains["bitcoin"].run, daemon.hosts["bitcoin"])
        nursery.start_soon(daemon.health.run)
        await trio.sleep(5.5)
        daemon.publish()
        invoice = await daemon.invoice()
        for _ in range(2):
            await trio.sleep(100)
            daemon.bitcoin.away = True
            await trio.sleep(300)
            daemon.bitcoin.away = False
        await daemon.pay((invoice.options[0], DUE), tell=False)
        daemon.bitcoin.grow(6)
        await trio.sleep(1_000)
        told = await daemon.events()
        assert [event.type.value for event in told] == [
            "invoice.created",
            "chain.stale",
            "chain.recovered",
            "chain.stale",
            "invoice.payment_seen",
            "payment.confirmed",
            "invoice.settled",
            "chain.recovered",
        ]
        after_s = [(event.created_at_ms - NOW_MS) / 1_000 for event in told]
        assert after_s == pytest.approx([5.5, 106, 410.5, 506, 805.5, 805.5, 805.5, 806], abs=0.5)
        nursery.cancel_scope.cancel()


async def test_a_chain_that_raises_while_it_looks_is_the_supervisors_affair() -> None:
    async with world() as daemon:
        daemon.chains["bitcoin"].faults.look = ConnectionError("reset")
        with pytest.raises(ConnectionError):
            await daemon.look()
        daemon.chains["bitcoin"].faults.look = None
        await daemon.look()


async def test_two_objects_on_one_network_are_one_chain() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        second = FakeChain(daemon.bitcoin)
        await second.start(daemon.hosts["bitcoin"])
        await daemon.pay((invoice.options[0], DUE), tell=False)
        await second.tell()
        await daemon.look()
        assert len((await daemon.view(invoice.id)).payments) == 1


def test_a_network_knows_what_cannot_be() -> None:
    network = FakeNetwork(lambda: NOW_MS)
    txid = network.pay()
    network.grow()
    for impossible in (
        lambda: network.replace(txid),
        lambda: network.drop(txid),
        lambda: network.conflict(txid),
        lambda: network.grow(only=[txid]),
        lambda: network.undo(2),
    ):
        with pytest.raises(ValueError, match=r"."):
            impossible()
    assert not network.rebroadcast(txid)
