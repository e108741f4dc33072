from google.protobuf import wrappers_pb2 as _wrappers_pb2
from paydaemon_hedera.proto import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AccountID(_message.Message):
    __slots__ = ("shardNum", "realmNum", "accountNum", "alias")
    SHARDNUM_FIELD_NUMBER: _ClassVar[int]
    REALMNUM_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTNUM_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    shardNum: int
    realmNum: int
    accountNum: int
    alias: bytes
    def __init__(self, shardNum: _Optional[int] = ..., realmNum: _Optional[int] = ..., accountNum: _Optional[int] = ..., alias: _Optional[bytes] = ...) -> None: ...

class ContractID(_message.Message):
    __slots__ = ("shardNum", "realmNum", "contractNum", "evm_address")
    SHARDNUM_FIELD_NUMBER: _ClassVar[int]
    REALMNUM_FIELD_NUMBER: _ClassVar[int]
    CONTRACTNUM_FIELD_NUMBER: _ClassVar[int]
    EVM_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    shardNum: int
    realmNum: int
    contractNum: int
    evm_address: bytes
    def __init__(self, shardNum: _Optional[int] = ..., realmNum: _Optional[int] = ..., contractNum: _Optional[int] = ..., evm_address: _Optional[bytes] = ...) -> None: ...

class TokenID(_message.Message):
    __slots__ = ("shardNum", "realmNum", "tokenNum")
    SHARDNUM_FIELD_NUMBER: _ClassVar[int]
    REALMNUM_FIELD_NUMBER: _ClassVar[int]
    TOKENNUM_FIELD_NUMBER: _ClassVar[int]
    shardNum: int
    realmNum: int
    tokenNum: int
    def __init__(self, shardNum: _Optional[int] = ..., realmNum: _Optional[int] = ..., tokenNum: _Optional[int] = ...) -> None: ...

class FileID(_message.Message):
    __slots__ = ("shardNum", "realmNum", "fileNum")
    SHARDNUM_FIELD_NUMBER: _ClassVar[int]
    REALMNUM_FIELD_NUMBER: _ClassVar[int]
    FILENUM_FIELD_NUMBER: _ClassVar[int]
    shardNum: int
    realmNum: int
    fileNum: int
    def __init__(self, shardNum: _Optional[int] = ..., realmNum: _Optional[int] = ..., fileNum: _Optional[int] = ...) -> None: ...

class TopicID(_message.Message):
    __slots__ = ("shardNum", "realmNum", "topicNum")
    SHARDNUM_FIELD_NUMBER: _ClassVar[int]
    REALMNUM_FIELD_NUMBER: _ClassVar[int]
    TOPICNUM_FIELD_NUMBER: _ClassVar[int]
    shardNum: int
    realmNum: int
    topicNum: int
    def __init__(self, shardNum: _Optional[int] = ..., realmNum: _Optional[int] = ..., topicNum: _Optional[int] = ...) -> None: ...

class ScheduleID(_message.Message):
    __slots__ = ("shardNum", "realmNum", "scheduleNum")
    SHARDNUM_FIELD_NUMBER: _ClassVar[int]
    REALMNUM_FIELD_NUMBER: _ClassVar[int]
    SCHEDULENUM_FIELD_NUMBER: _ClassVar[int]
    shardNum: int
    realmNum: int
    scheduleNum: int
    def __init__(self, shardNum: _Optional[int] = ..., realmNum: _Optional[int] = ..., scheduleNum: _Optional[int] = ...) -> None: ...

class TransactionID(_message.Message):
    __slots__ = ("transactionValidStart", "accountID", "scheduled", "nonce")
    TRANSACTIONVALIDSTART_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTID_FIELD_NUMBER: _ClassVar[int]
    SCHEDULED_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    transactionValidStart: _timestamp_pb2.Timestamp
    accountID: AccountID
    scheduled: bool
    nonce: int
    def __init__(self, transactionValidStart: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., accountID: _Optional[_Union[AccountID, _Mapping]] = ..., scheduled: _Optional[bool] = ..., nonce: _Optional[int] = ...) -> None: ...

