"""What is posted is signed, and verified here by another library than the one that signs."""

from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from paydaemon.hooks.settings import Secret
from paydaemon_socketio.publisher.signing import BadKey, authorization, public_hex, read_key, signing_key
from tests.publisher.world import KEY, PUBLIC, keep_key

SEED = bytes(KEY).hex()


def test_another_library_verifies_it() -> None:
    """By the key of RFC 8032, section 7.1, test 2, and its signature."""
    key = signing_key("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    assert public_hex(key) == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    scheme, signature = authorization(key, b"\x72").split(" ")
    assert scheme == "Bearer"
    assert signature == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    verifier = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_hex(key)))
    verifier.verify(bytes.fromhex(signature), b"\x72")
    with pytest.raises(InvalidSignature):
        verifier.verify(bytes.fromhex(signature), b"\x73")


@pytest.mark.parametrize("text", [SEED, SEED.upper(), f" {SEED}\r\n", SEED + PUBLIC])
def test_the_forms_of_a_key(text: str) -> None:
    """The last is the older payment server's PUBLISHER_API_SECRET."""
    assert public_hex(signing_key(text)) == PUBLIC


@pytest.mark.parametrize("text", ["", SEED[1:], SEED + "00", "g" * 64, SEED * 2, f"{SEED}\n{PUBLIC}"])
def test_what_is_no_key_is_not_told(text: str) -> None:
    with pytest.raises(BadKey) as caught:
        signing_key(text)
    assert text == "" or text[:8] not in str(caught.value)


def test_it_is_read_from_its_file(tmp_path: Path) -> None:
    assert public_hex(read_key(Secret(**keep_key(tmp_path)))) == PUBLIC
    with pytest.raises(BadKey, match="cannot be read: No such file"):
        read_key(Secret(file=str(tmp_path / "none")))
    (tmp_path / "bytes").write_bytes(b"\xff" * 32)
    with pytest.raises(BadKey, match="it is no text"):
        read_key(Secret(file=str(tmp_path / "bytes")))
