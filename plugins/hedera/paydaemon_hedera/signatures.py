"""Signatures as an envelope carries them, and what they prove.

Each comes with a prefix of its public key. Where that is the whole key the signature can be told right or
wrong from the bytes alone; where it is shorter, or missing, only the account's own key can tell. No prefix
may be the beginning of another, so that each key has at most one signature: a node refuses anything else
(KEY_PREFIX_MISMATCH), and it bounds what proving costs.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from paydaemon_hedera import refusals
from paydaemon_hedera.keys import (
    KEY_BYTES,
    SIGNATURE_BYTES,
    Key,
    KeyType,
    PublicKey,
    satisfied,
    verifies,
)
from paydaemon_hedera.proto.basic_types_pb2 import Signature as Nameless
from paydaemon_hedera.proto.basic_types_pb2 import SignatureList, SignatureMap, SignaturePair


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature. `prefix` is the beginning of the public key, of any length from none to all of it."""

    type: KeyType
    prefix: bytes
    value: bytes

    @property
    def key(self) -> PublicKey | None:
        """The key that made it, as it says, where it says the whole of it."""
        whole = len(self.prefix) == KEY_BYTES[self.type]
        return PublicKey(self.type, self.prefix) if whole else None

    def may_be_of(self, key: PublicKey) -> bool:
        """Whether it says to be made by this key."""
        return self.type is key.type and key.raw.startswith(self.prefix)


def read(signatures: SignatureMap) -> tuple[Signature, ...]:
    """Raises `Refusal` for signatures of other kinds, and for those that no node would tell apart."""
    pairs = tuple(_read(pair) for pair in signatures.sigPair)
    if len(pairs) > 1:
        _tell_apart(sorted(pair.prefix for pair in pairs))
    return pairs


def of_list(signatures: SignatureList) -> SignatureMap:
    """The oldest envelope's signatures, which name no key, as today's.

    Places in such a list stand for accounts, and old clients put the same signature into each that is the
    payer's. So what is there twice is there once. Raises `Refusal` for several: whose they are nobody knows.
    """
    values = dict.fromkeys(signature.ed25519 for signature in _flat(signatures))
    if len(values) > 1:
        raise refusals.unproven("are several that name no key: name each one's in a SignatureMap")
    return SignatureMap(sigPair=[SignaturePair(pubKeyPrefix=b"", ed25519=value) for value in values])


def wrong(body: bytes, signatures: Iterable[Signature]) -> Signature | None:
    """The first signature that is certainly not its key's over `body`."""
    for signature in signatures:
        if (key := signature.key) and not verifies(key, signature.value, body):
            return signature
    return None


def unsigned(body: bytes, signatures: tuple[Signature, ...], keys: Mapping[str, Key]) -> str | None:
    """The first account whose key these signatures do not satisfy; None where all are satisfied."""

    @cache
    def signed(key: PublicKey) -> bool:
        return any(one.may_be_of(key) and verifies(key, one.value, body) for one in signatures)

    return next((account for account, key in keys.items() if not satisfied(key, signed)), None)


def _read(pair: SignaturePair) -> Signature:
    match pair.WhichOneof("signature"):
        case "ed25519":
            signature = Signature(KeyType.ED25519, pair.pubKeyPrefix, pair.ed25519)
        case "ECDSA_secp256k1":
            signature = Signature(KeyType.ECDSA, pair.pubKeyPrefix, pair.ECDSA_secp256k1)
        case other:
            raise refusals.unproven(f"{other or 'nothing'} is no kind of signature of a key")
    if len(signature.prefix) > KEY_BYTES[signature.type]:
        raise refusals.unproven("a public key is longer than keys of its type are")
    if len(signature.value) != SIGNATURE_BYTES:
        raise refusals.unproven(f"a signature has {SIGNATURE_BYTES} bytes")
    return signature


def _tell_apart(prefixes: list[bytes]) -> None:
    for shorter, longer in pairwise(prefixes):
        if longer.startswith(shorter):
            raise refusals.unproven("two of them may be of the same public key")


def _flat(signatures: SignatureList) -> Iterator[Nameless]:
    """Signatures of lists inside lists, in order; places left empty are passed over."""
    for signature in signatures.sigs:
        match signature.WhichOneof("signature"):
            case "ed25519":
                yield signature
            case "signatureList":
                yield from _flat(signature.signatureList)
            case "thresholdSignature":
                yield from _flat(signature.thresholdSignature.sigs)
            case None:
                continue
            case other:
                raise refusals.unproven(f"{other} is no kind of signature of a key")