class AccountAmount(_message.Message):
    __slots__ = ("accountID", "amount", "is_approval")
    ACCOUNTID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    IS_APPROVAL_FIELD_NUMBER: _ClassVar[int]
    accountID: AccountID
    amount: int
    is_approval: bool
    def __init__(self, accountID: _Optional[_Union[AccountID, _Mapping]] = ..., amount: _Optional[int] = ..., is_approval: _Optional[bool] = ...) -> None: ...

class TransferList(_message.Message):
    __slots__ = ("accountAmounts",)
    ACCOUNTAMOUNTS_FIELD_NUMBER: _ClassVar[int]
    accountAmounts: _containers.RepeatedCompositeFieldContainer[AccountAmount]
    def __init__(self, accountAmounts: _Optional[_Iterable[_Union[AccountAmount, _Mapping]]] = ...) -> None: ...

class NftTransfer(_message.Message):
    __slots__ = ("senderAccountID", "receiverAccountID", "serialNumber", "is_approval")
    SENDERACCOUNTID_FIELD_NUMBER: _ClassVar[int]
    RECEIVERACCOUNTID_FIELD_NUMBER: _ClassVar[int]
    SERIALNUMBER_FIELD_NUMBER: _ClassVar[int]
    IS_APPROVAL_FIELD_NUMBER: _ClassVar[int]
    senderAccountID: AccountID
    receiverAccountID: AccountID
    serialNumber: int
    is_approval: bool
    def __init__(self, senderAccountID: _Optional[_Union[AccountID, _Mapping]] = ..., receiverAccountID: _Optional[_Union[AccountID, _Mapping]] = ..., serialNumber: _Optional[int] = ..., is_approval: _Optional[bool] = ...) -> None: ...

class TokenTransferList(_message.Message):
    __slots__ = ("token", "transfers", "nftTransfers", "expected_decimals")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    TRANSFERS_FIELD_NUMBER: _ClassVar[int]
    NFTTRANSFERS_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_DECIMALS_FIELD_NUMBER: _ClassVar[int]
    token: TokenID
    transfers: _containers.RepeatedCompositeFieldContainer[AccountAmount]
    nftTransfers: _containers.RepeatedCompositeFieldContainer[NftTransfer]
    expected_decimals: _wrappers_pb2.UInt32Value
    def __init__(self, token: _Optional[_Union[TokenID, _Mapping]] = ..., transfers: _Optional[_Iterable[_Union[AccountAmount, _Mapping]]] = ..., nftTransfers: _Optional[_Iterable[_Union[NftTransfer, _Mapping]]] = ..., expected_decimals: _Optional[_Union[_wrappers_pb2.UInt32Value, _Mapping]] = ...) -> None: ...

class Key(_message.Message):
    __slots__ = ("contractID", "ed25519", "RSA_3072", "ECDSA_384", "thresholdKey", "keyList", "ECDSA_secp256k1", "delegatable_contract_id")
    CONTRACTID_FIELD_NUMBER: _ClassVar[int]
    ED25519_FIELD_NUMBER: _ClassVar[int]
    RSA_3072_FIELD_NUMBER: _ClassVar[int]
    ECDSA_384_FIELD_NUMBER: _ClassVar[int]
    THRESHOLDKEY_FIELD_NUMBER: _ClassVar[int]
    KEYLIST_FIELD_NUMBER: _ClassVar[int]
    ECDSA_SECP256K1_FIELD_NUMBER: _ClassVar[int]
    DELEGATABLE_CONTRACT_ID_FIELD_NUMBER: _ClassVar[int]
    contractID: ContractID
    ed25519: bytes
    RSA_3072: bytes
    ECDSA_384: bytes
    thresholdKey: ThresholdKey
    keyList: KeyList
    ECDSA_secp256k1: bytes
    delegatable_contract_id: ContractID
    def __init__(self, contractID: _Optional[_Union[ContractID, _Mapping]] = ..., ed25519: _Optional[bytes] = ..., RSA_3072: _Optional[bytes] = ..., ECDSA_384: _Optional[bytes] = ..., thresholdKey: _Optional[_Union[ThresholdKey, _Mapping]] = ..., keyList: _Optional[_Union[KeyList, _Mapping]] = ..., ECDSA_secp256k1: _Optional[bytes] = ..., delegatable_contract_id: _Optional[_Union[ContractID, _Mapping]] = ...) -> None: ...

