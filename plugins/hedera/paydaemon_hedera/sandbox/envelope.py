"""What a node reads out of the bytes of a transaction, strictly: no field that it does not know.

Today's envelope holds a SignedTransaction; of the deprecated ones `bodyBytes` with `sigMap` still works and
`body` with `sigs` does not. Source: hiero-consensus-node, `TransactionChecker`.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.proto.basic_types_pb2 import SignatureMap, SignaturePair
from paydaemon_hedera.proto.transaction_contents_pb2 import SignedTransaction
from paydaemon_hedera.proto.transaction_pb2 import Transaction, TransactionBody
from paydaemon_hedera.sandbox.names import TransactionName, name_of
from paydaemon_hedera.sandbox.refusal import Refused, require

MAX_TRANSACTION_BYTES = 6_144

_OTHER_KINDS = frozenset(range(8, 82)) - {14, 73}
"""Fields of `TransactionBody` that hold the kinds of transactions which this sandbox does not do."""

M = TypeVar("M", Transaction, SignedTransaction, TransactionBody)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A transaction that can be read. `hash` is the SHA-384 that records and clients know it by."""

    body_bytes: bytes
    body: TransactionBody
    signatures: Sequence[SignaturePair]
    hash: bytes

    @property
    def name(self) -> TransactionName:
        """What names it."""
        return name_of(self.body.transactionID)

    @property
    def is_call(self) -> bool:
        """Whether it calls a contract; otherwise it is a transfer."""
        return self.body.HasField("contractCall")

    @property
    def node(self) -> int:
        """The account of the node that it is for."""
        return self.body.nodeAccountID.accountNum


def open_envelope(raw: bytes) -> Envelope:
    """Read a transaction. Raises `Refused` with the code of a real node."""
    require(len(raw) <= MAX_TRANSACTION_BYTES, rc.TRANSACTION_OVERSIZE)
    transaction = _parse(Transaction, raw, rc.INVALID_TRANSACTION)
    _refuse_mixture(transaction)
    body_bytes, signatures = _contents(transaction)
    body = _parse_body(body_bytes)
    hashed = transaction.signedTransactionBytes or raw
    return Envelope(body_bytes, body, tuple(signatures.sigPair), hashlib.sha384(hashed).digest())


def _refuse_mixture(transaction: Transaction) -> None:
    if transaction.signedTransactionBytes:
        mixed = transaction.bodyBytes or transaction.HasField("sigMap")
        require(not mixed, rc.INVALID_TRANSACTION)
    else:
        require(transaction.bodyBytes, rc.INVALID_TRANSACTION_BODY)


def _contents(transaction: Transaction) -> tuple[bytes, SignatureMap]:
    if not transaction.signedTransactionBytes:
        require(transaction.HasField("sigMap"), rc.INVALID_TRANSACTION_BODY)
        return transaction.bodyBytes, transaction.sigMap
    signed = _parse(SignedTransaction, transaction.signedTransactionBytes, rc.INVALID_TRANSACTION)
    require(signed.HasField("sigMap"), rc.INVALID_TRANSACTION_BODY)
    return signed.bodyBytes, signed.sigMap


def _parse_body(body_bytes: bytes) -> TransactionBody:
    body = _parse(TransactionBody, body_bytes, rc.INVALID_TRANSACTION_BODY)
    require(body.WhichOneof("data"), rc.INVALID_TRANSACTION_BODY)
    require(body.HasField("transactionID"), rc.INVALID_TRANSACTION_ID)
    require(body.transactionID.HasField("accountID"), rc.PAYER_ACCOUNT_NOT_FOUND)
    return body


def _parse(kind: type[M], raw: bytes, malformed: rc.ResponseCodeEnum) -> M:
    try:
        message = kind.FromString(raw)
    except DecodeError as error:
        raise Refused(malformed) from error
    if kind is TransactionBody:
        require(not _OTHER_KINDS.intersection(_unknown_numbers(message)), rc.NOT_SUPPORTED)
    require(not _has_unknown(message), rc.TRANSACTION_HAS_UNKNOWN_FIELDS)
    return message


def _unknown_numbers(message: Message) -> Iterator[int]:
    unknown = UnknownFieldSet(message)
    return (unknown[place].field_number for place in range(len(unknown)))


def _has_unknown(message: Message) -> bool:
    if len(UnknownFieldSet(message)):
        return True
    return any(_has_unknown(inner) for inner in _inner(message))


def _inner(message: Message) -> Iterator[Message]:
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            yield from value if field.is_repeated else (value,)
