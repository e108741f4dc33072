"""Who can sign for an account: a key, all of a list, or so many of a list; for a contract nobody can.

ed25519 signs the body's own bytes; ECDSA over secp256k1 signs their keccak-256, as 64 bytes r‖s. A signature
names its key by a prefix, which may be shorter than the key.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from Crypto.Hash import keccak
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256K1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from paydaemon_hedera.proto import basic_types_pb2 as wire

MAX_NESTING = 15
"""How deep lists of keys may lie in each other (the node's `keys.maxDepth`)."""


@dataclass(frozen=True, slots=True)
class Ed25519Key:
    """The 32 bytes of a public key."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class EcdsaKey:
    """The 33 bytes of a compressed point of secp256k1."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class KeyList:
    """So many (`threshold`) of several keys; all of them where it is None."""

    keys: tuple["Key", ...]
    threshold: int | None = None

    @property
    def needed(self) -> int:
        """How many of the keys have to sign."""
        return len(self.keys) if self.threshold is None else self.threshold


@dataclass(frozen=True, slots=True)
class ContractKey:
    """What stands for a contract's key: its own number. No signature satisfies it."""

    number: int


SimpleKey = Ed25519Key | EcdsaKey
Key = SimpleKey | KeyList | ContractKey


def to_wire(key: Key) -> wire.Key:
    """A key as protobuf."""
    match key:
        case Ed25519Key(raw):
            return wire.Key(ed25519=raw)
        case EcdsaKey(raw):
            return wire.Key(ECDSA_secp256k1=raw)
        case ContractKey(number):
            return wire.Key(contractID=wire.ContractID(contractNum=number))
        case KeyList(keys, None):
            return wire.Key(keyList=wire.KeyList(keys=map(to_wire, keys)))
        case KeyList(keys, threshold):
            inner = wire.KeyList(keys=map(to_wire, keys))
            return wire.Key(thresholdKey=wire.ThresholdKey(threshold=threshold or 0, keys=inner))


def simple_keys(key: Key) -> Iterator[SimpleKey]:
    """Every key that could sign for this one."""
    if isinstance(key, KeyList):
        for one in key.keys:
            yield from simple_keys(one)
    elif not isinstance(key, ContractKey):
        yield key


def has_signed(key: Key, body: bytes, signatures: Sequence[wire.SignaturePair]) -> bool:
    """Whether the signatures that verify are enough for a key. An empty list of keys never has signed."""
    if isinstance(key, ContractKey):
        return False
    if not isinstance(key, KeyList):
        return _one_has_signed(key, body, signatures)
    signed = sum(has_signed(one, body, signatures) for one in key.keys)
    return bool(key.keys) and signed >= key.needed


def _one_has_signed(key: SimpleKey, body: bytes, signatures: Sequence[wire.SignaturePair]) -> bool:
    """Of several prefixes that fit, the longest one counts."""
    kind = "ed25519" if isinstance(key, Ed25519Key) else "ECDSA_secp256k1"
    fitting = [
        pair
        for pair in signatures
        if pair.WhichOneof("signature") == kind and key.raw.startswith(pair.pubKeyPrefix)
    ]
    if not fitting:
        return False
    best = max(fitting, key=lambda pair: len(pair.pubKeyPrefix))
    return verifies(key, body, getattr(best, kind))


def verifies(key: SimpleKey, body: bytes, signature: bytes) -> bool:
    """Whether a signature is this key's over these bytes."""
    try:
        if isinstance(key, Ed25519Key):
            Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, body)
        elif len(signature) == 64:
            _verify_ecdsa(key, body, signature)
        else:
            return False
    except (InvalidSignature, ValueError):
        return False
    return True


def _verify_ecdsa(key: EcdsaKey, body: bytes, signature: bytes) -> None:
    point = EllipticCurvePublicKey.from_encoded_point(SECP256K1(), key.raw)
    both = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    # SHA-256 stands for any digest of 32 bytes here: the digest itself is given.
    point.verify(both, keccak256(body), ECDSA(Prehashed(SHA256())))


def keccak256(data: bytes) -> bytes:
    """Ethereum's hash, which is not SHA3-256."""
    return keccak.new(digest_bits=256, data=data).digest()


def evm_address(key: EcdsaKey) -> bytes:
    """The last 20 bytes of the hash of an uncompressed point."""
    numbers = EllipticCurvePublicKey.from_encoded_point(SECP256K1(), key.raw).public_numbers()
    return keccak256(numbers.x.to_bytes(32) + numbers.y.to_bytes(32))[-20:]
