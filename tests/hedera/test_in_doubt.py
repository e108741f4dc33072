"""Nodes that may have it, and ids that stand for two: nothing is said of it that is not proven of it."""

from dataclasses import replace

import pytest

from paydaemon.core.relay import Outcome
from paydaemon_hedera import relay
from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.sandbox.faults import Call, Fault, Kind
from paydaemon_hedera.sandbox.names import TransactionName
from paydaemon_hedera.sandbox.wallet import sign, transfer_body
from tests.hedera.test_relaying import (
    ACCEPTED,
    FAILED,
    IMPATIENT,
    SUCCEEDED,
    UNKNOWN,
    arm,
    charged_once,
    comes_out,
)
from tests.hedera.world import ALICE, BOB, PAYEE, World, world
from tests.support.waiting import until

# --- Another transaction under the same id


def handed_to_a_node(here: World, name: TransactionName, node: int = 3, *, minor: int = 1) -> None:
    """What its payer has signed under an id, and handed to a node past the daemon."""
    body = transfer_body(name, node, {0: {ALICE: -minor, BOB: minor}}, "m")
    taken = here.sandbox.network.submit(node, sign(body, here.sandbox.holders[ALICE].signers))
    assert taken.code == rc.OK


@pytest.mark.parametrize("lasts", ["while there are receipts", "once there are none"])
async def test_what_another_one_under_its_id_did_is_no_success(lasts: str) -> None:
    async with world(**IMPATIENT) as here, here.watching():
        name = here.name()
        handed_to_a_node(here, name)
        transfer, outcome = await here.hand_in(here.signed(name=name))
        assert (outcome.status, outcome.precheck) == (ACCEPTED, "DUPLICATE_TRANSACTION")
        if lasts == "once there are none":
            here.sandbox.clock.advance(400)
        outcome = await comes_out(here, transfer)
        assert outcome == Outcome(
            FAILED,
            receipt="DUPLICATE_TRANSACTION",
            error="another transaction was carried out under this id",
        )
        assert here.balance(PAYEE) == 0


async def test_while_the_mirror_is_away_nobody_tells_which_of_two_it_was() -> None:
    async with world(**IMPATIENT) as here, here.watching():
        transfer, outcome = await here.hand_in(here.signed(), in_doubt=True)
        here.said[transfer.transaction_id] = replace(outcome, precheck=None)
        await until(lambda: here.balance(PAYEE) == 1_000)
        here.sandbox.is_mirror_down = True
        assert (await here.follow(transfer)).status is UNKNOWN
        here.sandbox.is_mirror_down = False
        assert (await comes_out(here, transfer)).status is SUCCEEDED


async def test_the_same_one_that_its_payer_handed_to_another_node_is_a_success() -> None:
    """The mirror has another hash of it then."""
    async with world(**IMPATIENT) as here, here.watching():
        name = here.name()
        body = transfer_body(name, 4, {0: {ALICE: -1_000, PAYEE: 1_000}}, "m")
        here.sandbox.network.submit(4, sign(body, here.sandbox.holders[ALICE].signers))
        await until(lambda: here.balance(PAYEE) == 1_000)
        transfer, outcome = await here.hand_in(here.signed(name=name), in_doubt=True)
        assert outcome.status is ACCEPTED
        assert (await comes_out(here, transfer)).status is SUCCEEDED


async def test_where_a_node_took_it_no_mirror_is_needed() -> None:
    async with world(**IMPATIENT) as here, here.watching():
        transfer, _ = await here.hand_in(here.signed())
        here.sandbox.is_mirror_down = True
        assert (await comes_out(here, transfer)).node == "0.0.3"


# --- What nobody is known to have taken


def handed_over(here: World) -> list[tuple[int, bytes, int]]:
    return [(one.node, one.raw, one.code) for one in here.sandbox.network.submissions]


async def test_after_a_short_outage_the_same_bytes_go_to_the_same_node() -> None:
    async with world(**IMPATIENT) as here, here.watching():
        arm(here, Kind.DROP_BEFORE, times=here.config.limits.submit_tries)
        raw = here.signed(nodes=(3, 4))
        transfer, outcome = await here.hand_in(raw)
        assert (outcome.status, outcome.node) == (UNKNOWN, "0.0.3")
        assert (await comes_out(here, transfer)).status is SUCCEEDED
        assert [(node, code) for node, _, code in handed_over(here)] == [(3, rc.OK)]
        await charged_once(here, raw)


async def test_what_a_node_turns_out_to_have_is_not_handed_over_any_more() -> None:
    async with world(**{**IMPATIENT, "limits.follow_s": 5.0}) as here, here.watching():
        arm(here, Kind.DROP_AFTER, times=here.config.limits.submit_tries)
        here.sandbox.faults.arm(Fault(Kind.DROP_BEFORE, Call.RECEIPT, times=3))
        here.sandbox.mirror.set_lags([1.0])
        transfer, outcome = await here.hand_in(here.signed())
        assert outcome.status is UNKNOWN
        before = len(handed_over(here))
        assert (await comes_out(here, transfer)).status is SUCCEEDED
        assert [code for _, _, code in handed_over(here)[before:]] == [rc.DUPLICATE_TRANSACTION]


async def test_in_doubt_no_other_node_gets_it() -> None:
    async with world(**IMPATIENT) as here, here.watching():
        arm(here, Kind.DROP_BEFORE, times=None, node=3)
        transfer, outcome = await here.hand_in(here.signed(nodes=(3, 4)))
        assert outcome.status is UNKNOWN
        for _ in range(3):
            assert (await here.follow(transfer)).status is UNKNOWN
        assert handed_over(here) == []


async def test_once_it_has_expired_nobody_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(**IMPATIENT) as here, here.watching():
        arm(here, Kind.DROP_BEFORE, times=here.config.limits.submit_tries)
        transfer, outcome = await here.hand_in(here.signed())
        assert outcome.status is UNKNOWN
        monkeypatch.setattr(relay, "_now_ms", lambda: transfer.expires_at_ms)
        assert (await here.follow(transfer)).status is UNKNOWN
        assert handed_over(here) == []
