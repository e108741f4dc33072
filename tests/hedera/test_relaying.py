"""Transactions handed to a network: exactly once, never "failed" while that is not proven."""

from functools import partial

import pytest
import trio

from paydaemon.core.relay import Outcome, RelayStatus, SignedTransfer
from paydaemon_hedera.codes import name_of
from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.sandbox.faults import Call, Fault, Kind
from tests.hedera.front import reply
from tests.hedera.world import ALICE, PAYEE, World, world
from tests.support.waiting import BOUND_S, until

ACCEPTED, SUCCEEDED = RelayStatus.ACCEPTED, RelayStatus.SUCCEEDED
FAILED, UNKNOWN = RelayStatus.FAILED, RelayStatus.UNKNOWN

IMPATIENT = {
    "limits.connect_timeout_s": 0.5,
    "limits.submit_timeout_s": 1.0,
    "limits.receipt_timeout_s": 1.0,
    "limits.follow_s": 0.5,
}


def arm(here: World, kind: Kind, *, times: int | None = 1, code: int = 0, node: int | None = None) -> None:
    here.sandbox.faults.arm(Fault(kind, Call.SUBMIT, node, times, code, delay_ms=2_000))


async def comes_out(here: World, transfer: SignedTransfer) -> Outcome:
    """What is proven in the end: asked for again and again, as the daemon does."""
    with trio.fail_after(BOUND_S):
        while (outcome := await here.follow(transfer)).status is UNKNOWN:
            pass
    return outcome


async def charged_once(here: World, raw: bytes) -> None:
    """Consensus has it once and no duplicate, and it was credited once."""
    transfer = here.inspect(raw)
    await until(lambda: here.balance(PAYEE) > 0)
    assert here.balance(PAYEE) == 1_000
    assert here.taken().count(transfer.transaction_id) == 1
    await here.seen("m")
    assert here.host.only("0.0.1001/m").transaction_id == transfer.transaction_id


async def test_it_is_taken_comes_through_and_is_credited() -> None:
    async with world() as here, here.watching():
        raw = here.signed()
        transfer, outcome = await here.hand_in(raw)
        assert outcome == Outcome(ACCEPTED, precheck="OK", node="0.0.3")
        outcome = await comes_out(here, transfer)
        assert (outcome.status, outcome.receipt, outcome.error) == (SUCCEEDED, "SUCCESS", None)
        await charged_once(here, raw)


async def test_what_has_come_through_is_not_remembered() -> None:
    async with world() as here, here.watching():
        transfer, outcome = await here.hand_in(here.signed())
        assert here.chain._relay._memory.recall(transfer) is not None
        await here.chain.follow(transfer, outcome)
        assert here.chain._relay._memory.recall(transfer) is None
        assert here.chain._relay._memory._read_bytes == 0


async def test_consensus_may_refuse_what_a_node_took() -> None:
    """Alice has enough when the node asks, and not any more when her second transfer comes to consensus."""
    async with world() as here, here.watching():
        most = here.balance(ALICE) - 200_000_000
        first, _ = await here.hand_in(here.signed({0: {ALICE: -most, PAYEE: most}}))
        second, outcome = await here.hand_in(here.signed({0: {ALICE: -most, PAYEE: most}}))
        assert outcome.status is ACCEPTED
        assert (await comes_out(here, first)).status is SUCCEEDED
        refused = await comes_out(here, second)
        assert (refused.status, refused.receipt) == (FAILED, "INSUFFICIENT_ACCOUNT_BALANCE")


# --- What a node answers


@pytest.mark.parametrize("code", ["BUSY", "PLATFORM_NOT_ACTIVE", "PLATFORM_TRANSACTION_NOT_CREATED"])
async def test_a_node_that_is_busy_is_asked_again(code: str) -> None:
    async with world() as here, here.watching():
        arm(here, Kind.CODE, times=3, code=rc.ResponseCodeEnum.Value(code))
        raw = here.signed()
        _, outcome = await here.hand_in(raw)
        assert outcome.status is ACCEPTED
        assert len({one.raw for one in here.sandbox.network.submissions}) == 1
        await charged_once(here, raw)