class ThresholdKey(_message.Message):
    __slots__ = ("threshold", "keys")
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    threshold: int
    keys: KeyList
    def __init__(self, threshold: _Optional[int] = ..., keys: _Optional[_Union[KeyList, _Mapping]] = ...) -> None: ...

class KeyList(_message.Message):
    __slots__ = ("keys",)
    KEYS_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedCompositeFieldContainer[Key]
    def __init__(self, keys: _Optional[_Iterable[_Union[Key, _Mapping]]] = ...) -> None: ...

class Signature(_message.Message):
    __slots__ = ("contract", "ed25519", "RSA_3072", "ECDSA_384", "thresholdSignature", "signatureList")
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    ED25519_FIELD_NUMBER: _ClassVar[int]
    RSA_3072_FIELD_NUMBER: _ClassVar[int]
    ECDSA_384_FIELD_NUMBER: _ClassVar[int]
    THRESHOLDSIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SIGNATURELIST_FIELD_NUMBER: _ClassVar[int]
    contract: bytes
    ed25519: bytes
    RSA_3072: bytes
    ECDSA_384: bytes
    thresholdSignature: ThresholdSignature
    signatureList: SignatureList
    def __init__(self, contract: _Optional[bytes] = ..., ed25519: _Optional[bytes] = ..., RSA_3072: _Optional[bytes] = ..., ECDSA_384: _Optional[bytes] = ..., thresholdSignature: _Optional[_Union[ThresholdSignature, _Mapping]] = ..., signatureList: _Optional[_Union[SignatureList, _Mapping]] = ...) -> None: ...

class ThresholdSignature(_message.Message):
    __slots__ = ("sigs",)
    SIGS_FIELD_NUMBER: _ClassVar[int]
    sigs: SignatureList
    def __init__(self, sigs: _Optional[_Union[SignatureList, _Mapping]] = ...) -> None: ...

class SignatureList(_message.Message):
    __slots__ = ("sigs",)
    SIGS_FIELD_NUMBER: _ClassVar[int]
    sigs: _containers.RepeatedCompositeFieldContainer[Signature]
    def __init__(self, sigs: _Optional[_Iterable[_Union[Signature, _Mapping]]] = ...) -> None: ...

class SignaturePair(_message.Message):
    __slots__ = ("pubKeyPrefix", "contract", "ed25519", "RSA_3072", "ECDSA_384", "ECDSA_secp256k1")
    PUBKEYPREFIX_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    ED25519_FIELD_NUMBER: _ClassVar[int]
    RSA_3072_FIELD_NUMBER: _ClassVar[int]
    ECDSA_384_FIELD_NUMBER: _ClassVar[int]
    ECDSA_SECP256K1_FIELD_NUMBER: _ClassVar[int]
    pubKeyPrefix: bytes
    contract: bytes
    ed25519: bytes
    RSA_3072: bytes
    ECDSA_384: bytes
    ECDSA_secp256k1: bytes
    def __init__(self, pubKeyPrefix: _Optional[bytes] = ..., contract: _Optional[bytes] = ..., ed25519: _Optional[bytes] = ..., RSA_3072: _Optional[bytes] = ..., ECDSA_384: _Optional[bytes] = ..., ECDSA_secp256k1: _Optional[bytes] = ...) -> None: ...

class SignatureMap(_message.Message):
    __slots__ = ("sigPair",)
    SIGPAIR_FIELD_NUMBER: _ClassVar[int]
    sigPair: _containers.RepeatedCompositeFieldContainer[SignaturePair]
    def __init__(self, sigPair: _Optional[_Iterable[_Union[SignaturePair, _Mapping]]] = ...) -> None: ...

