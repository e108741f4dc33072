"""A wallet for accounts whose keys are known here: builds and signs as an SDK would."""

from collections.abc import Iterable, Mapping, Sequence

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256K1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from google.protobuf.wrappers_pb2 import UInt32Value

from paydaemon_hedera.proto import basic_types_pb2 as wire
from paydaemon_hedera.proto.contract_call_pb2 import ContractCallTransactionBody
from paydaemon_hedera.proto.crypto_transfer_pb2 import CryptoTransferTransactionBody
from paydaemon_hedera.proto.duration_pb2 import Duration
from paydaemon_hedera.proto.transaction_contents_pb2 import SignedTransaction
from paydaemon_hedera.proto.transaction_pb2 import Transaction, TransactionBody
from paydaemon_hedera.sandbox.genesis import KeyKind, PrivateKey
from paydaemon_hedera.sandbox.keys import keccak256
from paydaemon_hedera.sandbox.ledger import HBAR
from paydaemon_hedera.sandbox.names import TransactionName, to_account, to_contract, to_id, to_token

MAX_FEE_TINYBARS = 100_000_000
DURATION_S = 120

Amounts = Mapping[int, int]
"""What each account gains or loses."""


def transfer_body(
    name: TransactionName,
    node: int,
    moves: Mapping[int, Amounts],
    memo: str = "",
    *,
    max_fee_tinybars: int = MAX_FEE_TINYBARS,
    duration_s: int = DURATION_S,
    decimals: Mapping[int, int] | None = None,
) -> TransactionBody:
    """A transfer, by token and account; HBAR is token `HBAR`. `decimals` are expected of the tokens named."""
    return TransactionBody(
        transactionID=to_id(name),
        nodeAccountID=to_account(node),
        transactionFee=max_fee_tinybars,
        transactionValidDuration=Duration(seconds=duration_s),
        memo=memo,
        cryptoTransfer=CryptoTransferTransactionBody(
            transfers=wire.TransferList(accountAmounts=_amounts(moves.get(HBAR, {}))),
            tokenTransfers=[
                _token_list(token, amounts, (decimals or {}).get(token))
                for token, amounts in moves.items()
                if token != HBAR
            ],
        ),
    )


def call_body(
    name: TransactionName,
    node: int,
    contract: int,
    *,
    gas: int,
    amount_tinybars: int = 0,
    parameters: bytes = b"",
    memo: str = "",
) -> TransactionBody:
    """A call of a contract."""
    return TransactionBody(
        transactionID=to_id(name),
        nodeAccountID=to_account(node),
        transactionFee=MAX_FEE_TINYBARS,
        transactionValidDuration=Duration(seconds=DURATION_S),
        memo=memo,
        contractCall=ContractCallTransactionBody(
            contractID=to_contract(contract),
            gas=gas,
            amount=amount_tinybars,
            functionParameters=parameters,
        ),
    )


def _amounts(amounts: Amounts) -> Iterable[wire.AccountAmount]:
    return [
        wire.AccountAmount(accountID=to_account(account), amount=amount)
        for account, amount in amounts.items()
    ]


def _token_list(token: int, amounts: Amounts, decimals: int | None) -> wire.TokenTransferList:
    expected = None if decimals is None else UInt32Value(value=decimals)
    return wire.TokenTransferList(
        token=to_token(token), transfers=_amounts(amounts), expected_decimals=expected
    )


def sign(body: TransactionBody, keys: Sequence[PrivateKey]) -> bytes:
    """The bytes of a `Transaction` in today's envelope."""
    return seal(body.SerializeToString(), keys)


def seal(body_bytes: bytes, keys: Sequence[PrivateKey]) -> bytes:
    """The same for bytes that are a body, or are not."""
    pairs = [signature_pair(key, body_bytes) for key in keys]
    signed = SignedTransaction(bodyBytes=body_bytes, sigMap=wire.SignatureMap(sigPair=pairs))
    return Transaction(signedTransactionBytes=signed.SerializeToString()).SerializeToString()


def signature_pair(key: PrivateKey, body_bytes: bytes) -> wire.SignaturePair:
    """A signature with the whole public key beside it."""
    prefix = key.public.raw
    if key.kind is KeyKind.ECDSA:
        return wire.SignaturePair(pubKeyPrefix=prefix, ECDSA_secp256k1=_sign_ecdsa(key, body_bytes))
    signature = Ed25519PrivateKey.from_private_bytes(key.raw).sign(body_bytes)
    return wire.SignaturePair(pubKeyPrefix=prefix, ed25519=signature)


def _sign_ecdsa(key: PrivateKey, body_bytes: bytes) -> bytes:
    secret = derive_private_key(int.from_bytes(key.raw), SECP256K1())
    signature = secret.sign(keccak256(body_bytes), ECDSA(Prehashed(SHA256())))
    r, s = decode_dss_signature(signature)
    return r.to_bytes(32) + s.to_bytes(32)
