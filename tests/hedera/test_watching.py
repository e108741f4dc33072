"""Credits are told as consensus recorded them, once, whatever way they came and whoever was away."""

import threading
from functools import partial

import pytest
import trio

from paydaemon.core.errors import Refusal
from paydaemon.core.payment import PaymentState
from paydaemon.hooks.ports import ChainMismatch
from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.sandbox.faults import Call, Fault, Kind
from paydaemon_hedera.sandbox.ledger import FractionalFee
from paydaemon_hedera.sandbox.wallet import sign, transfer_body
from paydaemon_hedera.watcher import NS_PER_WINDOW
from tests.hedera.world import ALICE, BOB, HBAR, OURS, PAYEE, USDC, World, world
from tests.support.waiting import until

DAY_S = 86_400


async def test_a_payment_is_told_with_its_time_and_is_final() -> None:
    async with world() as here, here.watching():
        destination = await here.issue(1_000)
        assert (destination.address, destination.memo) == (OURS, "000000")
        before_ms = here.now_ms
        id = here.pay("000000", 1_000)
        await here.seen("000000")
        paid = here.host.only(destination.key)
        assert (paid.transaction_id, paid.amount_minor, paid.asset) == (id, 1_000, here.asset())
        assert paid.state is PaymentState.CONFIRMED
        assert before_ms <= paid.seen_at_ms <= here.now_ms


async def test_another_memo_is_a_payment_that_nobody_waits_for() -> None:
    async with world() as here, here.watching():
        await here.issue()
        for memo in ("", " 000000", "000001", "né\n"):
            here.pay(memo, 7)
            await here.seen(memo)
        assert here.host.to(f"{OURS}/000000") == []


async def test_tokens_are_told_apart_by_their_ids_alone() -> None:
    async with world() as here, here.watching():
        other, vast = here.token(decimals=2), here.token(decimals=2**31)
        for token in (USDC, other, vast):
            here.pay("000000", 5, token)
        await here.seen("000000", 3)
        told = {paid.asset.code: paid.asset for paid in here.host.to(f"{OURS}/000000")}
        assert told[f"0.0.{USDC}"] == here.asset(f"0.0.{USDC}")
        assert (told[f"0.0.{other}"].symbol, told[f"0.0.{other}"].decimals) == (f"0.0.{other}", 2)
        assert told[f"0.0.{vast}"].decimals == 0


async def test_what_a_custom_fee_takes_away_is_not_credited() -> None:
    async with world() as here, here.watching():
        token = here.token(fees=(FractionalFee(2, 1, 10),))
        here.pay("000000", 1_000, token)
        await here.seen("000000")
        assert here.host.only(f"{OURS}/000000").amount_minor == 900 == here.balance(PAYEE, token)


async def test_a_failed_transaction_and_what_we_pay_ourselves_credit_nothing() -> None:
    async with world() as here, here.watching():
        # Bob has not signed: a node takes it, and consensus refuses it.
        body = transfer_body(here.name(), 3, {HBAR: {BOB: -9, PAYEE: 9}}, "unsigned")
        taken = here.sandbox.network.submit(3, sign(body, here.sandbox.holders[ALICE].signers))
        assert taken.code == rc.OK
        here.pay("first", 500_000_000)
        await here.seen("first")
        here.sandbox.pay(PAYEE, ALICE, 1_000, memo="out")
        here.pay("last", 1)
        await here.seen("last")
        await here.looked()
        assert {paid.destination_key for paid in here.host.payments.values()} == {
            f"{OURS}/first",
            f"{OURS}/last",
        }


async def test_one_transaction_may_bring_several_credits() -> None:
    moves = {HBAR: {ALICE: -5, PAYEE: 5}, USDC: {ALICE: -7, PAYEE: 7}}
    async with world() as here, here.watching():
        body = transfer_body(here.name(), 3, moves, "both")
        here.sandbox.network.submit(3, sign(body, here.sandbox.holders[ALICE].signers))
        await here.seen("both", 2)
        told = {paid.asset.symbol: paid.amount_minor for paid in here.host.to(f"{OURS}/both")}
        assert told == {"HBAR": 5, "USDC": 7}


async def test_more_than_a_page_each_once() -> None:
    async with world() as here, here.watching():
        for number in range(130):
            here.pay(f"n{number}", 1 + number)
        await until(lambda: len(here.host.payments) == 130)
        assert sum(paid.amount_minor for paid in here.host.payments.values()) == here.balance(PAYEE)


async def test_nothing_from_before_the_first_start_and_everything_from_then_on() -> None:
    async with world() as here:
        here.pay("before")
        await until(lambda: here.balance(PAYEE) == 1_000)
        async with here.watching():
            here.pay("during")
            await here.seen("during")
        here.pay("away")
        async with here.watching():
            await here.seen("away")
            await here.looked()
        async with here.watching(again=True):
            here.pay("again")
            await here.seen("again")
        assert sorted(paid.destination_key for paid in here.host.payments.values()) == [
            *(f"{OURS}/again", f"{OURS}/away", f"{OURS}/during"),
        ]


async def test_however_much_is_expected_the_mirror_is_looked_at_at_most_four_times_a_second() -> None:
    async with world(**{".poll_interval_s": 60}) as here, here.watching():
        watcher = here.chain._watcher
        assert watcher is not None
        before, began_s = len(here.host.told), trio.current_time()
        for number in range(100):
            watcher.expect(str(number))
            await trio.sleep(0.01)
        looks = sum(told.as_of is not None for told in here.host.told[before:])
        took_s = trio.current_time() - began_s
        assert 1 <= looks <= 4 * took_s + 4, "each is told at its beginning or its end"
        here.pay("000000", 7)
        watcher.expect("100")
        await here.seen("000000")


