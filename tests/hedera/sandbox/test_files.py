"""What the network's files hold: told to whoever pays for it, after what it costs to whoever asks."""

import pytest

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.proto.basic_types_pb2 import CurrentAndNextFeeSchedule, FileID, NodeAddressBook
from paydaemon_hedera.proto.exchange_rate_pb2 import ExchangeRateSet
from paydaemon_hedera.proto.file_get_contents_pb2 import FileGetContentsQuery, FileGetContentsResponse
from paydaemon_hedera.proto.query_header_pb2 import (
    ANSWER_ONLY,
    ANSWER_STATE_PROOF,
    COST_ANSWER,
    QueryHeader,
)
from paydaemon_hedera.proto.query_pb2 import Query
from paydaemon_hedera.sandbox import queries
from paydaemon_hedera.sandbox.addressbook import NodeEntry
from paydaemon_hedera.sandbox.faults import Call, Fault, Kind
from paydaemon_hedera.sandbox.fees import FILE_TINYBARS, fees_of
from paydaemon_hedera.sandbox.files import ADDRESS_BOOK, EXCHANGE_RATES, FEE_SCHEDULES, NODE_DETAILS, Files
from paydaemon_hedera.sandbox.names import SECOND_NS
from tests.hedera.sandbox.test_receipts import payment
from tests.hedera.sandbox.world import ALICE, NOW_NS, World, code_name

BOOK = (NodeEntry(3, "127.0.0.1", 50211, "ab"), NodeEntry(4, "127.0.0.1", 50212))


def ask(world: World, file: int | None, header: QueryHeader) -> FileGetContentsResponse:
    files = Files(lambda: BOOK, world.clock)
    asked = FileGetContentsQuery(header=header, fileID=None if file is None else FileID(fileNum=file))
    return queries.file_contents(files, world.network, 3, Query(fileGetContents=asked)).fileGetContents


def code(answer: FileGetContentsResponse) -> str:
    return code_name(answer.header.nodeTransactionPrecheckCode)


def contents(file: int) -> bytes:
    world = World()
    answer = ask(world, file, payment(world))
    assert code(answer) == "OK"
    assert answer.fileContents.fileID.fileNum == file
    return answer.fileContents.contents


@pytest.mark.parametrize("file", [ADDRESS_BOOK, NODE_DETAILS])
def test_the_address_book(file: int) -> None:
    nodes = NodeAddressBook.FromString(contents(file)).nodeAddress
    assert [one.nodeAccountId.accountNum for one in nodes] == [3, 4]
    assert nodes[0].nodeCertHash == b"ab"
    assert (nodes[1].serviceEndpoint[0].ipAddressV4, nodes[1].serviceEndpoint[0].port) == (
        bytes((127, 0, 0, 1)), 50212,
    )  # fmt: skip


def test_prices_and_the_exchange_rate() -> None:
    rates = ExchangeRateSet.FromString(contents(EXCHANGE_RATES))
    assert (rates.currentRate.centEquiv, rates.currentRate.hbarEquiv) == (12, 1)
    prices = CurrentAndNextFeeSchedule.FromString(contents(FEE_SCHEDULES))
    assert prices.currentFeeSchedule.expiryTime == rates.currentRate.expirationTime
    assert prices.currentFeeSchedule.expiryTime.seconds > NOW_NS // SECOND_NS


def test_the_cost_comes_first_and_the_payment_is_a_transaction() -> None:
    world = World()
    cost = ask(world, EXCHANGE_RATES, QueryHeader(responseType=COST_ANSWER))
    assert (code(cost), cost.header.cost, cost.HasField("fileContents")) == ("OK", FILE_TINYBARS, False)
    before, header = world.balance(ALICE), payment(world, FILE_TINYBARS)
    assert code(ask(world, EXCHANGE_RATES, header)) == "OK"
    assert code(ask(world, EXCHANGE_RATES, header)) == "DUPLICATE_TRANSACTION"
    world.pass_time()
    fee = fees_of(token_lists=0, with_custom_fees=False).total
    assert before - world.balance(ALICE) == FILE_TINYBARS + fee


def test_what_is_not_paid_for_is_not_told() -> None:
    world = World()
    low = ask(world, EXCHANGE_RATES, payment(world, FILE_TINYBARS - 1))
    assert (code(low), low.header.cost) == ("INSUFFICIENT_TX_FEE", FILE_TINYBARS)
    assert code(ask(world, EXCHANGE_RATES, QueryHeader(responseType=ANSWER_ONLY))) == (
        "INVALID_TRANSACTION_BODY"
    )
    assert code(ask(world, EXCHANGE_RATES, payment(world, to=4))) == "INVALID_RECEIVING_NODE_ACCOUNT"
    assert code(ask(world, EXCHANGE_RATES, QueryHeader(responseType=ANSWER_STATE_PROOF))) == "NOT_SUPPORTED"
    world.pass_time()
    assert world.network.history.since(0) == []


def test_a_file_that_is_not_there_is_paid_for_all_the_same() -> None:
    """As by a real node, which looks for it last."""
    world = World()
    cost = ask(world, 150, QueryHeader(responseType=COST_ANSWER))
    assert (code(cost), cost.header.cost) == ("OK", 0)
    assert code(ask(world, None, QueryHeader(responseType=COST_ANSWER))) == "INVALID_FILE_ID"
    answer = ask(world, 150, payment(world))
    assert (code(answer), answer.HasField("fileContents")) == ("INVALID_FILE_ID", False)
    world.pass_time()
    assert len(world.network.history.since(0)) == 1


def test_a_fault_strikes_at_it_alone() -> None:
    world = World()
    world.faults.arm(Fault(Kind.CODE, Call.FILE, 3, 1, rc.BUSY))
    assert code(ask(world, EXCHANGE_RATES, QueryHeader(responseType=COST_ANSWER))) == "BUSY"
    assert code(ask(world, EXCHANGE_RATES, QueryHeader(responseType=COST_ANSWER))) == "OK"
