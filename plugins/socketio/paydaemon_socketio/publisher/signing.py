"""Signing: an Ed25519 signature over the very bytes of what is posted (RFC 8032).

The header is the older payment server's: ``authorization: Bearer`` and the 64 bytes in hex.
"""

import re

from nacl.signing import SigningKey

from paydaemon.hooks.settings import Secret

_SEED = re.compile(r"[0-9a-f]{64}", re.ASCII | re.IGNORECASE)
_WITH_PUBLIC = re.compile(r"[0-9a-f]{128}", re.ASCII | re.IGNORECASE)


class BadKey(ValueError):
    """A key that cannot be signed with. Does not say it."""


def signing_key(text: str) -> SigningKey:
    """A secret key: 32 bytes in hex, or 64 as libsodium and the older server's PUBLISHER_API_SECRET have
    them, with the public key behind. Raises `BadKey`.
    """
    given = text.strip()
    if _SEED.fullmatch(given):
        return SigningKey(bytes.fromhex(given))
    if not _WITH_PUBLIC.fullmatch(given):
        raise BadKey("it is no Ed25519 key of 32 or 64 bytes in hex")
    key = SigningKey(bytes.fromhex(given[:64]))
    if bytes(key.verify_key) != bytes.fromhex(given[64:]):
        raise BadKey("its two halves, secret and public, do not belong together")
    return key


def read_key(secret: Secret) -> SigningKey:
    """The configured one. Raises `BadKey`."""
    try:
        return signing_key(secret.read())
    except OSError as error:
        raise BadKey(f"it cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError:
        raise BadKey("it is no text") from None


def public_hex(key: SigningKey) -> str:
    """What verifies: 32 bytes in hex."""
    return bytes(key.verify_key).hex()


def authorization(key: SigningKey, body: bytes) -> str:
    """The header's value for these bytes."""
    return f"Bearer {key.sign(body).signature.hex()}"
