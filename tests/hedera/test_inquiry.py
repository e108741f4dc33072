"""What clients ask in the network's own form: answered by whoever knows it, in bounded time."""

from collections.abc import Mapping

import pytest
import trio

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.hooks.ports import Inquiry, Reply
from paydaemon_hedera.kinds import BALANCE, CONTENTS, RECEIPT
from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.proto.exchange_rate_pb2 import ExchangeRateSet
from paydaemon_hedera.proto.query_header_pb2 import COST_ANSWER
from paydaemon_hedera.proto.query_pb2 import Query
from paydaemon_hedera.sandbox.faults import Call, Fault, Kind
from paydaemon_hedera.sandbox.fees import FILE_TINYBARS
from paydaemon_hedera.sandbox.genesis import CONTRACT
from tests.hedera.extension import Extension
from tests.hedera.front import HANG_UP, SILENCE, reply
from tests.hedera.test_extension import the_world
from tests.hedera.test_questions import changed
from tests.hedera.test_relaying import IMPATIENT
from tests.hedera.world import ALICE, BOB, PAYEE, World, world
from tests.support.waiting import until

ALL = (BALANCE, RECEIPT, CONTENTS)
SOON_S = 3.0
NOTHING: Mapping[str, object] = {"account": None, "file": None, "contract": None}


async def ask(here: World, raw: bytes, *, may_pay: bool = False) -> Reply:
    assert isinstance(here.chain, Inquiry)
    return await here.chain.ask(raw, ALL, may_pay=may_pay, asker="somebody")


async def refused(here: World, raw: bytes, *, may_pay: bool = False) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await ask(here, raw, may_pay=may_pay)
    return caught.value


# --- Balances


async def test_a_balance_is_what_the_mirror_has() -> None:
    async with world() as here, here.watching():
        told = await ask(here, the_world(here).balance(BOB))
        assert told == Reply(BALANCE, "OK", {"account": "0.0.1003", "balance_minor": here.balance(BOB)})
        assert here.codes() == [], "the payment in the question stays here"
        nobody = await ask(here, the_world(here).balance(9_999))
        assert nobody == Reply(BALANCE, "INVALID_ACCOUNT_ID", {"account": "0.0.9999", "balance_minor": None})


async def test_a_contract_has_one_too() -> None:
    def of_contract(number: int) -> bytes:
        query = Query()
        query.cryptogetAccountBalance.contractID.contractNum = number
        return query.SerializeToString()

    async with world() as here, here.watching():
        await here.hand_in(the_world(here).call(CONTRACT, gas=50_000, tinybars=7))
        await until(lambda: here.balance(CONTRACT) == 7)
        told = await ask(here, of_contract(CONTRACT))
        assert told == Reply(BALANCE, "OK", {"account": "0.0.7001", "balance_minor": 7})
        assert (await ask(here, of_contract(9_999))).code == "INVALID_CONTRACT_ID"


async def test_what_was_deleted_has_none() -> None:
    async with world() as here, here.watching():
        here.front.says = lambda path: (
            reply({"deleted": True, "balance": None})
            if path.startswith("/api/v1/accounts/0.0.1003")
            else None
        )
        assert (await ask(here, the_world(here).balance(BOB))).code == "ACCOUNT_DELETED"


@pytest.mark.parametrize("answer", [HANG_UP, SILENCE], ids=["hangs up", "is silent"])
async def test_without_a_mirror_nobody_knows_a_balance(answer: bytes) -> None:
    async with world(**{"limits.ask_s": 0.5}) as here, here.watching():
        here.front.says = lambda path: answer if "/accounts/0.0.1003" in path else None
        with trio.fail_after(SOON_S):
            refusal = await refused(here, the_world(here).balance(BOB))
        assert (refusal.type, refusal.code) == (ErrorType.UNAVAILABLE, "chain_unavailable")


# --- How many at once


async def test_a_place_is_given_back_however_a_question_ends() -> None:
    async with world(**{"limits.asks": 1, "limits.ask_s": 0.3}) as here, here.watching():
        question = the_world(here).balance(BOB)
        here.front.says = lambda path: SILENCE if "/accounts/0.0.1003" in path else None
        assert (await refused(here, question)).code == "chain_unavailable"
        with trio.move_on_after(0.05):
            await ask(here, question)
        here.front.says = lambda _: None
        for _ in range(2):
            assert (await ask(here, question)).code == "OK"


async def test_questions_leave_the_mirror_to_others() -> None:
    """By default it is asked by eight at once; of these, two may be answering clients."""
    async with world() as here, here.watching(), trio.open_nursery() as nursery:
        here.front.says = lambda path: SILENCE if "/accounts/0.0.1003" in path else None
        for _ in range(12):
            nursery.start_soon(ask, here, the_world(here).balance(BOB))
        await until(lambda: asked_about_bob(here) == 2)
        await here.looked()
        assert asked_about_bob(here) == 2, "the watcher goes on, and no third one is asked"
        nursery.cancel_scope.cancel()