async def test_one_that_stays_busy_is_left_for_another_and_then_it_failed_for_certain() -> None:
    async with world() as here, here.watching():
        arm(here, Kind.CODE, times=None, code=rc.BUSY, node=3)
        _, outcome = await here.hand_in(here.signed(nodes=(3, 4)))
        assert (outcome.status, outcome.node) == (ACCEPTED, "0.0.4")
        raw = here.signed()
        _, outcome = await here.hand_in(raw)
        assert (outcome.status, outcome.precheck) == (FAILED, "BUSY")
        here.sandbox.faults.clear()
        assert (await here.hand_in(raw))[1].status is ACCEPTED


@pytest.mark.parametrize(
    "code",
    [
        *("TRANSACTION_EXPIRED", "INVALID_TRANSACTION_START", "INSUFFICIENT_TX_FEE", "INVALID_SIGNATURE"),
        *(
            "INSUFFICIENT_PAYER_BALANCE",
            "PAYER_ACCOUNT_NOT_FOUND",
            "INVALID_ACCOUNT_AMOUNTS",
            "NOT_SUPPORTED",
        ),
        *("INVALID_NODE_ACCOUNT", "KEY_PREFIX_MISMATCH", "TRANSACTION_OVERSIZE", "MEMO_TOO_LONG"),
    ],
)
async def test_what_a_node_refuses_failed_with_its_code_and_may_be_handed_in_again(code: str) -> None:
    async with world() as here, here.watching():
        arm(here, Kind.CODE, code=rc.ResponseCodeEnum.Value(code))
        raw = here.signed()
        _, outcome = await here.hand_in(raw)
        assert (outcome.status, outcome.precheck, outcome.receipt) == (FAILED, code, None)
        assert here.taken() == []
        _, outcome = await here.hand_in(raw)
        assert (outcome.status, outcome.precheck) == (ACCEPTED, "OK")


def test_a_code_that_is_newer_than_this_release_goes_by_its_number() -> None:
    assert (name_of(0), name_of(60_000)) == ("OK", "CODE_60000")


# --- Nodes that are away


async def test_another_node_gets_it_where_the_first_was_never_reached_or_went_away() -> None:
    async with world(**IMPATIENT) as here, here.watching():
        here.sandbox.node(3).stop()
        _, outcome = await here.hand_in(here.signed(nodes=(3, 4)))
        assert (outcome.status, outcome.node) == (ACCEPTED, "0.0.4")
        here.sandbox.node(4).stop()
        here.sandbox.node(3).start()
        await trio.sleep(0.1)
        _, outcome = await here.hand_in(here.signed(nodes=(4, 3)))
        assert (outcome.status, outcome.node) == (ACCEPTED, "0.0.3")
        assert [one.node for one in here.sandbox.network.submissions] == [4, 3]


async def test_where_none_can_be_reached_it_certainly_failed() -> None:
    async with world(**IMPATIENT) as here, here.watching():
        here.sandbox.node(3).stop()
        raw = here.signed()
        _, outcome = await here.hand_in(raw)
        assert (outcome.status, outcome.precheck) == (FAILED, None)
        assert outcome.error is not None
        assert "cannot be reached" in outcome.error
        here.sandbox.node(3).start()
        await trio.sleep(0.1)
        assert (await here.hand_in(raw))[1].status is ACCEPTED
        await charged_once(here, raw)


async def test_only_one_waits_for_a_node_that_is_away() -> None:
    async with world(**IMPATIENT) as here, here.watching() as chain:
        here.sandbox.node(3).stop()
        transfers = [here.inspect(here.signed()) for _ in range(50)]
        began_at = trio.current_time()
        async with trio.open_nursery() as nursery:
            for transfer in transfers:
                nursery.start_soon(partial(chain.submit, transfer, in_doubt=False))
        assert trio.current_time() - began_at < 3


# --- Answers that never come


