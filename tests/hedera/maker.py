"""Signed transactions of every shape, made with keys that are the same in every run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from coincurve import PrivateKey
from Crypto.Hash import keccak
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from nacl.signing import SigningKey

from paydaemon_hedera import wire
from paydaemon_hedera.keys import Key, KeyType, PublicKey
from paydaemon_hedera.proto.basic_types_pb2 import (
    AccountAmount,
    AccountID,
    Signature,
    SignatureList,
    SignatureMap,
    SignaturePair,
    TokenID,
    TokenTransferList,
)
from paydaemon_hedera.proto.transaction_contents_pb2 import SignedTransaction
from paydaemon_hedera.proto.transaction_list_pb2 import TransactionList
from paydaemon_hedera.proto.transaction_pb2 import Transaction, TransactionBody

START_S = 1_700_000_000
NOW_MS = (START_S + 5) * 1000
NODES = frozenset({"0.0.3", "0.0.4", "0.0.5"})
PAYEE, ALICE, BOB = 1001, 1002, 1003
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that signs. `seed` is one byte, of which the private key is made."""

    type: KeyType
    seed: int

    @property
    def public(self) -> PublicKey:
        secret = bytes([self.seed]) * 32
        if self.type is KeyType.ED25519:
            return PublicKey(self.type, bytes(SigningKey(secret).verify_key))
        return PublicKey(self.type, PrivateKey(secret).public_key.format(compressed=True))

    def sign(self, data: bytes) -> bytes:
        secret = bytes([self.seed]) * 32
        if self.type is KeyType.ED25519:
            return SigningKey(secret).sign(data).signature
        digest = keccak.new(data=data, digest_bits=256).digest()
        r, s = decode_dss_signature(PrivateKey(secret).sign(digest, hasher=None))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def pair(self, data: bytes, prefix: int | None = None) -> SignaturePair:
        """This key's signature, with so many bytes of its public key."""
        start, value = self.public.raw[:prefix], self.sign(data)
        if self.type is KeyType.ED25519:
            return SignaturePair(pubKeyPrefix=start, ed25519=value)
        return SignaturePair(pubKeyPrefix=start, ECDSA_secp256k1=value)


ALICES = Signer(KeyType.ED25519, 1)
BOBS = Signer(KeyType.ECDSA, 2)
CLERKS = Signer(KeyType.ED25519, 3)

KEYS: Mapping[str, Key] = {f"0.0.{ALICE}": ALICES.public, f"0.0.{BOB}": BOBS.public}


def high_s(signature: bytes) -> bytes:
    """The other signature of the same key over the same bytes, which many SDKs make half of the time."""
    return signature[:32] + (ORDER - int.from_bytes(signature[32:], "big")).to_bytes(32, "big")


def amount(account: int, minor: int) -> AccountAmount:
    return AccountAmount(accountID=AccountID(accountNum=account), amount=minor)


def tokens(number: int, *amounts: AccountAmount) -> TokenTransferList:
    return TokenTransferList(token=TokenID(tokenNum=number), transfers=amounts)


def body(*amounts: AccountAmount, payer: int = ALICE, node: int = 3) -> TransactionBody:
    """A transfer from alice to the payee, or of these amounts, that is right in everything."""
    made = TransactionBody(memo="inv 1", transactionFee=100_000_000)
    made.transactionID.accountID.accountNum = payer
    made.transactionID.transactionValidStart.seconds = START_S
    made.transactionID.transactionValidStart.nanos = 1
    made.nodeAccountID.accountNum = node
    made.transactionValidDuration.seconds = 120
    made.cryptoTransfer.transfers.accountAmounts.extend(
        amounts or (amount(ALICE, -12_345), amount(PAYEE, 12_345))
    )
    return made


def call(contract: int = 7001, amount_minor: int = 0, gas: int = 50_000) -> TransactionBody:
    """A call of a contract by alice that is right in everything."""
    made = body()
    made.contractCall.contractID.contractNum = contract
    made.contractCall.gas = gas
    made.contractCall.amount = amount_minor
    made.contractCall.functionParameters = b"\xd0\xe3\r\xb0"
    return made


def for_node(made: TransactionBody, node: int) -> bytes:
    other = TransactionBody.FromString(made.SerializeToString())
    other.nodeAccountID.accountNum = node
    return other.SerializeToString()


def signature_map(
    signed: bytes, signers: Sequence[Signer] = (ALICES,), prefix: int | None = None
) -> SignatureMap:
    return SignatureMap(sigPair=[signer.pair(signed, prefix) for signer in signers])


def signed_transaction(
    signed: bytes, signers: Sequence[Signer] = (ALICES,), prefix: int | None = None
) -> bytes:
    pairs = signature_map(signed, signers, prefix)
    return SignedTransaction(bodyBytes=signed, sigMap=pairs).SerializeToString()


def today(signed: bytes, signers: Sequence[Signer] = (ALICES,), prefix: int | None = None) -> bytes:
    inside = signed_transaction(signed, signers, prefix)
    return Transaction(signedTransactionBytes=inside).SerializeToString()


def wrapped(signed: bytes, pairs: bytes) -> bytes:
    """Today's envelope of a body with any signatures."""
    return wire.tagged(5, wire.tagged(1, signed) + wire.tagged(2, pairs))


def body_bytes(signed: bytes, signers: Sequence[Signer] = (ALICES,)) -> bytes:
    return Transaction(bodyBytes=signed, sigMap=signature_map(signed, signers)).SerializeToString()


def inline(signed: bytes, signers: Sequence[Signer] = (ALICES,)) -> bytes:
    """The oldest shape, whose signatures name no key."""
    nameless = SignatureList(sigs=[Signature(ed25519=signer.sign(signed)) for signer in signers])
    return Transaction(body=TransactionBody.FromString(signed), sigs=nameless).SerializeToString()


def inline_named(signed: bytes, signers: Sequence[Signer] = (ALICES,)) -> bytes:
    """The oldest shape with signatures that name their keys."""
    pairs = signature_map(signed, signers)
    return Transaction(body=TransactionBody.FromString(signed), sigMap=pairs).SerializeToString()


def listed(*transactions: bytes) -> bytes:
    entries = [Transaction.FromString(one) for one in transactions]
    return TransactionList(transaction_list=entries).SerializeToString()


# Changes of a body

Change = Callable[[TransactionBody], object]


def set_start(made: TransactionBody, seconds: int, nanos: int = 0) -> None:
    made.transactionID.transactionValidStart.seconds = seconds
    made.transactionID.transactionValidStart.nanos = nanos


def transfers(*amounts: AccountAmount) -> Change:
    def change(made: TransactionBody) -> None:
        del made.cryptoTransfer.transfers.accountAmounts[:]
        made.cryptoTransfer.transfers.accountAmounts.extend(amounts)

    return change


def with_tokens(*lists: TokenTransferList) -> Change:
    return lambda made: made.cryptoTransfer.tokenTransfers.extend(lists)