def asked_about_bob(here: World) -> int:
    return sum("/accounts/0.0.1003" in path for path in here.front.asked)


async def test_who_asks_much_keeps_nobody_else_waiting() -> None:
    """And whoever has waited for a turn in vain is told that, and not that the network is away."""
    async with (
        world(**{"limits.ask_s": 2.0, "limits.mirror_calls": 4}) as here,
        here.watching(),
        trio.open_nursery() as nursery,
    ):
        here.sandbox.faults.arm(Fault(Kind.LATENCY, Call.MIRROR, times=None, delay_ms=200))
        raw, codes = the_world(here).balance(BOB), list[str]()

        async def ask_as(asker: str) -> None:
            try:
                codes.append((await here.chain.ask(raw, ALL, may_pay=False, asker=asker)).code)
            except Refusal as refusal:
                codes.append(refusal.code)

        for _ in range(20):
            nursery.start_soon(ask_as, "greedy")
        await trio.sleep(0.05)
        assert (await here.chain.ask(raw, ALL, may_pay=False, asker="modest")).code == "OK"
        await until(lambda: len(codes) == 20)
    assert "too_many_questions" in codes


# --- Receipts


async def test_a_receipt_is_waited_for() -> None:
    """As the extension does: asked for right after the precheck."""
    async with world() as here, here.watching():
        here.sandbox.network.consensus_delay_s = 0.5
        raw = the_world(here).transfer([(PAYEE, 10_000)])
        await here.hand_in(raw)
        told = await ask(here, the_world(here).receipt(raw))
        assert told == Reply(RECEIPT, "OK", {"status": "SUCCESS", **NOTHING})


async def test_what_consensus_refused_and_what_was_called_are_told() -> None:
    async with world() as here, here.watching():
        for called, told in (
            (CONTRACT, {"status": "SUCCESS", **NOTHING, "contract": "0.0.7001"}),
            (9_999, {"status": "INVALID_CONTRACT_ID", **NOTHING}),
        ):
            raw = the_world(here).call(called, gas=50_000, tinybars=0)
            await here.hand_in(raw)
            assert (await ask(here, the_world(here).receipt(raw))).content == told


async def test_when_nodes_have_forgotten_it_the_mirror_tells() -> None:
    async with world() as here, here.watching():
        raw = the_world(here).call(CONTRACT, gas=50_000, tinybars=0)
        await here.hand_in(raw)
        here.sandbox.clock.advance(400)
        told = await ask(here, the_world(here).receipt(raw))
        assert told.content == {"status": "SUCCESS", **NOTHING, "contract": "0.0.7001"}


async def test_nodes_alone_can_tell_and_so_can_the_mirror() -> None:
    async with world(**IMPATIENT) as here, here.watching():
        raw = the_world(here).transfer([(PAYEE, 10_000)])
        await here.hand_in(raw)
        question = the_world(here).receipt(raw)
        here.sandbox.is_mirror_down = True
        assert (await ask(here, question)).content["status"] == "SUCCESS"
        here.sandbox.is_mirror_down = False
        for node in here.sandbox.nodes:
            node.stop()
        assert (await ask(here, question)).content["status"] == "SUCCESS"


async def test_what_nobody_knows_is_unknown_once_patience_ends() -> None:
    async with world(**{"limits.ask_s": 0.3}) as here, here.watching():
        question = the_world(here).receipt(the_world(here).transfer([(PAYEE, 10_000)]))
        with trio.fail_after(SOON_S):
            assert await ask(here, question) == Reply(RECEIPT, "OK", {"status": "UNKNOWN", **NOTHING})


async def test_where_everybody_is_away_that_is_told() -> None:
    async with world(**{"limits.ask_s": 0.3}) as here:
        question = the_world(here).receipt(the_world(here).transfer([(PAYEE, 10_000)]))
        async with here.watching():
            for node in here.sandbox.nodes:
                node.stop()
            here.sandbox.is_mirror_down = True
            with trio.fail_after(SOON_S):
                refusal = await refused(here, question)
        assert (refusal.type, refusal.code) == (ErrorType.UNAVAILABLE, "chain_unavailable")
        refusal = await refused(here, question)
        assert refusal.type is ErrorType.UNAVAILABLE, "nor while the chain does not run"