@pytest.mark.parametrize("kind", [Kind.DROP_BEFORE, Kind.DROP_AFTER, Kind.HANG])
async def test_without_an_answer_the_same_bytes_go_to_the_same_node(kind: Kind) -> None:
    async with world(**IMPATIENT) as here, here.watching():
        arm(here, kind)
        raw = here.signed(nodes=(3, 4))
        transfer, outcome = await here.hand_in(raw)
        assert outcome.status is ACCEPTED
        assert outcome.precheck == ("OK" if kind is Kind.DROP_BEFORE else "DUPLICATE_TRANSACTION")
        assert (await comes_out(here, transfer)).status is SUCCEEDED
        assert {(one.node, one.raw) for one in here.sandbox.network.submissions} == {
            (3, here.sandbox.network.submissions[0].raw)
        }
        await charged_once(here, raw)


async def test_where_no_answer_ever_comes_it_is_unknown_until_a_receipt_proves_it() -> None:
    async with world(**IMPATIENT) as here, here.watching():
        arm(here, Kind.DROP_AFTER, times=None)
        raw = here.signed(nodes=(3, 4))
        transfer, outcome = await here.hand_in(raw)
        assert (outcome.status, outcome.node) == (UNKNOWN, "0.0.3")
        assert {one.node for one in here.sandbox.network.submissions} == {3}
        assert (await comes_out(here, transfer)).status is SUCCEEDED
        await charged_once(here, raw)


async def test_a_refusal_after_a_call_without_an_answer_proves_nothing() -> None:
    async with world(**IMPATIENT) as here, here.watching():
        arm(here, Kind.DROP_BEFORE)
        arm(here, Kind.CODE, code=rc.INSUFFICIENT_PAYER_BALANCE)
        _, outcome = await here.hand_in(here.signed(nodes=(3, 4)))
        assert outcome.status is UNKNOWN
        assert {one.node for one in here.sandbox.network.submissions} == {3}


async def test_a_hundred_at_once_are_one() -> None:
    async with world() as here, here.watching() as chain:
        raw = here.signed(nodes=(3, 4))
        transfer = here.inspect(raw)
        outcomes: list[Outcome] = []

        async def one(in_doubt: bool) -> None:
            await chain.verify(transfer)
            outcomes.append(await chain.submit(transfer, in_doubt=in_doubt))

        async with trio.open_nursery() as nursery:
            for number in range(100):
                nursery.start_soon(one, number > 0)
        assert [outcome.status for outcome in outcomes] == [ACCEPTED] * 100
        await charged_once(here, raw)


# --- What became of it


async def test_receipts_may_be_gone_and_the_mirror_still_knows() -> None:
    async with world(**IMPATIENT) as here, here.watching():
        transfer, _ = await here.hand_in(here.signed())
        here.sandbox.clock.advance(400)
        outcome = await comes_out(here, transfer)
        assert outcome == Outcome(SUCCEEDED, receipt="SUCCESS", node=None)


async def test_while_neither_nodes_nor_mirror_can_tell_it_is_unknown() -> None:
    async with world(**IMPATIENT) as here, here.watching():
        transfer, _ = await here.hand_in(here.signed())
        for node in here.sandbox.nodes:
            node.stop()
        here.sandbox.is_mirror_down = True
        assert (await here.follow(transfer)).status is UNKNOWN
        here.sandbox.is_mirror_down = False
        here.sandbox.mirror.set_lags([60.0])
        assert (await here.follow(transfer)).status is UNKNOWN
        here.sandbox.mirror.set_lags([0.0])
        assert (await comes_out(here, transfer)).status is SUCCEEDED


async def test_what_never_reached_consensus_failed_once_the_mirror_has_come_past_it() -> None:
    async with world(**IMPATIENT) as here, here.watching():
        arm(here, Kind.DROP_BEFORE, times=None)
        transfer, outcome = await here.hand_in(here.signed())
        assert outcome.status is UNKNOWN
        assert (await here.follow(transfer)).status is UNKNOWN
        here.sandbox.clock.advance(200)  # past its expiry, and not by the margin
        assert (await here.follow(transfer)).status is UNKNOWN
        here.sandbox.clock.advance(100)
        outcome = await comes_out(here, transfer)
        assert (outcome.status, outcome.receipt) == (FAILED, None)
        assert outcome.error == "it never reached consensus before it expired"


