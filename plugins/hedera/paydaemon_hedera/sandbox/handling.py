"""What consensus does with a transaction. Pure: a ledger and an envelope in, an `Effect` out.

Fees come first, and are kept whether the transaction comes through or not. A duplicate is charged without the
service's part where another node brought it; what a node should not have submitted is charged to the node.
Source: hiero-consensus-node, `DispatchValidator`, `CryptoTransferHandler` and `TransferExecutor`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.proto.basic_types_pb2 import AccountAmount, AccountID, TokenTransferList
from paydaemon_hedera.proto.crypto_transfer_pb2 import CryptoTransferTransactionBody
from paydaemon_hedera.sandbox import calls
from paydaemon_hedera.sandbox.customfees import Assessed, Moves, assess
from paydaemon_hedera.sandbox.envelope import Envelope
from paydaemon_hedera.sandbox.fees import COLLECTOR
from paydaemon_hedera.sandbox.keys import has_signed
from paydaemon_hedera.sandbox.ledger import HBAR, Ledger
from paydaemon_hedera.sandbox.precheck import check_time_box, fees_for
from paydaemon_hedera.sandbox.refusal import Refused, require
from paydaemon_hedera.sandbox.sheet import Sheet

MAX_HBAR_ENTRIES = MAX_TOKEN_ENTRIES = MAX_NFT_ENTRIES = 10


class Seen(StrEnum):
    """Whether consensus has handled the same transaction before, and who brought it then."""

    NEVER = "never"
    SAME_NODE = "same node"
    OTHER_NODE = "other node"


@dataclass(frozen=True, slots=True)
class Effect:
    """What a transaction does: its code, all that changes with the fees in it, and what it is charged.

    `associations` are the (account, token) that come about by themselves; `contract` is the one that was
    called. Where `is_nodes_fault`, the node pays.
    """

    code: rc.ResponseCodeEnum
    changes: Mapping[tuple[int, int], int]
    fee_tinybars: int
    assessed: tuple[Assessed, ...] = ()
    associations: tuple[tuple[int, int], ...] = ()
    is_nodes_fault: bool = False
    contract: int | None = None


def handle(envelope: Envelope, ledger: Ledger, at_ns: int, seen: Seen) -> Effect:
    """Work out what becomes of a transaction at this consensus time."""
    try:
        check_time_box(envelope, at_ns, life_left_s=0)
        require(seen is not Seen.SAME_NODE, rc.DUPLICATE_TRANSACTION)
    except Refused as refused:
        return _charge_node(envelope, ledger, refused.code)
    kept = Sheet(ledger)
    try:
        kept.charge(envelope, is_duplicate=seen is not Seen.NEVER)
        require(seen is Seen.NEVER, rc.DUPLICATE_TRANSACTION)
        return _carry_out(envelope, ledger, kept)
    except Refused as refused:
        return Effect(refused.code, kept.changes, kept.fee_tinybars)


def _carry_out(envelope: Envelope, ledger: Ledger, kept: Sheet) -> Effect:
    """Do it on a sheet of its own. What is charged all the same goes on `kept`. Raises `Refused`."""
    assessed: list[Assessed] = []
    contract: int | None = None
    if envelope.is_call:
        calls.charge_least(envelope, kept)
        contract = calls.carry_out(envelope, ledger, sheet := kept.copy())
    else:
        assessed = _transfer(envelope, ledger, sheet := kept.copy())
    done = tuple(assessed), tuple(sheet.associations)
    return Effect(rc.SUCCESS, sheet.changes, sheet.fee_tinybars, *done, contract=contract)


def _charge_node(envelope: Envelope, ledger: Ledger, code: rc.ResponseCodeEnum) -> Effect:
    node = envelope.node
    fee = min(fees_for(envelope, ledger).network, ledger.balance(node, HBAR))
    return Effect(code, {(node, HBAR): -fee, (COLLECTOR, HBAR): fee}, fee, is_nodes_fault=True)


# --- The transfer itself


def _transfer(envelope: Envelope, ledger: Ledger, sheet: Sheet) -> list[Assessed]:
    transfer = envelope.body.cryptoTransfer
    _require_parties(envelope, ledger)
    _limit_lists(transfer)
    _refuse_what_nobody_has(transfer, ledger)
    levels, assessed = assess(_moves(transfer, ledger), ledger.tokens)
    for moves in levels:
        _adjust_hbar(moves.get(HBAR, {}), sheet, assessed)
    for one in transfer.tokenTransfers:
        _expect_decimals(one, ledger)
    for moves in levels:
        for token in moves.keys() - {HBAR}:
            _adjust_token(token, moves[token], ledger, sheet, assessed)
    return assessed


def _require_parties(envelope: Envelope, ledger: Ledger) -> None:
    """Everybody exists, and who loses something has signed. An approved debit is its spender's to sign."""
    transfer = envelope.body.cryptoTransfer
    for tokens in transfer.tokenTransfers:
        require(tokens.token.tokenNum in ledger.tokens, rc.INVALID_TOKEN_ID)
    for one in _all_amounts(transfer):
        number = resolve(one.accountID, ledger)
        require(number in ledger.accounts, rc.INVALID_ACCOUNT_ID)
        if one.amount < 0 and not one.is_approval:
            key = ledger.accounts[number].key
            require(has_signed(key, envelope.body_bytes, envelope.signatures), rc.INVALID_SIGNATURE)


