"""Whatever fails and whenever the daemon is killed, a relay goes on from what is recorded of it."""

import random
from contextvars import ContextVar
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from paydaemon.core.errors import invalid
from paydaemon.core.relay import Outcome, SignedTransfer
from paydaemon.engine.relays import LOST_S, Wait
from paydaemon.store.port import StoreUnavailable
from paydaemon.testing.fakerelay import RelayNetwork
from tests.engine.relayed import (
    ACCEPTED,
    FAILED,
    SUCCEEDED,
    UNKNOWN,
    WHOLE,
    Relaying,
    pays,
    relaying,
)
from tests.engine.stores import RepeatingStore, UnsteadyStore
from tests.engine.world import SHOP

REQUEST: ContextVar[str] = ContextVar("REQUEST")


# Restarts


@pytest.mark.parametrize("call", ["submit", "follow"])
async def test_it_is_gone_on_with_after_it_was_killed_while_a_call_was_made(
    call: str, autojump_clock: MockClock
) -> None:
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        daemon.faults.waits.add(call)
        handed = await daemon.hand_in(pays(invoice))
        await trio.testing.wait_all_tasks_blocked()
        await daemon.restart()
        relay = await daemon.world.relays.find(SHOP, "hedera", "TX-1")
        assert (await daemon.ends(relay)).status is SUCCEEDED
        assert relay.relay.id == handed.relay.id
        assert await daemon.relay_events() == WHOLE
        assert daemon.ledger.applied == {"tx-1": 1}


async def test_it_is_gone_on_with_after_it_was_killed_between_the_reply_and_its_record(
    autojump_clock: MockClock,
) -> None:
    """The network has taken it, and nobody here knows."""
    async with relaying() as daemon:
        given = pays(await daemon.world.invoice())
        [transfer] = [daemon.world.relays.relayers["hedera"].inspect(given, 0)]
        daemon.faults.waits.add("submit")
        await daemon.hand_in(given)
        await trio.testing.wait_all_tasks_blocked()
        await daemon.ledger.submit(transfer)
        await daemon.restart()
        assert (await daemon.ends(await daemon.hand_in(given))).status is SUCCEEDED
        assert daemon.ledger.applied == {"tx-1": 1}


