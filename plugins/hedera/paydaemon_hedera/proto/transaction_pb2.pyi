from paydaemon_hedera.proto import basic_types_pb2 as _basic_types_pb2
from paydaemon_hedera.proto import contract_call_pb2 as _contract_call_pb2
from paydaemon_hedera.proto import crypto_transfer_pb2 as _crypto_transfer_pb2
from paydaemon_hedera.proto import duration_pb2 as _duration_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Transaction(_message.Message):
    __slots__ = ("body", "sigs", "sigMap", "bodyBytes", "signedTransactionBytes")
    BODY_FIELD_NUMBER: _ClassVar[int]
    SIGS_FIELD_NUMBER: _ClassVar[int]
    SIGMAP_FIELD_NUMBER: _ClassVar[int]
    BODYBYTES_FIELD_NUMBER: _ClassVar[int]
    SIGNEDTRANSACTIONBYTES_FIELD_NUMBER: _ClassVar[int]
    body: TransactionBody
    sigs: _basic_types_pb2.SignatureList
    sigMap: _basic_types_pb2.SignatureMap
    bodyBytes: bytes
    signedTransactionBytes: bytes
    def __init__(self, body: _Optional[_Union[TransactionBody, _Mapping]] = ..., sigs: _Optional[_Union[_basic_types_pb2.SignatureList, _Mapping]] = ..., sigMap: _Optional[_Union[_basic_types_pb2.SignatureMap, _Mapping]] = ..., bodyBytes: _Optional[bytes] = ..., signedTransactionBytes: _Optional[bytes] = ...) -> None: ...

class TransactionBody(_message.Message):
    __slots__ = ("transactionID", "nodeAccountID", "transactionFee", "transactionValidDuration", "generateRecord", "memo", "contractCall", "cryptoTransfer")
    TRANSACTIONID_FIELD_NUMBER: _ClassVar[int]
    NODEACCOUNTID_FIELD_NUMBER: _ClassVar[int]
    TRANSACTIONFEE_FIELD_NUMBER: _ClassVar[int]
    TRANSACTIONVALIDDURATION_FIELD_NUMBER: _ClassVar[int]
    GENERATERECORD_FIELD_NUMBER: _ClassVar[int]
    MEMO_FIELD_NUMBER: _ClassVar[int]
    CONTRACTCALL_FIELD_NUMBER: _ClassVar[int]
    CRYPTOTRANSFER_FIELD_NUMBER: _ClassVar[int]
    transactionID: _basic_types_pb2.TransactionID
    nodeAccountID: _basic_types_pb2.AccountID
    transactionFee: int
    transactionValidDuration: _duration_pb2.Duration
    generateRecord: bool
    memo: str
    contractCall: _contract_call_pb2.ContractCallTransactionBody
    cryptoTransfer: _crypto_transfer_pb2.CryptoTransferTransactionBody
    def __init__(self, transactionID: _Optional[_Union[_basic_types_pb2.TransactionID, _Mapping]] = ..., nodeAccountID: _Optional[_Union[_basic_types_pb2.AccountID, _Mapping]] = ..., transactionFee: _Optional[int] = ..., transactionValidDuration: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., generateRecord: _Optional[bool] = ..., memo: _Optional[str] = ..., contractCall: _Optional[_Union[_contract_call_pb2.ContractCallTransactionBody, _Mapping]] = ..., cryptoTransfer: _Optional[_Union[_crypto_transfer_pb2.CryptoTransferTransactionBody, _Mapping]] = ...) -> None: ...