def resolve(account: AccountID, ledger: Ledger) -> int:
    """The number of an account given by number or EVM address; 0 where nobody has it."""
    if account.shardNum or account.realmNum:
        return 0
    if account.WhichOneof("account") == "alias":
        return ledger.by_alias(account.alias) or 0
    return account.accountNum


def _limit_lists(transfer: CryptoTransferTransactionBody) -> None:
    hbar = len(transfer.transfers.accountAmounts)
    require(hbar <= MAX_HBAR_ENTRIES, rc.TRANSFER_LIST_SIZE_LIMIT_EXCEEDED)
    tokens = sum(len(one.transfers) for one in transfer.tokenTransfers)
    require(tokens <= MAX_TOKEN_ENTRIES, rc.TOKEN_TRANSFER_LIST_SIZE_LIMIT_EXCEEDED)
    nfts = sum(len(one.nftTransfers) for one in transfer.tokenTransfers)
    require(nfts <= MAX_NFT_ENTRIES, rc.BATCH_SIZE_LIMIT_EXCEEDED)


def _refuse_what_nobody_has(transfer: CryptoTransferTransactionBody, ledger: Ledger) -> None:
    """There are no NFTs here, and nobody ever approved anything."""
    require(not any(one.nftTransfers for one in transfer.tokenTransfers), rc.INVALID_NFT_ID)
    approved = any(one.is_approval and one.amount < 0 for one in _all_amounts(transfer))
    require(not approved, rc.SPENDER_DOES_NOT_HAVE_ALLOWANCE)
    hbar = [resolve(one.accountID, ledger) for one in transfer.transfers.accountAmounts]
    require(len(set(hbar)) == len(hbar), rc.ACCOUNT_REPEATED_IN_ACCOUNT_AMOUNTS)


def _all_amounts(transfer: CryptoTransferTransactionBody) -> Iterator[AccountAmount]:
    yield from transfer.transfers.accountAmounts
    for one in transfer.tokenTransfers:
        yield from one.transfers


def _moves(transfer: CryptoTransferTransactionBody, ledger: Ledger) -> Moves:
    moves = {HBAR: _by_account(transfer.transfers.accountAmounts, ledger)}
    for one in transfer.tokenTransfers:
        moves[one.token.tokenNum] = _by_account(one.transfers, ledger)
    return moves


def _by_account(amounts: Iterable[AccountAmount], ledger: Ledger) -> dict[int, int]:
    found: dict[int, int] = {}
    for one in amounts:
        number = resolve(one.accountID, ledger)
        found[number] = found.get(number, 0) + one.amount
    return found


def _expect_decimals(one: TokenTransferList, ledger: Ledger) -> None:
    if one.HasField("expected_decimals"):
        decimals = ledger.tokens[one.token.tokenNum].decimals
        require(one.expected_decimals.value == decimals, rc.UNEXPECTED_TOKEN_DECIMALS)


def _adjust_hbar(amounts: Mapping[int, int], sheet: Sheet, assessed: Iterable[Assessed]) -> None:
    for account, amount in amounts.items():
        sheet.add(account, HBAR, amount)
        if amount < 0 and sheet.balance(account, HBAR) < 0:
            raise Refused(_shortage(account, HBAR, assessed, rc.INSUFFICIENT_ACCOUNT_BALANCE))


def _adjust_token(
    token: int, amounts: Mapping[int, int], ledger: Ledger, sheet: Sheet, assessed: Iterable[Assessed]
) -> None:
    for account, amount in amounts.items():
        _associate(account, token, amount, ledger, sheet)
        sheet.add(account, token, amount)
        if amount < 0 and sheet.balance(account, token) < 0:
            raise Refused(_shortage(account, token, assessed, rc.INSUFFICIENT_TOKEN_BALANCE))


def _associate(account: int, token: int, amount: int, ledger: Ledger, sheet: Sheet) -> None:
    """Whoever receives a token for the first time needs room for it."""
    found = ledger.accounts[account]
    if token in found.tokens or (account, token) in sheet.associations:
        return
    require(amount > 0 and found.auto_associations != 0, rc.TOKEN_NOT_ASSOCIATED_TO_ACCOUNT)
    used = len(found.associated_by_itself) + sum(one == account for one, _ in sheet.associations)
    room = found.auto_associations == -1 or used < found.auto_associations
    require(room, rc.NO_REMAINING_AUTOMATIC_ASSOCIATIONS)
    sheet.associations.append((account, token))


def _shortage(
    account: int, token: int, assessed: Iterable[Assessed], otherwise: rc.ResponseCodeEnum
) -> rc.ResponseCodeEnum:
    """A custom fee is blamed where the account pays one in what it lacks."""
    blamed = any(one.token == token and account in one.payers for one in assessed)
    return rc.INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE if blamed else otherwise
