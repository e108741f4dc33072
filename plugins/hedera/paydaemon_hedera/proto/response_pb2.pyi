from paydaemon_hedera.proto import crypto_get_account_balance_pb2 as _crypto_get_account_balance_pb2
from paydaemon_hedera.proto import file_get_contents_pb2 as _file_get_contents_pb2
from paydaemon_hedera.proto import transaction_get_receipt_pb2 as _transaction_get_receipt_pb2
from paydaemon_hedera.proto import transaction_get_record_pb2 as _transaction_get_record_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Response(_message.Message):
    __slots__ = ("cryptogetAccountBalance", "fileGetContents", "transactionGetReceipt", "transactionGetRecord")
    CRYPTOGETACCOUNTBALANCE_FIELD_NUMBER: _ClassVar[int]
    FILEGETCONTENTS_FIELD_NUMBER: _ClassVar[int]
    TRANSACTIONGETRECEIPT_FIELD_NUMBER: _ClassVar[int]
    TRANSACTIONGETRECORD_FIELD_NUMBER: _ClassVar[int]
    cryptogetAccountBalance: _crypto_get_account_balance_pb2.CryptoGetAccountBalanceResponse
    fileGetContents: _file_get_contents_pb2.FileGetContentsResponse
    transactionGetReceipt: _transaction_get_receipt_pb2.TransactionGetReceiptResponse
    transactionGetRecord: _transaction_get_record_pb2.TransactionGetRecordResponse
    def __init__(self, cryptogetAccountBalance: _Optional[_Union[_crypto_get_account_balance_pb2.CryptoGetAccountBalanceResponse, _Mapping]] = ..., fileGetContents: _Optional[_Union[_file_get_contents_pb2.FileGetContentsResponse, _Mapping]] = ..., transactionGetReceipt: _Optional[_Union[_transaction_get_receipt_pb2.TransactionGetReceiptResponse, _Mapping]] = ..., transactionGetRecord: _Optional[_Union[_transaction_get_record_pb2.TransactionGetRecordResponse, _Mapping]] = ...) -> None: ...