class ServiceEndpoint(_message.Message):
    __slots__ = ("ipAddressV4", "port", "domain_name")
    IPADDRESSV4_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    DOMAIN_NAME_FIELD_NUMBER: _ClassVar[int]
    ipAddressV4: bytes
    port: int
    domain_name: str
    def __init__(self, ipAddressV4: _Optional[bytes] = ..., port: _Optional[int] = ..., domain_name: _Optional[str] = ...) -> None: ...

class NodeAddress(_message.Message):
    __slots__ = ("memo", "nodeId", "nodeAccountId", "nodeCertHash", "serviceEndpoint", "description")
    MEMO_FIELD_NUMBER: _ClassVar[int]
    NODEID_FIELD_NUMBER: _ClassVar[int]
    NODEACCOUNTID_FIELD_NUMBER: _ClassVar[int]
    NODECERTHASH_FIELD_NUMBER: _ClassVar[int]
    SERVICEENDPOINT_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    memo: bytes
    nodeId: int
    nodeAccountId: AccountID
    nodeCertHash: bytes
    serviceEndpoint: _containers.RepeatedCompositeFieldContainer[ServiceEndpoint]
    description: str
    def __init__(self, memo: _Optional[bytes] = ..., nodeId: _Optional[int] = ..., nodeAccountId: _Optional[_Union[AccountID, _Mapping]] = ..., nodeCertHash: _Optional[bytes] = ..., serviceEndpoint: _Optional[_Iterable[_Union[ServiceEndpoint, _Mapping]]] = ..., description: _Optional[str] = ...) -> None: ...

class NodeAddressBook(_message.Message):
    __slots__ = ("nodeAddress",)
    NODEADDRESS_FIELD_NUMBER: _ClassVar[int]
    nodeAddress: _containers.RepeatedCompositeFieldContainer[NodeAddress]
    def __init__(self, nodeAddress: _Optional[_Iterable[_Union[NodeAddress, _Mapping]]] = ...) -> None: ...

class FeeSchedule(_message.Message):
    __slots__ = ("expiryTime",)
    EXPIRYTIME_FIELD_NUMBER: _ClassVar[int]
    expiryTime: _timestamp_pb2.TimestampSeconds
    def __init__(self, expiryTime: _Optional[_Union[_timestamp_pb2.TimestampSeconds, _Mapping]] = ...) -> None: ...

class CurrentAndNextFeeSchedule(_message.Message):
    __slots__ = ("currentFeeSchedule", "nextFeeSchedule")
    CURRENTFEESCHEDULE_FIELD_NUMBER: _ClassVar[int]
    NEXTFEESCHEDULE_FIELD_NUMBER: _ClassVar[int]
    currentFeeSchedule: FeeSchedule
    nextFeeSchedule: FeeSchedule
    def __init__(self, currentFeeSchedule: _Optional[_Union[FeeSchedule, _Mapping]] = ..., nextFeeSchedule: _Optional[_Union[FeeSchedule, _Mapping]] = ...) -> None: ...

class TokenBalance(_message.Message):
    __slots__ = ("tokenId", "balance", "decimals")
    TOKENID_FIELD_NUMBER: _ClassVar[int]
    BALANCE_FIELD_NUMBER: _ClassVar[int]
    DECIMALS_FIELD_NUMBER: _ClassVar[int]
    tokenId: TokenID
    balance: int
    decimals: int
    def __init__(self, tokenId: _Optional[_Union[TokenID, _Mapping]] = ..., balance: _Optional[int] = ..., decimals: _Optional[int] = ...) -> None: ...

class TokenAssociation(_message.Message):
    __slots__ = ("token_id", "account_id")
    TOKEN_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    token_id: TokenID
    account_id: AccountID
    def __init__(self, token_id: _Optional[_Union[TokenID, _Mapping]] = ..., account_id: _Optional[_Union[AccountID, _Mapping]] = ...) -> None: ...
