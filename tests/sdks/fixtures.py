"""Writes tests/hedera/fixtures/: what Hedera's SDKs hand over, with fixed keys and a fixed start.

    .venv/bin/python -m tests.sdks.fixtures

Signatures by ed25519 are always the same; by ECDSA the SDK for Python makes new ones each time.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import SECP256K1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from paydaemon_hedera.proto.basic_types_pb2 import Signature, SignatureList
from paydaemon_hedera.proto.transaction_contents_pb2 import SignedTransaction
from paydaemon_hedera.proto.transaction_list_pb2 import TransactionList
from paydaemon_hedera.proto.transaction_pb2 import Transaction
from tests.sdks.plans import ECDSA_DER, ED25519_DER, ROOT, SCRIPTS, Case, Moved, to_bytes

FOLDER = ROOT / "tests/hedera/fixtures"
VALID_START = "1700000000.000000001"
MERCHANT = "0.0.1001"
ALICE, BOB, BOARD = "0.0.1002", "0.0.1003", "0.0.1004"
TOKEN = "0.0.5001"
"""Has 6 decimals."""


def private(name: str) -> bytes:
    return hashlib.sha256(f"paydaemon fixture: {name}".encode()).digest()


def der(name: str) -> str:
    return (ECDSA_DER if name == "bob" else ED25519_DER) + private(name).hex()


def public(name: str) -> bytes:
    """32 bytes of ed25519, or 33 of a compressed point."""
    if name == "bob":
        point = derive_private_key(int.from_bytes(private(name)), SECP256K1()).public_key()
        return point.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    key = Ed25519PrivateKey.from_private_bytes(private(name)).public_key()
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


BODY_TAG = b"\x0a"
"""Field 1 with a length: the tag of `Transaction.body`."""

ACCOUNTS = {MERCHANT: "the payee", ALICE: "alice", BOB: "bob", BOARD: "2 of chair, treasurer, clerk"}

KEYS = ("alice", "bob", "chair", "treasurer", "clerk")

HBAR = Case(
    "ed25519",
    ALICE,
    [der("alice")],
    {ALICE: -12_345, MERCHANT: 12_345},
    memo="inv 1",
    valid_start=VALID_START,
)
CASES = (
    HBAR,
    replace(HBAR, name="ecdsa", payer=BOB, signers=[der("bob")], hbar={BOB: -12_345, MERCHANT: 12_345}),
    replace(HBAR, name="three nodes", nodes=["0.0.3", "0.0.4", "0.0.5"]),
    replace(HBAR, name="token", hbar={}, tokens={TOKEN: Moved(6, {ALICE: -2_500_000, MERCHANT: 2_500_000})}),
    replace(
        HBAR,
        name="two signers",
        signers=[der("alice"), der("bob")],
        hbar={ALICE: -100, BOB: -200, MERCHANT: 300},
    ),
    replace(
        HBAR,
        name="threshold",
        payer=BOARD,
        signers=[der("chair"), der("clerk")],
        hbar={BOARD: -700, MERCHANT: 700},
    ),
    replace(HBAR, name="unsigned", signers=[]),
)
ABOUT = {
    "ed25519": "a transfer of HBAR for one node, signed by an ed25519 key",
    "ecdsa": "the same by an ECDSA secp256k1 key",
    "three nodes": "the same transaction for three nodes",
    "token": "a transfer of a token, which its decimals are expected of",
    "two signers": "two accounts pay, one by ed25519 and one by ECDSA",
    "threshold": "the payer's key is two of chair, treasurer and clerk; chair and clerk have signed",
    "unsigned": "frozen, and not signed",
    "bare": "by hand: the first entry of `ed25519`, which is a Transaction",
    "signed transaction": "by hand: what that entry holds, a SignedTransaction",
    "body bytes": "by hand: the deprecated envelope of bodyBytes and sigMap",
    "inline": "by hand: the oldest envelope of body and sigs, which nodes take no more",
    "merged": "by hand: `three nodes`, with the first entry's signature in all: a known wallet's bug",
}


def by_hand(given: Mapping[str, str]) -> dict[str, str]:
    """Shapes that no SDK writes today but that are handed over."""
    entry = TransactionList.FromString(base64.b64decode(given["ed25519"])).transaction_list[0]
    signed = SignedTransaction.FromString(entry.signedTransactionBytes)
    made = {
        "bare": entry,
        "signed transaction": signed,
        "body bytes": Transaction(bodyBytes=signed.bodyBytes, sigMap=signed.sigMap),
        "merged": merged(TransactionList.FromString(base64.b64decode(given["three nodes"]))),
    }
    shapes = {name: message.SerializeToString() for name, message in made.items()}
    return {name: encode(raw) for name, raw in {**shapes, "inline": inline(signed)}.items()}


def inline(signed: SignedTransaction) -> bytes:
    """`body` is spliced in as it was signed: parsing and writing it anew might change it."""
    sigs = SignatureList(sigs=[Signature(ed25519=pair.ed25519) for pair in signed.sigMap.sigPair])
    as_body_bytes = Transaction(bodyBytes=signed.bodyBytes).SerializeToString()
    return BODY_TAG + as_body_bytes[1:] + Transaction(sigs=sigs).SerializeToString()


def merged(given: TransactionList) -> TransactionList:
    first = SignedTransaction.FromString(given.transaction_list[0].signedTransactionBytes).sigMap
    for entry in given.transaction_list:
        signed = SignedTransaction.FromString(entry.signedTransactionBytes)
        signed.sigMap.CopyFrom(first)
        entry.signedTransactionBytes = signed.SerializeToString()
    return given


def encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def fixture(sdk: str) -> dict[str, object]:
    given = to_bytes(sdk, CASES)
    given |= by_hand(given)
    return {
        "sdk": sdk,
        "valid_start": VALID_START,
        "accounts": {
            MERCHANT: "the payee",
            ALICE: "alice",
            BOB: "bob",
            BOARD: "2 of chair, treasurer, clerk",
        },
        "keys": {
            name: {
                "type": "ecdsa" if name == "bob" else "ed25519",
                "private_der_hex": der(name),
                "public_hex": public(name).hex(),
            }
            for name in KEYS
        },
        "transactions": {name: {"about": ABOUT[name], "base64": text} for name, text in given.items()},
    }


def main() -> None:
    """Write one file for each SDK."""
    FOLDER.mkdir(exist_ok=True)
    for sdk in SCRIPTS:
        path = Path(FOLDER, f"{sdk}.json")
        path.write_text(json.dumps(fixture(sdk), indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
