"""Calls of contracts: read as what they bring to the contract, handed over, and followed like all else."""

from collections.abc import Callable
from functools import partial

import pytest

from paydaemon.core.relay import Outcome, RelayStatus, Transfer
from paydaemon_hedera import wire
from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.proto.transaction_pb2 import TransactionBody
from paydaemon_hedera.sandbox.fees import GAS_TINYBARS
from paydaemon_hedera.sandbox.genesis import CONTRACT
from paydaemon_hedera.sandbox.keys import ContractKey
from paydaemon_hedera.sandbox.ledger import Account
from paydaemon_hedera.sandbox.names import TransactionName
from paydaemon_hedera.sandbox.wallet import call_body, sign, transfer_body
from tests.hedera import maker
from tests.hedera.maker import Change
from tests.hedera.reasons import inspected, refused
from tests.hedera.test_relaying import IMPATIENT, comes_out
from tests.hedera.world import ALICE, PAYEE, World, world

ACCEPTED, SUCCEEDED, FAILED = RelayStatus.ACCEPTED, RelayStatus.SUCCEEDED, RelayStatus.FAILED
GAS = 50_000
ANOTHER = 7_002
CHARGED = GAS * 8 // 10 * GAS_TINYBARS


# What is read


def test_a_call_moves_what_it_brings_to_the_contract() -> None:
    found = inspected(maker.today(maker.call(amount_minor=700).SerializeToString()))
    assert found.transfer.does_more
    assert found.transfer.transfers == (
        Transfer("0.0.1002", "HBAR", -700, "0.0.1002/inv 1"),
        Transfer("0.0.7001", "HBAR", 700, "0.0.7001/inv 1"),
    )
    assert (found.debited, found.credited) == (("0.0.1002",), ("0.0.7001",))
    assert {choice.method for choice in found.choices} == {"/proto.SmartContractService/contractCallMethod"}


def test_a_call_that_brings_nothing_moves_nothing() -> None:
    found = inspected(maker.inline(maker.call().SerializeToString()))
    assert (found.transfer.transfers, found.transfer.does_more) == ((), True)
    assert not inspected(maker.today(maker.body().SerializeToString())).transfer.does_more


def calls_herself(made: TransactionBody) -> None:
    made.contractCall.contractID.contractNum = ALICE
    made.contractCall.amount = 5


@pytest.mark.parametrize(
    ("change", "param", "why"),
    [
        (lambda made: made.contractCall.ClearField("contractID"), "contract", "no_contract"),
        (lambda made: setattr(made.contractCall.contractID, "contractNum", 0), "contract", "no_contract"),
        (
            lambda made: setattr(made.contractCall.contractID, "evm_address", bytes(20)),
            "contract",
            "contract_address",
        ),
        (lambda made: setattr(made.contractCall, "gas", 20_999), "gas", "little_gas"),
        (lambda made: setattr(made.contractCall, "gas", -1), "transaction", "malformed"),
        (lambda made: setattr(made.contractCall, "amount", -1), "transaction", "malformed"),
        (calls_herself, "transfers", "repeated_account"),
    ],
)
def test_what_is_wrong_with_a_call_is_named(change: Change, param: str, why: str) -> None:
    made = maker.call()
    change(made)
    assert refused(maker.today(made.SerializeToString())) == (param, why)


def test_a_body_that_is_both_is_neither() -> None:
    both = maker.body().SerializeToString() + wire.tagged(7, maker.call().contractCall.SerializeToString())
    assert refused(maker.today(both)) == ("transaction", "malformed")


# At a network


def signed(
    here: World,
    *,
    name: TransactionName | None = None,
    contract: int = CONTRACT,
    amount_minor: int = 700,
) -> bytes:
    body = call_body(name or here.name(), 3, contract, gas=GAS, amount_tinybars=amount_minor, memo="m")
    return sign(body, here.sandbox.holders[ALICE].signers)


async def test_it_is_taken_comes_through_and_the_contract_has_it() -> None:
    async with world() as here, here.watching():
        before = here.balance(ALICE)
        transfer, outcome = await here.hand_in(signed(here))
        assert outcome == Outcome(ACCEPTED, precheck="OK", node="0.0.3")
        assert (await comes_out(here, transfer)).status is SUCCEEDED
        assert here.balance(CONTRACT) == 700
        assert before - here.balance(ALICE) == 700 + 83_333 + CHARGED


async def test_what_consensus_refuses_has_failed() -> None:
    async with world() as here, here.watching():
        transfer, outcome = await here.hand_in(signed(here, contract=PAYEE, amount_minor=0))
        assert outcome.status is ACCEPTED
        refused = await comes_out(here, transfer)
        assert (refused.status, refused.receipt) == (FAILED, "INVALID_CONTRACT_ID")


# Another transaction under the same id


def other_call(name: TransactionName, contract: int = CONTRACT, memo: str = "m") -> TransactionBody:
    return call_body(name, 3, contract, gas=GAS + 1, memo=memo)


def transfer(name: TransactionName) -> TransactionBody:
    return transfer_body(name, 3, {0: {ALICE: -700, CONTRACT: 700}}, "m")


@pytest.mark.parametrize(
    ("other", "ours"),
    [
        (other_call, True),
        (partial(other_call, contract=ANOTHER), False),
        (partial(other_call, memo="n"), False),
        (transfer, False),
    ],
    ids=["of the same contract", "of another one", "under another memo", "a transfer of as much"],
)
async def test_which_of_two_was_carried_out_is_told_by_contract_and_memo(
    other: Callable[[TransactionName], TransactionBody], ours: bool
) -> None:
    """What a contract did with a call nobody can compare."""
    async with world(**IMPATIENT) as here, here.watching():
        here.sandbox.network.ledger.add_account(Account(ANOTHER, ContractKey(ANOTHER)))
        name, keys = here.name(), here.sandbox.holders[ALICE].signers
        assert here.sandbox.network.submit(3, sign(other(name), keys)).code == rc.OK
        handed, outcome = await here.hand_in(signed(here, name=name))
        assert outcome.precheck == "DUPLICATE_TRANSACTION"
        assert (await comes_out(here, handed)).status is (SUCCEEDED if ours else FAILED)


async def test_a_call_that_brings_as_much_is_not_the_transfer_that_was_handed_in() -> None:
    async with world(**IMPATIENT) as here, here.watching():
        name, keys = here.name(), here.sandbox.holders[ALICE].signers
        call = call_body(name, 3, CONTRACT, gas=GAS, amount_tinybars=700, memo="m")
        assert here.sandbox.network.submit(3, sign(call, keys)).code == rc.OK
        handed, outcome = await here.hand_in(sign(transfer(name), keys))
        assert outcome.precheck == "DUPLICATE_TRANSACTION"
        assert (await comes_out(here, handed)).receipt == "DUPLICATE_TRANSACTION"
