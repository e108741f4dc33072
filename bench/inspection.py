"""What it costs to inspect a signed transfer on Hedera, before anything is stored or submitted.

Run alone: ``python bench/inspection.py [--rounds N]``. CPU time of one process, the best of so many rounds.
The second table is why signatures are verified by libsodium and libsecp256k1, the third where the time goes.
"""

import argparse
import base64
import cProfile
import json
import pstats
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from Crypto.Hash import keccak
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from paydaemon_hedera import body, envelope, inspection, text
from paydaemon_hedera.keys import PublicKey, verifies

FIXTURES = Path(__file__).parents[1] / "tests/hedera/fixtures"
NODES = frozenset({"0.0.3", "0.0.4", "0.0.5"})
NOW_MS = 1_700_000_005_000
CALLS = 500
CASES = ("ed25519", "ecdsa", "three nodes", "two signers", "token", "merged", "inline")
SHOWN = 12


def best_us(work: Callable[[], object], rounds: int) -> float:
    """Microseconds of CPU for one call."""
    took_s = []
    for _ in range(rounds):
        began = time.process_time()
        for _ in range(CALLS):
            work()
        took_s.append(time.process_time() - began)
    return min(took_s) / CALLS * 1e6


def show(name: str, work: Callable[[], object], rounds: int) -> None:
    """One line of a table."""
    print(f"{name:45} {best_us(work, rounds):8.1f} µs")


def inspect(given: str) -> inspection.Inspected:
    """As it is called for every relay."""
    return inspection.inspect(given, NODES, NOW_MS)


def cases(rounds: int) -> dict[str, str]:
    """What the official SDK hands over, inspected whole."""
    made = json.loads((FIXTURES / "javascript.json").read_text())["transactions"]
    given = {name: str(made[name]["base64"]) for name in CASES}
    for name, one in given.items():
        show(f"inspect: {name}", partial(inspect, one), rounds)
    return given


def steps(given: str, rounds: int) -> None:
    """The steps of one inspection."""
    raw = base64.b64decode(given)
    entry = envelope.read(raw)[0]
    show("  decode base64", lambda: text.decode(given), rounds)
    show("  open the envelope", lambda: envelope.read(raw), rounds)
    show("  find the body's kind and node", lambda: body.frame(entry.body), rounds)
    show("  read the body", lambda: body.read(entry.body), rounds)
    show("  all but times and signatures", lambda: inspection.read(given, NODES), rounds)


def libraries(given: dict[str, str], rounds: int) -> None:
    """One verification, by the libraries that are used and by OpenSSL."""
    for name, by_openssl in (("ed25519", openssl_ed25519), ("ecdsa", openssl_ecdsa)):
        entry = envelope.read(base64.b64decode(given[name]))[0]
        key = entry.signatures[0].key
        assert key is not None
        arguments = key, entry.signatures[0].value, entry.body
        show(name, partial(verifies, *arguments), rounds)
        show(f"{name} by OpenSSL", partial(by_openssl, *arguments), rounds)


def openssl_ed25519(key: PublicKey, signature: bytes, data: bytes) -> None:
    """The same with cryptography."""
    ed25519.Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, data)


def openssl_ecdsa(key: PublicKey, signature: bytes, data: bytes) -> None:
    """The same with cryptography."""
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), key.raw)
    der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    digest = keccak.new(data=data, digest_bits=256).digest()
    public.verify(der, digest, ec.ECDSA(Prehashed(SHA256())))


def profile(given: str) -> None:
    """Where the time goes, by function."""
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(CALLS):
        inspect(given)
    profiler.disable()
    pstats.Stats(profiler).strip_dirs().sort_stats("tottime").print_stats(SHOWN)


def main() -> None:
    """Measure."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    rounds = arguments.parse_args().rounds
    given = cases(rounds)
    steps(given["ed25519"], rounds)
    print()
    libraries(given, rounds)
    profile(given["ed25519"])


if __name__ == "__main__":
    main()
