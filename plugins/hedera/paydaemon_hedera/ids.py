"""Ids: one form of each, whoever wrote it.

A transaction's id is written by an SDK as ``0.0.1001@1700000000.000000001``, by a mirror node as
``0.0.1001-1700000000-000000001``, and by some without the zeros before its nanoseconds. All of these are one
transaction, so what is stored and compared is always the first form with all nine digits, followed by
``?scheduled`` and ``/nonce`` for what a transaction brought about. Digits after the point are a number of
nanoseconds, never a fraction: ``.1`` is one nanosecond, as the SDKs read it.
"""

import re
from dataclasses import dataclass

from paydaemon.core.errors import invalid
from paydaemon_hedera import refusals
from paydaemon_hedera.proto.basic_types_pb2 import AccountID, ContractID, FileID, TokenID, TransactionID

_NUMBER = r"(?:0|[1-9][0-9]{0,18})"
_ENTITY = rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}"
ENTITY = re.compile(_ENTITY, re.ASCII)
TRANSACTION = re.compile(
    rf"({_ENTITY})(?:@({_NUMBER})\.|-({_NUMBER})-)([0-9]{{1,9}})(\?scheduled)?(?:/([0-9]{{1,10}}))?", re.ASCII
)

MAX_INT64 = 2**63 - 1
MAX_NANOS = 999_999_999


@dataclass(frozen=True, slots=True)
class TransactionId:
    """What a transaction is known by: who pays for it and from when it is valid.

    `scheduled` and `nonce` tell what it brought about from itself; what a client signs has neither.
    """

    payer: str
    seconds: int
    nanos: int
    scheduled: bool = False
    nonce: int = 0

    def __str__(self) -> str:
        """The canonical form."""
        if not self.scheduled and not self.nonce:
            return f"{self.payer}@{self.seconds}.{self.nanos:09}"
        nonce = f"/{self.nonce}" if self.nonce else ""
        return f"{self.payer}@{self.seconds}.{self.nanos:09}{'?scheduled' if self.scheduled else ''}{nonce}"

    @property
    def mirror(self) -> str:
        """As a mirror node's paths have it; its `scheduled` and `nonce` are query parameters there."""
        return f"{self.payer}-{self.seconds}-{self.nanos:09}"

    @property
    def valid_start_ns(self) -> int:
        """From when it is valid, in nanoseconds since the Unix epoch."""
        return self.seconds * 1_000_000_000 + self.nanos


def parse_transaction_id(text: object, param: str = "transaction_id") -> TransactionId:
    """A transaction's id as anybody writes it. Raises `Refusal` naming `param` for anything else."""
    found = TRANSACTION.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise refusals.wrong(param, 'must look like "0.0.1001@1700000000.000000001"')
    payer, at, dashed, nanos, scheduled, nonce = found.groups()
    seconds = int(at or dashed)
    if seconds > MAX_INT64 or int(nonce or 0) >= 2**31:
        raise refusals.wrong(param, "holds a number that is too large")
    return TransactionId(
        parse_entity(payer, param), seconds, int(nanos), scheduled is not None, int(nonce or 0)
    )


def parse_entity(text: object, param: str) -> str:
    """The id of an account or a token, such as ``0.0.1001``. Raises `Refusal` naming `param` for none."""
    if not isinstance(text, str) or ENTITY.fullmatch(text) is None:
        raise invalid(param, 'must be a shard, a realm and a number, such as "0.0.1001"', "not_an_id")
    if any(int(part) > MAX_INT64 for part in text.split(".")):
        raise invalid(param, "holds a number that is too large", "not_an_id")
    return text


def account(id: AccountID, param: str) -> str:
    """An account named by its number. Raises `Refusal` naming `param` for one that has none.

    An alias may name an account that there is not yet, and the same account by two names: what such a
    transfer does cannot be told from its bytes.
    """
    if id.WhichOneof("account") == "alias":
        raise refusals.unsupported(param, "names an account by an alias; it must be by its number")
    number = id.accountNum
    if number < 1:
        raise refusals.wrong(param, "names an account by nothing; it must be by its number")
    return f"{id.shardNum}.{id.realmNum}.{number}"


def contract(id: ContractID, param: str) -> str:
    """A contract named by its number. Raises `Refusal` naming `param` for one that has none."""
    if id.WhichOneof("contract") == "evm_address":
        raise refusals.unsupported(param, "names a contract by an address; it must be by its number")
    if id.contractNum < 1:
        raise refusals.wrong(param, "names no contract")
    return f"{id.shardNum}.{id.realmNum}.{id.contractNum}"


def file(id: FileID, param: str) -> str:
    """A file's id. Raises `Refusal` naming `param` where there is none."""
    if id.fileNum < 1:
        raise refusals.wrong(param, "names no file")
    return f"{id.shardNum}.{id.realmNum}.{id.fileNum}"


def token(id: TokenID, param: str) -> str:
    """A token's id. Raises `Refusal` naming `param` where there is none."""
    if id.tokenNum < 1:
        raise refusals.wrong(param, "names no token")
    return f"{id.shardNum}.{id.realmNum}.{id.tokenNum}"


def transaction_id(id: TransactionID, param: str) -> TransactionId:
    """A transaction's id as it is signed. Raises `Refusal` naming `param` unless it is whole."""
    if not id.HasField("transactionValidStart"):
        raise refusals.wrong(param, "says not from when it is valid")
    start = id.transactionValidStart
    if start.nanos > MAX_NANOS:
        raise refusals.wrong(param, "has a second of more than 999999999 nanoseconds")
    return TransactionId(account(id.accountID, param), start.seconds, start.nanos, id.scheduled, id.nonce)