async def test_what_is_unknown_is_so_after_a_restart_and_then_proven(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        daemon.ledger.answers["follow"].extend([Outcome(UNKNOWN)] * 3)
        handed = await daemon.hand_in(pays(await daemon.world.invoice()))
        await handed.until(Wait.CONSENSUS)
        daemon.faults.waits.add("follow")
        await daemon.restart()
        found = await daemon.world.relays.find(SHOP, "hedera", "tx-1")
        assert found.relay.id == handed.relay.id
        assert (await daemon.ends(found)).status is SUCCEEDED


async def test_a_chain_that_is_not_up_yet_is_not_asked(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        daemon.ledger.consensus = trio.Event()
        await daemon.answered(pays(await daemon.world.invoice()))
        asked = len(daemon.ledger.followed)
        await daemon.kill()
        daemon.world._compose()
        await daemon.start()
        await trio.sleep(60)
        assert len(daemon.ledger.followed) == asked
        daemon.ledger.consensus.set()
        await daemon.world.start()
        found = await daemon.world.relays.find(SHOP, "hedera", "tx-1")
        assert (await daemon.ends(found)).status is SUCCEEDED


async def test_one_that_cannot_be_read_again_is_kept_and_tried_again(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        daemon.ledger.consensus = trio.Event()
        await daemon.answered(pays(await daemon.world.invoice()))
        await daemon.kill()
        await daemon.world.restart()
        daemon.faults.raises["inspect"] = invalid("transaction", "what is this?")
        daemon.ledger.consensus.set()
        await daemon.start()
        await trio.sleep(600)
        found = await daemon.world.relays.find(SHOP, "hedera", "tx-1")
        assert found.relay.status is ACCEPTED
        daemon.faults.raises.clear()
        assert (await daemon.ends(found)).status is SUCCEEDED


# Whether the network may have heard of it


async def test_it_is_in_doubt_from_the_first_call_on(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        given = pays(await daemon.world.invoice())
        daemon.faults.raises["submit"] = ConnectionError("no answer")
        handed = await daemon.hand_in(given)
        await trio.sleep(10)
        daemon.faults.raises.clear()
        assert (await daemon.ends(handed)).status is SUCCEEDED
        assert daemon.ledger.doubted[:2] == [False, True]
        assert set(daemon.ledger.doubted[1:]) == {True}


@pytest.mark.parametrize("turned_s", [0, -86_400])
async def test_what_an_earlier_run_recorded_is_in_doubt_however_often_it_comes_again(
    turned_s: int, autojump_clock: MockClock
) -> None:
    """Whoever repeats its request is not to make it new, nor is a clock that was turned back."""
    async with relaying() as daemon:
        given = pays(await daemon.world.invoice())
        daemon.faults.waits.add("submit")
        await daemon.hand_in(given)
        await trio.testing.wait_all_tasks_blocked()
        await daemon.kill()
        daemon.world.turn(turned_s)
        await daemon.world.restart()
        daemon.faults.raises["submit"] = ConnectionError("no answer")
        await daemon.start()
        for _ in range(5):
            await daemon.hand_in(given)
            await trio.sleep(5)
        daemon.faults.raises.clear()
        assert (await daemon.ends(await daemon.hand_in(given))).status is SUCCEEDED
        assert daemon.ledger.doubted[0] is False
        assert set(daemon.ledger.doubted[1:]) == {True}


async def test_what_certainly_failed_is_new_when_it_comes_again(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        given = pays(await daemon.world.invoice())
        daemon.ledger.answers["submit"].append(Outcome(FAILED, "BUSY"))
        assert (await daemon.ends(await daemon.hand_in(given))).status is FAILED
        assert (await daemon.ends(await daemon.hand_in(given))).status is SUCCEEDED
        assert daemon.ledger.doubted == [False, False]


# The store


async def test_a_commit_that_seemed_to_fail_is_found_and_gone_on_with(autojump_clock: MockClock) -> None:
    async with relaying(front=UnsteadyStore) as daemon:
        store = daemon.world.store
        assert isinstance(store, UnsteadyStore)
        given = pays(await daemon.world.invoice())
        store.fails = 1
        with pytest.raises(StoreUnavailable):
            await daemon.hand_in(given)
        assert daemon.ledger.submitted == []
        await trio.sleep(LOST_S + 1)
        assert daemon.ledger.submitted == ["tx-1"]
        assert (await daemon.ends(await daemon.hand_in(given))).status is SUCCEEDED
        assert await daemon.relay_events() == WHOLE


@pytest.mark.parametrize("how", ["handed in again", "asked for"])
async def test_what_a_commit_that_seemed_to_fail_left_is_carried_at_once(
    how: str, autojump_clock: MockClock
) -> None:
    async with relaying(front=UnsteadyStore) as daemon:
        store = daemon.world.store
        assert isinstance(store, UnsteadyStore)
        given = pays(await daemon.world.invoice())
        store.fails = 1
        with pytest.raises(StoreUnavailable):
            await daemon.hand_in(given)
        with trio.fail_after(LOST_S / 2):
            if how == "handed in again":
                handed = await daemon.hand_in(given)
            else:
                handed = await daemon.world.relays.find(SHOP, "hedera", "tx-1")
            await handed.course.over()
        await trio.sleep(2 * LOST_S)
        assert daemon.ledger.submitted == ["tx-1"]
        assert await daemon.relay_events() == WHOLE


async def test_an_outcome_waits_for_a_store_that_cannot_take_it(autojump_clock: MockClock) -> None:
    async with relaying(front=UnsteadyStore) as daemon:
        store = daemon.world.store
        assert isinstance(store, UnsteadyStore)
        daemon.faults.waits.add("submit")
        handed = await daemon.hand_in(pays(await daemon.world.invoice()))
        store.fails = 5
        daemon.faults.waits.clear()
        assert (await daemon.ends(handed)).status is SUCCEEDED
        assert await daemon.relay_events() == WHOLE, "though the first try of each reached the disk"


async def test_every_step_may_run_again(autojump_clock: MockClock) -> None:
    async with relaying(front=RepeatingStore) as daemon:
        await daemon.ends(await daemon.hand_in(pays(await daemon.world.invoice())))
        assert await daemon.relay_events() == WHOLE


async def test_whoever_leaves_while_it_is_recorded_leaves_it_to_its_way(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        given = pays(await daemon.world.invoice())
        with trio.CancelScope() as client:
            transact = daemon.world.store.transact

            async def leaving(fn: Any) -> Any:
                daemon.world.relays._store = daemon.world.store
                result = await transact(fn)
                client.cancel()
                return result

            daemon.world.relays._store = replace_transact(daemon.world.store, leaving)
            await daemon.hand_in(given)
        daemon.world.relays._store = daemon.world.store
        await trio.sleep(60)
        relay = await daemon.recorded()
        assert relay is not None
        assert relay.status is SUCCEEDED


def replace_transact(store: Any, transact: Any) -> Any:
    class InFront:
        def __getattr__(self, name: str) -> Any:
            return transact if name == "transact" else getattr(store, name)

    return InFront()


async def test_what_ends_while_it_is_being_taken_up_is_not_handed_over_again(
    autojump_clock: MockClock,
) -> None:
    async with relaying(front=UnsteadyStore) as daemon:
        store = daemon.world.store
        assert isinstance(store, UnsteadyStore)
        daemon.faults.waits.add("submit")
        handed = await daemon.hand_in(pays(await daemon.world.invoice()))
        store.reads_wait = True
        daemon.world.relays._lost.set()
        await store.reading.wait()
        store.reads_wait = False
        daemon.faults.waits.clear()
        await daemon.ends(handed)
        store.release.set()
        await trio.sleep(600)
        assert daemon.ledger.submitted == ["tx-1"]
        assert daemon.world.relays.courses == {}


async def test_a_relay_keeps_nothing_of_the_request_it_came_by(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with relaying() as daemon:
        seen: list[str | None] = []
        submit = daemon.ledger.submit

        async def looking(transfer: SignedTransfer) -> Outcome:
            seen.append(REQUEST.get(None))
            return await submit(transfer)

        monkeypatch.setattr(daemon.ledger, "submit", looking)
        REQUEST.set("the request")
        await daemon.ends(await daemon.hand_in(pays(await daemon.world.invoice())))
        assert seen == [None]


# All of it, by chance


@pytest.mark.parametrize("run", range(5))
async def test_whatever_fails_and_whenever_it_is_killed_the_truth_is_recorded_in_the_end(
    run: int, seed: int, autojump_clock: MockClock
) -> None:
    dice = random.Random(seed + run)
    async with relaying() as daemon:
        daemon.ledger.dice = dice
        names = [f"tx-{number}" for number in range(12)]
        given = {name: pays(await daemon.world.invoice(), name) for name in names}
        for id in list(given)[::4]:
            daemon.ledger.receipts[id] = "INVALID_SIGNATURE"
        ids: dict[str, str] = {}
        for _ in range(6):
            for id in dice.sample(list(given), 8):
                handed = await daemon.hand_in(given[id])
                assert ids.setdefault(id, handed.relay.id) == handed.relay.id, "never a new id"
            await trio.sleep(dice.random() * 20)
            await agree(daemon, given)
            if dice.random() < 0.7:
                await daemon.restart()
        daemon.ledger.dice = None
        for text in given.values():
            await daemon.ends(await daemon.hand_in(text))
        await agree(daemon, given)
        assert all(count == 1 for count in daemon.ledger.applied.values())
        for id in given:
            relay = await daemon.recorded(id)
            assert relay is not None
            assert relay.receipt in (daemon.ledger.receipts[id], None)
            assert relay.status is (SUCCEEDED if daemon.ledger.receipts[id] == "SUCCESS" else FAILED)


async def agree(daemon: Relaying, given: dict[str, str]) -> None:
    """Nothing is said that is not so."""
    for id in given:
        relay = await daemon.recorded(id)
        if relay is not None and relay.status is SUCCEEDED:
            assert daemon.ledger.applied[id], "succeeded, and nobody took it"
        if relay is not None and relay.status is FAILED and relay.receipt is None:
            assert not daemon.ledger.applied[id], "failed, and somebody took it"


def test_a_network_without_dice_takes_everything() -> None:
    assert not RelayNetwork()._happens(1.0)
