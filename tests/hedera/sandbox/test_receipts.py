"""Receipts are UNKNOWN first and gone after 180 s; records cost; balances are not told."""

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.proto.query_header_pb2 import ANSWER_ONLY, ANSWER_STATE_PROOF, COST_ANSWER, QueryHeader
from paydaemon_hedera.proto.query_pb2 import Query
from paydaemon_hedera.proto.transaction_get_receipt_pb2 import TransactionGetReceiptQuery
from paydaemon_hedera.proto.transaction_get_record_pb2 import (
    TransactionGetRecordQuery,
    TransactionGetRecordResponse,
)
from paydaemon_hedera.proto.transaction_pb2 import Transaction, TransactionBody
from paydaemon_hedera.sandbox import queries
from paydaemon_hedera.sandbox.fees import RECORD_TINYBARS, fees_of
from paydaemon_hedera.sandbox.genesis import PAYEE, USDC
from paydaemon_hedera.sandbox.ledger import HBAR
from paydaemon_hedera.sandbox.names import SECOND_NS, TransactionName, to_id
from paydaemon_hedera.sandbox.wallet import sign
from tests.hedera.sandbox.world import ALICE, DELAY_S, NOW_NS, World, code_name


def submitted(world: World, body: TransactionBody | None = None) -> TransactionName:
    taken = world.submit(world.body() if body is None else body)
    assert taken.name is not None
    return taken.name


def test_unknown_until_consensus() -> None:
    world = World()
    name = submitted(world)
    assert world.status(name) == "UNKNOWN"
    world.pass_time(DELAY_S - 0.001)
    assert world.status(name) == "UNKNOWN"
    world.pass_time(0.001)
    assert world.status(name) == "SUCCESS"


def test_another_node_hears_of_it_at_consensus() -> None:
    world = World()
    name = submitted(world)
    assert world.status(name, node=4) == "RECEIPT_NOT_FOUND"
    world.pass_time()
    assert world.status(name, node=4) == "SUCCESS"


def test_a_receipt_lives_for_180_s_from_when_its_transaction_is_valid() -> None:
    world = World()
    name = submitted(world)
    left_s = 180 - (NOW_NS - name.start_ns) / SECOND_NS
    world.pass_time(left_s - 0.000001)
    assert world.status(name) == "SUCCESS"
    world.pass_time(0.00001)
    assert world.status(name) == "RECEIPT_NOT_FOUND"


def test_what_nobody_submitted_or_names() -> None:
    world = World()
    assert world.status(world.name()) == "RECEIPT_NOT_FOUND"
    refused = world.submit(world.body(change=lambda b: setattr(b, "memo", "x" * 101)))
    assert refused.name is None
    empty = queries.receipt(world.network, 3, Query(transactionGetReceipt=TransactionGetReceiptQuery()))
    code = empty.transactionGetReceipt.header.nodeTransactionPrecheckCode
    assert code == rc.INVALID_TRANSACTION_ID


def test_a_receipt_tells_the_exchange_rate() -> None:
    world = World()
    name = submitted(world)
    world.pass_time()
    rates = world.receipt(name).transactionGetReceipt.receipt.exchangeRate
    assert (rates.currentRate.centEquiv, rates.currentRate.hbarEquiv) == (12, 1)
    assert rates.currentRate.expirationTime.seconds > NOW_NS // SECOND_NS


# --- Records


def ask(world: World, name: TransactionName, header: QueryHeader) -> TransactionGetRecordResponse:
    asked = TransactionGetRecordQuery(header=header, transactionID=to_id(name), includeDuplicates=True)
    return queries.record(world.network, 3, Query(transactionGetRecord=asked)).transactionGetRecord


def payment(world: World, amount: int = RECORD_TINYBARS, to: int = 3) -> QueryHeader:
    body = world.body({HBAR: {ALICE: -amount, to: amount}})
    return QueryHeader(
        payment=Transaction.FromString(sign(body, world.keys(ALICE))), responseType=ANSWER_ONLY
    )


def code(answer: TransactionGetRecordResponse) -> str:
    return code_name(answer.header.nodeTransactionPrecheckCode)


def test_a_record_tells_its_cost_and_then_everything() -> None:
    world = World()
    name = submitted(world, world.body({USDC: {ALICE: -5, PAYEE: 5}, HBAR: {ALICE: -7, PAYEE: 7}}))
    world.pass_time()
    cost = ask(world, name, QueryHeader(responseType=COST_ANSWER))
    assert (code(cost), cost.header.cost, cost.header.responseType) == ("OK", RECORD_TINYBARS, COST_ANSWER)
    answer = ask(world, name, payment(world))
    assert code(answer) == "OK"
    told = answer.transactionRecord
    (handled,) = world.network.history.since(0)
    fee = fees_of(token_lists=1, with_custom_fees=False)
    assert (told.receipt.status, told.transactionFee) == (rc.SUCCESS, fee.total)
    assert told.transactionHash == handled.envelope.hash
    assert len(told.transactionHash) == 48
    assert told.consensusTimestamp.seconds * SECOND_NS + told.consensusTimestamp.nanos == handled.at_ns
    moved = {one.accountID.accountNum: one.amount for one in told.transferList.accountAmounts}
    assert moved == {3: fee.node, 98: fee.network + fee.service, PAYEE: 7, ALICE: -7 - fee.total}
    (tokens,) = told.tokenTransferLists
    assert tokens.token.tokenNum == USDC
    assert {one.accountID.accountNum: one.amount for one in tokens.transfers} == {PAYEE: 5, ALICE: -5}


def test_the_payment_for_a_record_is_a_transaction_too() -> None:
    world = World()
    name = submitted(world)
    world.pass_time()
    before = world.balance(ALICE)
    header = payment(world)
    assert code(ask(world, name, header)) == "OK"
    assert code(ask(world, name, header)) == "DUPLICATE_TRANSACTION"
    world.pass_time()
    spent = RECORD_TINYBARS + fees_of(token_lists=0, with_custom_fees=False).total
    assert before - world.balance(ALICE) == spent


def test_a_record_that_is_not_paid_for() -> None:
    world = World()
    name = submitted(world)
    assert code(ask(world, name, payment(world))) == "RECORD_NOT_FOUND"
    world.pass_time()
    assert code(ask(world, name, QueryHeader(responseType=ANSWER_ONLY))) == "INVALID_TRANSACTION_BODY"
    low = ask(world, name, payment(world, RECORD_TINYBARS - 1))
    assert (code(low), low.header.cost) == ("INSUFFICIENT_TX_FEE", RECORD_TINYBARS)
    assert code(ask(world, name, payment(world, to=4))) == "INVALID_RECEIVING_NODE_ACCOUNT"
    assert code(ask(world, name, QueryHeader(responseType=ANSWER_STATE_PROOF))) == "NOT_SUPPORTED"
    # None of these was charged.
    world.pass_time()
    assert len(world.network.history.since(0)) == 1
    world.pass_time(200)
    assert code(ask(world, name, payment(world))) == "RECORD_NOT_FOUND"


def test_balances_are_the_mirror_nodes_to_tell() -> None:
    answer = queries.balance(World().network, 3, Query())
    assert answer.cryptogetAccountBalance.header.nodeTransactionPrecheckCode == rc.NOT_SUPPORTED