async def test_a_duplicate_is_not_what_became_of_it() -> None:
    async with world() as here, here.watching():
        raw = the_world(here).transfer([(PAYEE, 10_000)])
        await here.hand_in(raw)
        other = Extension(ALICE, the_world(here).secret, lambda: at_ns, node=4)
        at_ns = start_ns(here, raw) + 5 * 10**9
        await here.hand_in(other.transfer([(PAYEE, 10_000)]))
        await until(lambda: len(here.sandbox.network.history.since(0)) == 2)
        here.sandbox.clock.advance(400)
        question = the_world(here).receipt(raw)
        assert (await ask(here, question)).content["status"] == "SUCCESS"


def start_ns(here: World, raw: bytes) -> int:
    seconds, _, nanos = here.inspect(raw).transaction_id.partition("@")[2].partition(".")
    return int(seconds) * 10**9 + int(nanos)


# --- Files


async def test_what_a_file_holds_is_told_to_who_pays() -> None:
    async with world() as here, here.watching():
        before = here.balance(ALICE)
        told = await ask(here, the_world(here).contents(112), may_pay=True)
        assert (told.kind, told.code, told.content["file"]) == (CONTENTS, "OK", "0.0.112")
        contents = told.content["contents"]
        assert isinstance(contents, bytes)
        assert ExchangeRateSet.FromString(contents).currentRate.centEquiv == 12
        await until(lambda: before - here.balance(ALICE) == 100_000 + 83_333)


async def test_a_payment_goes_to_the_node_that_it_names() -> None:
    async with world() as here, here.watching():
        asker = Extension(ALICE, the_world(here).secret, here.sandbox.clock.now_ns, node=4)
        assert (await ask(here, asker.contents(112), may_pay=True)).code == "OK"
        assert [one.node for one in here.sandbox.network.submissions] == [4]
        asker = Extension(ALICE, asker.secret, here.sandbox.clock.now_ns, node=9)
        refusal = await refused(here, asker.contents(112), may_pay=True)
        assert (refusal.code, refusal.param) == ("invalid_question", "query.header.payment")


async def test_a_payment_is_passed_on_only_where_it_may() -> None:
    async with world() as here, here.watching():
        refusal = await refused(here, the_world(here).contents(112))
        assert (refusal.code, refusal.param) == ("payment_not_allowed", "query.header.payment")
        assert here.codes() == []


async def test_the_cost_is_told_to_everybody_and_nothing_is_paid() -> None:
    def cost(query: Query) -> None:
        query.fileGetContents.header.responseType = COST_ANSWER

    def free(query: Query) -> None:
        query.fileGetContents.ClearField("header")

    async with world() as here, here.watching():
        told = await ask(here, changed(the_world(here).contents(112), cost))
        assert told == Reply(
            CONTENTS, "OK", {"file": "0.0.112", "contents": None, "cost_minor": FILE_TINYBARS}
        )
        told = await ask(here, changed(the_world(here).contents(112), free))
        assert (told.code, told.content["contents"]) == ("INVALID_TRANSACTION_BODY", None)
        assert here.codes() == []


async def test_what_a_node_refuses_is_told_by_its_code() -> None:
    async with world() as here, here.watching():
        told = await ask(here, the_world(here).contents(112, tinybars=1), may_pay=True)
        assert (told.code, told.content["cost_minor"]) == ("INSUFFICIENT_TX_FEE", FILE_TINYBARS)
        told = await ask(here, the_world(here).contents(150), may_pay=True)
        assert told == Reply(
            CONTENTS, "INVALID_FILE_ID", {"file": "0.0.150", "contents": None, "cost_minor": 0}
        )
        here.sandbox.faults.arm(Fault(Kind.CODE, Call.FILE, None, 1, rc.BUSY))
        assert (await ask(here, the_world(here).contents(112), may_pay=True)).code == "BUSY"


async def test_a_node_that_is_away_or_silent_answers_nothing() -> None:
    async with world(**{"limits.ask_s": 0.5}) as here, here.watching():
        here.sandbox.faults.arm(Fault(Kind.LATENCY, Call.FILE, None, None, delay_ms=5_000))
        with trio.fail_after(SOON_S):
            refusal = await refused(here, the_world(here).contents(112), may_pay=True)
        assert refusal.type is ErrorType.UNAVAILABLE
        here.sandbox.node(3).stop()
        with trio.fail_after(SOON_S):
            refusal = await refused(here, the_world(here).contents(112), may_pay=True)
        assert refusal.type is ErrorType.UNAVAILABLE


async def test_another_node_is_asked_what_costs_nothing() -> None:
    def cost(query: Query) -> None:
        query.fileGetContents.header.ClearField("payment")
        query.fileGetContents.header.responseType = COST_ANSWER

    async with world(**IMPATIENT) as here, here.watching():
        here.sandbox.node(3).stop()
        for _ in range(5):
            assert (await ask(here, changed(the_world(here).contents(112), cost))).code == "OK"
