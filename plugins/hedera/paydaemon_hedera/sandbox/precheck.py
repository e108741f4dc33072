"""What a node checks before it takes a transaction: `CHECKS`, in its order, each with its codes.

Only the payer's signature is checked here; whoever else pays and has not signed shows at consensus. Source:
hiero-consensus-node, `IngestChecker`, `TransactionChecker`, `CryptoTransferValidator`, `ContractCallHandler`
and `SolvencyPreCheck`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TypeAlias

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.proto.basic_types_pb2 import AccountAmount, AccountID, SignaturePair, TokenTransferList
from paydaemon_hedera.proto.contract_call_pb2 import ContractCallTransactionBody
from paydaemon_hedera.proto.crypto_transfer_pb2 import CryptoTransferTransactionBody
from paydaemon_hedera.sandbox.envelope import Envelope, open_envelope
from paydaemon_hedera.sandbox.fees import GAS_TINYBARS, MIN_GAS, Fees, fees_of
from paydaemon_hedera.sandbox.keys import has_signed
from paydaemon_hedera.sandbox.ledger import Ledger
from paydaemon_hedera.sandbox.names import SECOND_NS, TransactionName
from paydaemon_hedera.sandbox.refusal import Refused, require

MAX_MEMO_BYTES = 100
MIN_DURATION_S, MAX_DURATION_S = 15, 180
MIN_LIFE_LEFT_S = 10
"""How long a transaction has to be valid still when a node takes it."""

_NEGATIVE = 1 << 63


class Stage(StrEnum):
    """A step of a node's checks. Faults can strike at any of them."""

    PLATFORM = "platform"
    SYNTAX = "syntax"
    NODE = "node"
    TIME = "time"
    DUPLICATE = "duplicate"
    THROTTLE = "throttle"
    PURE = "pure"
    PAYER = "payer"
    SIGNATURE = "signature"
    SOLVENCY = "solvency"
    CREATION = "creation"


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a transaction is handed over.

    `node` is the account of the node, `knows` tells whether it has taken a transaction before, and `strike`
    gives the code of a fault that strikes at a stage, or None.
    """

    node: int
    now_ns: int
    ledger: Ledger
    knows: Callable[[TransactionName], bool]
    strike: Callable[[Stage], "rc.ResponseCodeEnum | None"]


Check: TypeAlias = Callable[[Envelope, Place], None]


def precheck(raw: bytes, place: Place) -> Envelope:
    """Look at the bytes of a `Transaction`. Raises `Refused`, with a cost where money is what is missing."""
    _strike(Stage.PLATFORM, place)
    envelope = open_envelope(raw)
    for stage, check in CHECKS.items():
        _strike(stage, place)
        check(envelope, place)
    return envelope


def _strike(stage: Stage, place: Place) -> None:
    code = place.strike(stage)
    if code is not None:
        raise Refused(code)


def fees_for(envelope: Envelope, ledger: Ledger) -> Fees:
    """What this transaction costs."""
    lists = envelope.body.cryptoTransfer.tokenTransfers
    found = [ledger.tokens.get(one.token.tokenNum) for one in lists]
    return fees_of(token_lists=len(lists), with_custom_fees=any(token and token.fees for token in found))


# --- The checks


def _check_body(envelope: Envelope, _: Place) -> None:
    body = envelope.body
    _refuse_ambiguous_prefixes(envelope.signatures)
    id = body.transactionID
    require(_is_plain(id.accountID), rc.PAYER_ACCOUNT_NOT_FOUND)
    require(not id.scheduled and id.nonce == 0, rc.TRANSACTION_ID_FIELD_NOT_ALLOWED)
    require(id.HasField("transactionValidStart"), rc.INVALID_TRANSACTION_START)
    require(len(body.memo.encode()) <= MAX_MEMO_BYTES, rc.MEMO_TOO_LONG)
    require("\0" not in body.memo, rc.INVALID_ZERO_BYTE_IN_STRING)
    require(body.transactionFee < _NEGATIVE, rc.INSUFFICIENT_TX_FEE)
    require(body.HasField("transactionValidDuration"), rc.INVALID_TRANSACTION_DURATION)


def _refuse_ambiguous_prefixes(signatures: Sequence[SignaturePair]) -> None:
    """Of prefixes in the order of their length, none may begin with the one before it."""
    ordered = sorted((pair.pubKeyPrefix for pair in signatures), key=lambda prefix: (len(prefix), prefix))
    for before, after in pairwise(ordered):
        require(not after.startswith(before), rc.KEY_PREFIX_MISMATCH)


def _is_plain(account: AccountID) -> bool:
    here = account.shardNum == 0 and account.realmNum == 0
    return here and account.WhichOneof("account") == "accountNum" and account.accountNum > 0


def _check_node(envelope: Envelope, place: Place) -> None:
    node = envelope.body.nodeAccountID
    require(_is_plain(node) and node.accountNum == place.node, rc.INVALID_NODE_ACCOUNT)


def _check_time(envelope: Envelope, place: Place) -> None:
    check_time_box(envelope, place.now_ns, life_left_s=MIN_LIFE_LEFT_S)


def check_time_box(envelope: Envelope, now_ns: int, *, life_left_s: int) -> None:
    """Whether a transaction is valid now, and for so long still. Raises `Refused`."""
    duration_s = envelope.body.transactionValidDuration.seconds
    require(MIN_DURATION_S <= duration_s <= MAX_DURATION_S, rc.INVALID_TRANSACTION_DURATION)
    start_ns = envelope.name.start_ns
    require(start_ns + (duration_s - life_left_s) * SECOND_NS >= now_ns, rc.TRANSACTION_EXPIRED)
    require(start_ns <= now_ns, rc.INVALID_TRANSACTION_START)


def _check_duplicate(envelope: Envelope, place: Place) -> None:
    require(not place.knows(envelope.name), rc.DUPLICATE_TRANSACTION)


def _check_nothing(_: Envelope, __: Place) -> None:
    """The throttle lets everything pass but what a fault stops."""


def _check_purely(envelope: Envelope, _: Place) -> None:
    if envelope.is_call:
        return _check_call(envelope.body.contractCall)
    return _check_transfer(envelope.body.cryptoTransfer)


def _check_call(call: ContractCallTransactionBody) -> None:
    which = call.contractID.WhichOneof("contract")
    by_address = which == "evm_address" and len(call.contractID.evm_address) == 20
    require(
        by_address or (which == "contractNum" and call.contractID.contractNum > 0), rc.INVALID_CONTRACT_ID
    )
    require(call.gas >= MIN_GAS, rc.INSUFFICIENT_GAS)


def _check_transfer(transfer: CryptoTransferTransactionBody) -> None:
    amounts = transfer.transfers.accountAmounts
    require(_sums_to_zero(amounts), rc.INVALID_ACCOUNT_AMOUNTS)
    require(all(_names_account(one) for one in amounts), rc.INVALID_ACCOUNT_ID)
    require(_all_differ(amounts), rc.ACCOUNT_REPEATED_IN_ACCOUNT_AMOUNTS)
    for one in transfer.tokenTransfers:
        _check_token_list(one)
    tokens = [one.token.SerializeToString(deterministic=True) for one in transfer.tokenTransfers]
    require(len(set(tokens)) == len(tokens), rc.TOKEN_ID_REPEATED_IN_TOKEN_LIST)


def _check_token_list(one: TokenTransferList) -> None:
    require(one.token.tokenNum, rc.INVALID_TOKEN_ID)
    require(_sums_to_zero(one.transfers), rc.TRANSFERS_NOT_ZERO_SUM_FOR_TOKEN)
    require(all(amount.HasField("accountID") for amount in one.transfers), rc.INVALID_TRANSFER_ACCOUNT_ID)
    require(_all_differ(one.transfers), rc.ACCOUNT_REPEATED_IN_ACCOUNT_AMOUNTS)
    _check_nfts(one)
    require(one.transfers or one.nftTransfers, rc.EMPTY_TOKEN_TRANSFER_ACCOUNT_AMOUNTS)


def _check_nfts(one: TokenTransferList) -> None:
    serials: set[int] = set()
    for nft in one.nftTransfers:
        require(nft.serialNumber > 0, rc.INVALID_TOKEN_NFT_SERIAL_NUMBER)
        named = nft.HasField("senderAccountID") and nft.HasField("receiverAccountID")
        require(named, rc.INVALID_TRANSFER_ACCOUNT_ID)
        require(nft.serialNumber not in serials, rc.INVALID_ACCOUNT_AMOUNTS)
        differ = nft.senderAccountID != nft.receiverAccountID
        require(differ, rc.ACCOUNT_REPEATED_IN_ACCOUNT_AMOUNTS)
        serials.add(nft.serialNumber)


def _sums_to_zero(amounts: Sequence[AccountAmount]) -> bool:
    return sum(one.amount for one in amounts) == 0


def _names_account(one: AccountAmount) -> bool:
    """A number from 1, or an alias."""
    which = one.accountID.WhichOneof("account")
    return which == "alias" or (which == "accountNum" and one.accountID.accountNum > 0)


def _all_differ(amounts: Sequence[AccountAmount]) -> bool:
    seen = {one.accountID.SerializeToString(deterministic=True) for one in amounts}
    return len(seen) == len(amounts)


def _check_payer(envelope: Envelope, place: Place) -> None:
    payer = place.ledger.accounts.get(envelope.name.payer)
    require(payer is not None and not place.ledger.is_contract(payer.number), rc.PAYER_ACCOUNT_NOT_FOUND)


def _check_signature(envelope: Envelope, place: Place) -> None:
    key = place.ledger.accounts[envelope.name.payer].key
    require(has_signed(key, envelope.body_bytes, envelope.signatures), rc.INVALID_SIGNATURE)


def _check_solvency(envelope: Envelope, place: Place) -> None:
    """Here a node asks for the fee without the service's part, and for what the payer itself sends.

    Gas is beside the fee that is offered, and all that may be taken has to be there.
    """
    fees = fees_for(envelope, place.ledger)
    has = place.ledger.accounts[envelope.name.payer].tinybars
    sends = max(0, _sends(envelope))
    check_affordable(fees.without_service, offered=envelope.body.transactionFee, has=has, sends=sends)


def check_affordable(needed: int, *, offered: int, has: int, sends: int) -> None:
    """All in tinybars. Raises `Refused` with the cost."""
    if offered < needed:
        raise Refused(rc.INSUFFICIENT_TX_FEE, needed)
    if has < needed + sends:
        raise Refused(rc.INSUFFICIENT_PAYER_BALANCE, needed)


def _sends(envelope: Envelope) -> int:
    if envelope.is_call:
        call = envelope.body.contractCall
        return call.amount + call.gas * GAS_TINYBARS
    amounts = envelope.body.cryptoTransfer.transfers.accountAmounts
    return -sum(one.amount for one in amounts if one.accountID == envelope.body.transactionID.accountID)


CHECKS: Mapping[Stage, Check] = {
    Stage.SYNTAX: _check_body,
    Stage.NODE: _check_node,
    Stage.TIME: _check_time,
    Stage.DUPLICATE: _check_duplicate,
    Stage.THROTTLE: _check_nothing,
    Stage.PURE: _check_purely,
    Stage.PAYER: _check_payer,
    Stage.SIGNATURE: _check_signature,
    Stage.SOLVENCY: _check_solvency,
    Stage.CREATION: _check_nothing,
}
"""Every check behind the parsing, in the order of a node."""
