from paydaemon_hedera.proto import basic_types_pb2 as _basic_types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AssessedCustomFee(_message.Message):
    __slots__ = ("amount", "token_id", "fee_collector_account_id", "effective_payer_account_id")
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    TOKEN_ID_FIELD_NUMBER: _ClassVar[int]
    FEE_COLLECTOR_ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_PAYER_ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    amount: int
    token_id: _basic_types_pb2.TokenID
    fee_collector_account_id: _basic_types_pb2.AccountID
    effective_payer_account_id: _containers.RepeatedCompositeFieldContainer[_basic_types_pb2.AccountID]
    def __init__(self, amount: _Optional[int] = ..., token_id: _Optional[_Union[_basic_types_pb2.TokenID, _Mapping]] = ..., fee_collector_account_id: _Optional[_Union[_basic_types_pb2.AccountID, _Mapping]] = ..., effective_payer_account_id: _Optional[_Iterable[_Union[_basic_types_pb2.AccountID, _Mapping]]] = ...) -> None: ...
