"""Calls of contracts: checked as a node does, charged for gas, and a contract takes what it is given."""

import pytest

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.proto.transaction_pb2 import TransactionBody
from paydaemon_hedera.sandbox.calls import MAX_GAS
from paydaemon_hedera.sandbox.fees import GAS_TINYBARS, MIN_GAS, fees_of
from paydaemon_hedera.sandbox.genesis import CONTRACT, PAYEE
from paydaemon_hedera.sandbox.history import to_receipt, to_record
from paydaemon_hedera.sandbox.ledger import HBAR
from paydaemon_hedera.sandbox.mirror import Mirror
from paydaemon_hedera.sandbox.names import SECOND_NS, TransactionName
from paydaemon_hedera.sandbox.wallet import call_body
from tests.hedera.maker import Change
from tests.hedera.sandbox.world import ALICE, BOB, World, code_name

FEE = fees_of(token_lists=0, with_custom_fees=False)
GAS = 100_000
CHARGED = FEE.total + GAS * 8 // 10 * GAS_TINYBARS


def call(
    world: World, contract: int = CONTRACT, *, gas: int = GAS, amount: int = 700, payer: int = ALICE
) -> TransactionBody:
    return call_body(world.name(payer), 3, contract, gas=gas, amount_tinybars=amount, parameters=b"deposit()")


def test_the_contract_takes_what_it_is_given() -> None:
    world = World()
    before = world.balance(ALICE)
    assert world.outcome(call(world)) == "SUCCESS"
    assert (world.balance(CONTRACT), before - world.balance(ALICE)) == (700, 700 + CHARGED)
    (handled,) = world.network.history.since(0)
    assert to_receipt(handled).contractID.contractNum == CONTRACT
    assert to_record(handled).transactionFee == CHARGED
    assert world.outcome(call(world, amount=0)) == "SUCCESS"
    assert world.balance(CONTRACT) == 700


def test_an_evm_address_names_it_too() -> None:
    world = World()
    body = call(world)
    body.contractCall.contractID.evm_address = CONTRACT.to_bytes(20)
    assert world.outcome(body) == "SUCCESS"
    (handled,) = world.network.history.since(0)
    assert to_receipt(handled).contractID.contractNum == CONTRACT


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda made: made.contractCall.ClearField("contractID"), "INVALID_CONTRACT_ID"),
        (lambda made: setattr(made.contractCall.contractID, "contractNum", 0), "INVALID_CONTRACT_ID"),
        (lambda made: setattr(made.contractCall.contractID, "evm_address", b"short"), "INVALID_CONTRACT_ID"),
        (lambda made: setattr(made.contractCall, "gas", MIN_GAS - 1), "INSUFFICIENT_GAS"),
        (lambda made: setattr(made, "transactionFee", FEE.without_service - 1), "INSUFFICIENT_TX_FEE"),
        (lambda made: setattr(made.contractCall, "amount", 10**15), "INSUFFICIENT_PAYER_BALANCE"),
        (lambda made: setattr(made.contractCall, "gas", 10**12), "INSUFFICIENT_PAYER_BALANCE"),
        (
            lambda made: setattr(made.transactionID.accountID, "accountNum", CONTRACT),
            "PAYER_ACCOUNT_NOT_FOUND",
        ),
    ],
)
def test_what_a_node_refuses(change: Change, code: str) -> None:
    world = World()
    body = call(world)
    change(body)
    assert code_name(world.submit(body).code) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda made: setattr(made.contractCall.contractID, "contractNum", PAYEE), "INVALID_CONTRACT_ID"),
        (lambda made: setattr(made.contractCall.contractID, "contractNum", 9_999), "INVALID_CONTRACT_ID"),
        (lambda made: setattr(made.contractCall.contractID, "shardNum", 1), "INVALID_CONTRACT_ID"),
        (lambda made: setattr(made.contractCall, "gas", MAX_GAS + 1), "MAX_GAS_LIMIT_EXCEEDED"),
        (lambda made: setattr(made.contractCall, "amount", -1), "CONTRACT_NEGATIVE_VALUE"),
    ],
)
def test_what_consensus_refuses_is_charged_the_least_gas(change: Change, code: str) -> None:
    world = World()
    before, body = world.balance(ALICE), call(world)
    change(body)
    assert world.outcome(body) == code
    assert before - world.balance(ALICE) == FEE.total + MIN_GAS * GAS_TINYBARS
    assert world.balance(CONTRACT) == 0


def test_a_payer_who_is_poor_by_then() -> None:
    """The node looked before the first of them was carried out."""
    world = World()
    most = world.balance(BOB) - 2 * FEE.total - GAS * GAS_TINYBARS
    taken = [world.submit(call(world, amount=most, payer=BOB), world.keys(BOB)) for _ in range(2)]
    assert [one.code for one in taken] == [rc.OK, rc.OK]
    world.pass_time(60)
    told = [world.status(one.name) for one in taken if one.name is not None]
    assert told == ["SUCCESS", "INSUFFICIENT_PAYER_BALANCE"]
    assert world.balance(CONTRACT) == most


def test_a_duplicate_is_charged_for_no_gas() -> None:
    world = World()
    name = world.name()
    for node in (3, 4):
        body = call_body(name, node, CONTRACT, gas=GAS, amount_tinybars=1)
        assert world.submit(body, node=node).code == rc.OK
    before = world.balance(ALICE)
    world.pass_time(60)
    assert before - world.balance(ALICE) == 1 + CHARGED + FEE.without_service


def test_nobody_can_sign_for_a_contract() -> None:
    world = World()
    world.outcome(call(world))
    assert world.outcome(world.body({HBAR: {CONTRACT: -1, PAYEE: 1}})) == "INVALID_SIGNATURE"
    assert world.outcome(world.body({HBAR: {ALICE: -1, CONTRACT: 1}})) == "SUCCESS"


def test_the_mirror_node_tells_a_call_and_the_contract() -> None:
    world = World()
    name = TransactionName(ALICE, world.clock.now_ns() - SECOND_NS)
    world.outcome(call_body(name, 3, CONTRACT, gas=GAS, amount_tinybars=700))
    mirror = Mirror(world.network, lambda: ())
    (told,) = mirror.answer(f"/api/v1/transactions/{name.dashed}", ())["transactions"]
    assert (told["name"], told["entity_id"], told["result"]) == ("CONTRACTCALL", "0.0.7001", "SUCCESS")
    assert {"account": "0.0.7001", "amount": 700, "is_approval": False} in told["transfers"]
    contract = mirror.answer("/api/v1/accounts/0.0.7001", (("transactions", "false"),))
    assert (contract["balance"]["balance"], contract["key"]["_type"]) == (700, "ProtobufEncoded")
