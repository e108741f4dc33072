"""Public keys, and what satisfies them.

An account's key is one key or a tree of lists, each with how many of its own must sign. Whether a single key
has signed is asked of the caller, so this module knows nothing of bodies. ed25519 signs the bytes themselves,
ECDSA on secp256k1 their keccak-256.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from coincurve import PublicKey as Secp256k1
from Crypto.Hash import keccak
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from paydaemon_hedera import wire
from paydaemon_hedera.proto import basic_types_pb2 as proto

SIGNATURE_BYTES = 64
MAX_KEYS = 1_000
"""Keys in one account's tree: several times what fits into the transaction that sets them."""

_ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141


class KeyType(StrEnum):
    """What signs, in the mirror node's words."""

    ED25519 = "ED25519"
    ECDSA = "ECDSA_SECP256K1"


KEY_BYTES = {KeyType.ED25519: 32, KeyType.ECDSA: 33}
"""How long a whole public key is; on secp256k1 it is compressed."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A single key."""

    type: KeyType
    raw: bytes


@dataclass(frozen=True, slots=True)
class KeyList:
    """Keys of which `threshold` must sign."""

    keys: tuple["Key", ...]
    threshold: int


@dataclass(frozen=True, slots=True)
class Unsignable:
    """What no signature satisfies, such as a contract in place of a key."""


Key = PublicKey | KeyList | Unsignable


def satisfied(key: Key, signed: Callable[[PublicKey], bool]) -> bool:
    """Whether those keys that have `signed` are enough. An empty list of keys is never satisfied."""
    match key:
        case PublicKey():
            return signed(key)
        case KeyList(keys, threshold):
            return bool(keys) and sum(satisfied(one, signed) for one in keys) >= threshold
        case Unsignable():
            return False


def from_mirror(type: str, key: str) -> Key:
    """An account's key as a mirror node tells it: ``key._type`` and ``key.key``. Raises `ValueError`."""
    raw = bytes.fromhex(key)
    if type == "ProtobufEncoded":
        return from_protobuf(raw)
    return _public_key(KeyType(type), raw)


def from_protobuf(raw: bytes) -> Key:
    """A key as the network stores it. Raises `ValueError` for what is none."""
    wire.check(proto.Key, raw)
    message = proto.Key.FromString(raw)
    if _count(message) > MAX_KEYS:
        raise ValueError(f"there are more than {MAX_KEYS} keys")
    return _read(message)


def verifies(key: PublicKey, signature: bytes, data: bytes) -> bool:
    """Whether `signature`, of 64 bytes, is this key's over `data`."""
    if len(signature) != SIGNATURE_BYTES:
        return False
    match key.type:
        case KeyType.ED25519:
            return _verifies_ed25519(key.raw, signature, data)
        case KeyType.ECDSA:
            return _verifies_ecdsa(key.raw, signature, data)


def _verifies_ed25519(key: bytes, signature: bytes, data: bytes) -> bool:
    try:
        crypto_sign_open(signature + data, key)
    except BadSignatureError:
        return False
    return True


def _verifies_ecdsa(key: bytes, signature: bytes, data: bytes) -> bool:
    """SDKs sign with either of the two values of s that are right; libsecp256k1 takes the lower one alone."""
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    digest = keccak.new(data=data, digest_bits=256).digest()
    try:
        return Secp256k1(key).verify(encode_dss_signature(r, min(s, _ORDER - s)), digest, None)
    except ValueError:  # no point of the curve, or out of its range
        return False


def _read(message: proto.Key) -> Key:
    match message.WhichOneof("key"):
        case "ed25519":
            return _public_key(KeyType.ED25519, message.ed25519)
        case "ECDSA_secp256k1":
            return _public_key(KeyType.ECDSA, message.ECDSA_secp256k1)
        case "keyList":
            keys = message.keyList.keys
            return KeyList(tuple(_read(key) for key in keys), len(keys))
        case "thresholdKey":
            keys = message.thresholdKey.keys.keys
            threshold = max(1, min(message.thresholdKey.threshold, len(keys)))
            return KeyList(tuple(_read(key) for key in keys), threshold)
        case _:
            return Unsignable()


def _public_key(type: KeyType, raw: bytes) -> PublicKey | Unsignable:
    """On secp256k1 a key of another length is what a hollow account has in its place."""
    return PublicKey(type, raw) if len(raw) == KEY_BYTES[type] else Unsignable()


def _count(message: proto.Key) -> int:
    inside = message.keyList.keys if message.HasField("keyList") else message.thresholdKey.keys.keys
    return 1 + sum(_count(key) for key in inside)