async def test_a_machine_that_lags_behind_proves_no_absence() -> None:
    """It is asked for the transaction each time, and only now and then how far it has come."""
    async with world(**IMPATIENT) as here, here.watching():
        transfer, _ = await here.hand_in(here.signed())
        await until(lambda: here.balance(PAYEE) == 1_000)
        here.sandbox.clock.advance(400)
        asked = iter(range(10**6))

        def laggard(path: str) -> bytes | None:
            if "/transactions/" in path:
                return reply({}, status="404 Not Found")
            if "/blocks" in path and next(asked) % 7 == 0:
                return reply({"blocks": [{"timestamp": {"to": "1.000000000"}}]})
            return None

        here.front.says = laggard
        for _ in range(3):
            assert (await here.follow(transfer)).status is UNKNOWN
        here.front.says = None
        assert (await comes_out(here, transfer)).status is SUCCEEDED


async def test_a_duplicate_alone_proves_that_there_is_more_to_come() -> None:
    async with world(**IMPATIENT) as here, here.watching():
        transfer, _ = await here.hand_in(here.signed())
        await until(lambda: here.balance(PAYEE) == 1_000)
        here.sandbox.clock.advance(400)
        told = here.sandbox.mirror.answer(f"/api/v1/transactions/{_dashed(transfer.transaction_id)}", ())
        only = [{**one, "result": "DUPLICATE_TRANSACTION"} for one in told["transactions"]]
        here.front.says = lambda path: reply({"transactions": only}) if "/transactions/" in path else None
        assert (await here.follow(transfer)).status is UNKNOWN


def _dashed(id: str) -> str:
    payer, _, start = id.partition("@")
    return f"{payer}-{start.replace('.', '-')}"


async def test_in_doubt_nothing_is_said_to_have_failed_however_often_it_was_looked_at() -> None:
    """Whoever repeats its request makes nothing new of it: the daemon alone knows whether it is."""
    async with world(**IMPATIENT) as here, here.watching() as chain:
        raw = here.signed()
        here.sandbox.node(3).stop()
        transfer = [here.inspect(raw) for _ in range(3)][-1]
        assert (await chain.submit(transfer, in_doubt=True)).status is UNKNOWN
        assert (await chain.submit(here.inspect(raw), in_doubt=False)).status is FAILED
        assert here.codes() == []


# --- Killed, and started again


@pytest.mark.parametrize("read_again", [False, True], ids=["from its bytes", "as the daemon does"])
async def test_killed_before_it_was_handed_over(read_again: bool) -> None:
    async with world() as here:
        raw = here.signed()
        async with here.watching():
            transfer, asked_ms = here.inspect(raw), here.now_ms
        await trio.sleep(0.002)
        async with here.watching() as chain:
            if read_again:
                transfer = chain.inspect(transfer.raw, asked_ms)
            assert (await chain.submit(transfer, in_doubt=True)).status is ACCEPTED
            await charged_once(here, raw)


async def test_killed_after_it_was_handed_over() -> None:
    async with world(**IMPATIENT) as here:
        raw = here.signed(nodes=(3, 4))
        async with here.watching():
            here.sandbox.node(3).stop()
            asked_ms = here.now_ms
            transfer, outcome = await here.hand_in(raw)
            assert outcome.node == "0.0.4"
        here.sandbox.node(3).start()
        async with here.watching() as chain:
            transfer = chain.inspect(transfer.raw, asked_ms)
            outcome = await chain.submit(transfer, in_doubt=True)
            assert (outcome.status, outcome.node) in {(ACCEPTED, "0.0.3"), (ACCEPTED, "0.0.4")}
            assert [one.node for one in here.sandbox.network.submissions] == [4]
            await charged_once(here, raw)


async def test_killed_and_started_again_when_everybody_has_forgotten_it() -> None:
    async with world(**IMPATIENT) as here:
        async with here.watching():
            asked_ms = here.now_ms
            transfer, _ = await here.hand_in(here.signed())
            await until(lambda: here.balance(PAYEE) == 1_000)
        here.sandbox.clock.advance(200)
        async with here.watching() as chain:
            transfer = chain.inspect(transfer.raw, asked_ms)
            outcome = await chain.submit(transfer, in_doubt=True)
            assert outcome.status is UNKNOWN
            assert here.codes()[-1] == rc.TRANSACTION_EXPIRED
            assert (await comes_out(here, transfer)).status is SUCCEEDED
