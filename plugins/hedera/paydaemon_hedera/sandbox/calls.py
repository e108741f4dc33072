"""Calls of contracts. There is no EVM here: a contract takes what it is given, whatever it is called with.

Source: hiero-consensus-node, `ContractCallHandler`, `HevmTransactionFactory` and `CustomGasCharging`.
"""

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.proto.contract_call_pb2 import ContractCallTransactionBody
from paydaemon_hedera.sandbox.envelope import Envelope
from paydaemon_hedera.sandbox.fees import GAS_TINYBARS, MIN_GAS
from paydaemon_hedera.sandbox.ledger import HBAR, Ledger
from paydaemon_hedera.sandbox.refusal import require
from paydaemon_hedera.sandbox.sheet import Sheet

MAX_GAS = 15_000_000


def charge_least(envelope: Envelope, sheet: Sheet) -> None:
    """The gas that any call takes is charged for, whatever comes of it."""
    sheet.charge_gas(envelope, MIN_GAS * GAS_TINYBARS)


def carry_out(envelope: Envelope, ledger: Ledger, sheet: Sheet) -> int:
    """Let the contract have what the call brings; returns its number. Raises `Refused`.

    Of the gas that is offered at least 80 % are charged for, and here never more.
    """
    call, payer = envelope.body.contractCall, envelope.name.payer
    require(call.amount >= 0, rc.CONTRACT_NEGATIVE_VALUE)
    require(call.gas <= MAX_GAS, rc.MAX_GAS_LIMIT_EXCEEDED)
    contract = _called(call, ledger)
    require(ledger.is_contract(contract), rc.INVALID_CONTRACT_ID)
    at_most = (call.gas - MIN_GAS) * GAS_TINYBARS
    require(sheet.balance(payer, HBAR) >= at_most + call.amount, rc.INSUFFICIENT_PAYER_BALANCE)
    sheet.charge_gas(envelope, max(0, call.gas * 8 // 10 - MIN_GAS) * GAS_TINYBARS)
    sheet.add(payer, HBAR, -call.amount)
    sheet.add(contract, HBAR, call.amount)
    return contract


def _called(call: ContractCallTransactionBody, ledger: Ledger) -> int:
    """The number of the contract, 0 where nobody has it."""
    id = call.contractID
    if id.shardNum or id.realmNum:
        return 0
    return (
        ledger.by_alias(id.evm_address) or 0 if id.WhichOneof("contract") == "evm_address" else id.contractNum
    )
