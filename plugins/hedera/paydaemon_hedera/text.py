"""Text that stands for bytes: base64 in its forms, and hex.

Nothing is tried. Whatever a client may hand in starts with one of four bytes, the tags that a transaction can
start with; as raw bytes these are no letters or digits, as hex they start with a digit, and as base64 with a
letter. So the first character decides, and a text that turns out wrong is told what is wrong with it.
"""

import binascii

from paydaemon.core.errors import Refusal
from paydaemon_hedera import refusals

MAX_BYTES = 65_536
"""The most bytes that are read: ten times what a list for every node of the main network takes."""

_RAW = frozenset(b"\x0a\x1a\x22\x2a")
_HEX = frozenset("012")


def decode(given: bytes | str) -> bytes:
    """What a client sent, as raw bytes. Raises `Refusal` for anything but bytes, base64 or hex.

    A body and its signature map may come apart, as wallets give them, joined by a point: see `parts`.
    """
    if len(given) > 2 * MAX_BYTES + 2:
        raise _too_large()
    if isinstance(given, str):
        raw = _decode_text(given)
    else:
        raw = given if given[:1] and given[0] in _RAW else _decode_text(_ascii(given))
    if len(raw) > MAX_BYTES:
        raise _too_large()
    return raw


def parts(given: bytes | str) -> tuple[bytes, bytes] | None:
    """A body and its signature map, of ``<base64>.<base64>``; None for anything without that one point."""
    if isinstance(given, bytes):
        if (given[:1] and given[0] in _RAW) or b"." not in given[: 2 * MAX_BYTES]:
            return None
        given = _ascii(given)
    body, point, signatures = given.partition(".")
    return (decode(body), decode(signatures)) if point else None


def _decode_text(given: str) -> bytes:
    given = given.strip()
    if not given:
        raise refusals.wrong(refusals.TRANSACTION, "is empty")
    return _from_hex(given) if given[0] in _HEX else _from_base64(given)


def _from_hex(given: str) -> bytes:
    try:
        return binascii.unhexlify(given[2:] if given[:2] in ("0x", "0X") else given)
    except ValueError:
        raise refusals.wrong(refusals.TRANSACTION, "looks like hex, and is not") from None


def _from_base64(given: str) -> bytes:
    given = given.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return binascii.a2b_base64(given + "=" * (-len(given) % 4), strict_mode=True)
    except ValueError:
        raise refusals.wrong(refusals.TRANSACTION, "must be base64 or hex") from None


def _ascii(given: bytes) -> str:
    try:
        return given.decode("ascii")
    except UnicodeDecodeError:
        raise refusals.wrong(refusals.TRANSACTION, "is neither a transaction nor the text of one") from None


def _too_large() -> Refusal:
    return refusals.wrong(refusals.TRANSACTION, f"must have at most {MAX_BYTES} bytes")