async def test_an_absence_longer_than_what_is_looked_through_at_once() -> None:
    async with world() as here:
        async with here.watching():
            pass
        for day in range(4):
            here.pay(f"day {day}")
            await until(partial(_has, here, 1_000 * (day + 1)))
            here.sandbox.clock.advance(DAY_S)
        before = len(here.host.told)
        async with here.watching():
            await until(lambda: len(here.host.payments) == 4)
        came_to = [told.as_of.at_ms for told in here.host.told[before:] if told.as_of is not None]
        assert came_to == sorted(came_to)
        assert len({at_ms * 1_000_000 // NS_PER_WINDOW for at_ms in came_to}) >= 4


async def test_an_account_that_was_configured_once_is_watched_for_good() -> None:
    async with world() as here:
        here.account(1_500)
        async with here.watching():
            old = await here.issue()
        here.config = here.config.model_copy(update={"account": "0.0.1500"})
        async with here.watching():
            new = await here.issue()
            assert (new.key, list(here.chain.payees)) == ("0.0.1500/000018", ["0.0.1500"])
            here.pay(old.memo or "")
            here.sandbox.pay(ALICE, 1_500, 8, memo=new.memo or "")
            await until(lambda: len(here.host.payments) == 2)
            assert {paid.destination_key for paid in here.host.payments.values()} == {old.key, new.key}


# --- Mirrors that lag, and learn late


async def test_nothing_counts_as_seen_that_one_of_several_machines_may_not_have() -> None:
    async with world() as here, here.watching():
        here.sandbox.mirror.set_lags([0.0, 60.0])
        await until(lambda: (here.chain._mirror.reach.newest_ns or 0) // 1_000_000 - here.now_ms > -1_000)
        await until(lambda: here.chain._mirror.reach._behind_ns[-1] > 0)
        marked = len(here.host.told)
        sure = here.host.as_of
        here.pay("000000")
        await here.seen("000000")
        await here.looked()
        assert all(told.as_of in (None, sure) for told in here.host.told[marked:])


async def test_machines_that_take_turns_hide_nothing() -> None:
    """With two, the same one would always be asked how far it is, and the other one for payments."""
    async with world() as here, here.watching():
        here.sandbox.mirror.set_lags([0.0, 1.0])
        for number in range(20):
            here.pay(f"n{number}")
            await trio.sleep(0.02)
        await until(lambda: len(here.host.payments) == 20)


async def test_what_a_mirror_learns_out_of_order_is_found_by_looking_again() -> None:
    async with world() as here, here.watching() as chain:
        here.sandbox.faults.arm(Fault(Kind.HOLD, Call.MIRROR, delay_ms=30_000))
        here.pay("held")
        await until(lambda: here.balance(PAYEE) == 1_000)
        here.pay("behind")
        await here.seen("behind")
        for step_s in (15, 16):
            here.sandbox.clock.advance(step_s)
            await here.looked()
        assert here.host.to(f"{OURS}/held") == []
        assert chain._watcher is not None
        chain._watcher._again_at = -1.0
        await here.seen("held")


# --- What is not as configured


async def test_a_token_with_other_decimals_than_configured_is_refused() -> None:
    tokens = ({"id": f"0.0.{USDC}", "symbol": "USDC", "decimals": 8},)
    async with world(tokens=tokens) as here:
        with pytest.raises(ChainMismatch, match=r"0\.0\.5001 is configured with 8 decimals; it has 6"):
            await here.chain.run(here.host)
    async with world(tokens=({"id": "0.0.77", "symbol": "USDC", "decimals": 8},)) as here:
        with pytest.raises(ChainMismatch, match="there is no such token"):
            await here.chain.run(here.host)


async def test_another_network_than_the_database_belongs_to_is_refused() -> None:
    async with world() as here:
        here.host.identity = "hedera testnet"
        with pytest.raises(ChainMismatch, match="hedera testnet"):
            await here.chain.run(here.host)
        assert not here.healthy()


async def test_an_account_that_is_not_there_is_waited_for() -> None:
    async with world(account="0.0.1600", tokens=()) as here, here.watching(ready=False) as chain:
        await until(lambda: "knows of no account 0.0.1600" in chain.health().reason)
        with pytest.raises(Refusal, match="has not been seen yet"):
            await here.issue()
        here.account(1_600)
        await until(here.healthy)
        assert (await here.issue()).address == "0.0.1600"


async def test_no_destination_for_a_token_that_the_account_does_not_take_yet() -> None:
    async with world(account="0.0.1700") as here:
        here.account(1_700)
        async with here.watching():
            with pytest.raises(Refusal, match=r"0\.0\.1700 is not associated with USDC"):
                await here.issue(code=f"0.0.{USDC}")
            assert (await here.issue()).memo == "000018"
            here.sandbox.network.give(1_700, USDC, 0)
            uri = (await here.issue(1_500_000, code=f"0.0.{USDC}")).uri
            assert uri == f"hedera:0.0.1700?amount=1.500000&memo=000026&token=0.0.{USDC}"


# --- Being stopped


async def test_it_can_be_cancelled_at_any_moment_and_leaves_nothing_behind() -> None:
    async with world() as here:
        threads = threading.active_count()
        for moment in range(40):
            with trio.move_on_after(moment / 400):
                await here.chain.run(here.host)
            await until(partial(_is_left_alone, here))
        assert threading.active_count() <= threads + 1
        async with here.watching(again=True):
            here.pay("000000")
            await here.seen("000000")


def _is_left_alone(here: World) -> bool:
    return here.front.open == 0


def _has(here: World, tinybars: int) -> bool:
    return here.balance(PAYEE) == tinybars
