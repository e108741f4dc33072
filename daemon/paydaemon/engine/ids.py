"""Identifiers and secrets: unguessable, safe in URLs and logs, and telling by their prefix what they name."""

import hashlib
import secrets
from base64 import b32encode

_BYTES = 15


def new_id(prefix: str) -> str:
    """A fresh identifier such as ``inv_…``, with 120 random bits: nobody finds another's by guessing."""
    return f"{prefix}_{b32encode(secrets.token_bytes(_BYTES)).decode().lower()}"


def new_secret(kind: str) -> str:
    """The secret text of a fresh API key, shown once and stored only as its digest."""
    return f"pd_{kind}_{secrets.token_urlsafe(32)}"


def digest(secret: str) -> bytes:
    """What is stored of a secret. Its 256 random bits need no slow hash to withstand guessing."""
    return hashlib.sha256(secret.encode()).digest()
