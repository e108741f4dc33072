"""How the network begins: a treasury with all HBAR, nodes, somebody to pay and some who can.

Keys come from a seed, so the same sandbox has the same keys each time: they are worth nothing anywhere else.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ec import SECP256K1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from paydaemon_hedera.sandbox.fees import COLLECTOR
from paydaemon_hedera.sandbox.keys import ContractKey, EcdsaKey, Ed25519Key, Key, KeyList, SimpleKey
from paydaemon_hedera.sandbox.ledger import HBAR, TOTAL_TINYBARS, Account, Ledger, Token
from paydaemon_hedera.sandbox.names import SEED, entity

TREASURY = 2
TINYBARS = 100_000_000
"""Of one HBAR."""

NODE_TINYBARS = 1_000 * TINYBARS

ED25519_DER = bytes.fromhex("302e020100300506032b657004220420")
ECDSA_DER = bytes.fromhex("3030020100300706052b8104000a04220420")
"""What precedes the 32 bytes of a private key in the form that Hedera's SDKs and portals give it."""


class KeyKind(StrEnum):
    """What an account's key is. `threshold` is two of three keys of ed25519."""

    ED25519 = "ed25519"
    ECDSA = "ecdsa"
    THRESHOLD = "threshold"


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """The 32 bytes of a private key, of one of the two simple kinds."""

    kind: KeyKind
    raw: bytes

    @property
    def der(self) -> str:
        """As the SDKs take it: DER in hex."""
        return ((ECDSA_DER if self.kind is KeyKind.ECDSA else ED25519_DER) + self.raw).hex()

    @property
    def public(self) -> SimpleKey:
        """The public key that belongs to it."""
        if self.kind is KeyKind.ECDSA:
            point = derive_private_key(int.from_bytes(self.raw), SECP256K1()).public_key()
            return EcdsaKey(point.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))
        edwards = Ed25519PrivateKey.from_private_bytes(self.raw).public_key()
        return Ed25519Key(edwards.public_bytes(Encoding.Raw, PublicFormat.Raw))


@dataclass(frozen=True, slots=True)
class Holder:
    """An account whose private keys are known here."""

    number: int
    kind: KeyKind
    tinybars: int
    private: tuple[PrivateKey, ...]
    auto_associations: int = 0

    @property
    def key(self) -> Key:
        """The account's key."""
        if self.kind is KeyKind.THRESHOLD:
            return KeyList(tuple(one.public for one in self.private), threshold=len(self.private) - 1)
        return self.private[0].public

    @property
    def signers(self) -> tuple[PrivateKey, ...]:
        """As many of the private keys as have to sign."""
        return self.private[:-1] if self.kind is KeyKind.THRESHOLD else self.private


def holder(number: int, kind: KeyKind, tinybars: int, seed: str = SEED, auto_associations: int = 0) -> Holder:
    """An account with the keys that the seed gives it."""
    simple = KeyKind.ED25519 if kind is KeyKind.THRESHOLD else kind
    count = 3 if kind is KeyKind.THRESHOLD else 1
    private = tuple(PrivateKey(simple, _secret(seed, number, place)) for place in range(count))
    return Holder(number, kind, tinybars, private, auto_associations)


def _secret(seed: str, number: int, place: int) -> bytes:
    return hashlib.sha256(f"hedera-sandbox {seed} 0.0.{number} {place}".encode()).digest()


def introduce(one: Holder) -> dict[str, object]:
    """A holder as scripts are told of it: with its private key, or all of them where there are several."""
    told: dict[str, object] = {"account": entity(one.number), "type": one.kind.value}
    if one.kind is KeyKind.THRESHOLD:
        return {**told, "private_keys": [key.der for key in one.private], "threshold": len(one.signers)}
    return {**told, "private_key": one.private[0].der}


PAYEE = 1001
CONTRACT = 7001
"""A contract that takes what it is given."""
USDC = 5001
USDC_DECIMALS = 6
USDC_SUPPLY_MINOR = 1_000_000_000_000 * 10**USDC_DECIMALS
USDC_EACH_MINOR = 1_000_000 * 10**USDC_DECIMALS


def default_holders(seed: str = SEED) -> tuple[Holder, ...]:
    """Somebody to be paid without a tinybar, and three who pay, with 10,000 HBAR each."""
    rich = 10_000 * TINYBARS
    return (
        holder(PAYEE, KeyKind.ED25519, 0, seed),
        holder(1002, KeyKind.ED25519, rich, seed),
        holder(1003, KeyKind.ECDSA, rich, seed),
        holder(1004, KeyKind.THRESHOLD, rich, seed),
    )


def genesis(nodes: Sequence[int], holders: Sequence[Holder], now_ns: int, seed: str = SEED) -> Ledger:
    """A ledger to begin with: all of `holders` can hold the token USDC, and who can pay has some.

    Raises `ValueError` where two want the same number, or more HBAR than there is.
    """
    ledger = Ledger()
    system = [holder(TREASURY, KeyKind.ED25519, 0, seed), holder(COLLECTOR, KeyKind.ED25519, 0, seed)]
    system += [holder(number, KeyKind.ED25519, NODE_TINYBARS, seed) for number in nodes]
    for one in (*system, *holders):
        ledger.add_account(Account(one.number, one.key, one.auto_associations, created_ns=now_ns))
    ledger.add_account(Account(CONTRACT, ContractKey(CONTRACT), created_ns=now_ns))
    ledger.accounts[TREASURY].tinybars = TOTAL_TINYBARS
    ledger.add_token(
        Token(USDC, "USDC", "USD Coin", USDC_DECIMALS, USDC_SUPPLY_MINOR, TREASURY, created_ns=now_ns)
    )
    for one in (*system, *holders):
        _pay_out(ledger, one.number, HBAR, one.tinybars)
    for one in holders:
        ledger.associate(one.number, USDC, now_ns)
        _pay_out(ledger, one.number, USDC, USDC_EACH_MINOR if one.tinybars else 0)
    return ledger


def _pay_out(ledger: Ledger, number: int, token: int, amount: int) -> None:
    if amount:
        ledger.post({(TREASURY, token): -amount, (number, token): amount})
