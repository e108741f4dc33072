"""Whether a view key belongs with an address. Pure.

monero-wallet-rpc 0.18 makes a view-only wallet of any two of them (``generate_from_keys``). Where they do not
belong together, its subaddresses are nobody's: what is paid there is seen by no wallet, and lost.

Asking the wallet to prove its key (``sign`` with ``signature_type`` "view") would leave the key where it is.
But a wallet that is built with assertions, as Debian's is, ends at once where the two do not belong together.
"""

from nacl.bindings import crypto_scalarmult_ed25519_base_noclamp
from nacl.exceptions import RuntimeError as NoPoint

from paydaemon_monero.errors import unreadable

_DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BLOCK_BYTES = {11: 8, 7: 5}
"""How many bytes a block of so many digits holds: monero cuts what it writes in base 58 into such blocks."""

_ADDRESS_DIGITS = 95
_KEY_BYTES = 32


def belongs(view_key: str, address: str) -> bool:
    """Whether the secret view key, in hex, is that of the address.

    Source: monero's ``cryptonote_basic_impl.cpp`` (an address is a byte for the network, the public spend
    key, the public view key and a checksum), and ``crypto_ops::secret_key_to_public_key``. Raises
    `Unreadable`, which does not tell the key.
    """
    try:
        secret = bytes.fromhex(view_key)
    except ValueError:
        secret = b""
    if len(secret) != _KEY_BYTES:
        unreadable("key", view_key)
    try:
        return crypto_scalarmult_ed25519_base_noclamp(secret) == public_view_key(address)
    except NoPoint:  # the key is 0
        return False


def public_view_key(address: str) -> bytes:
    """The public view key within a wallet's own address. Raises `Unreadable` for anything else."""
    if len(address) != _ADDRESS_DIGITS or set(address) - set(_DIGITS):
        unreadable("address", address)
    whole = b"".join(_block(address[start : start + 11]) for start in range(0, _ADDRESS_DIGITS, 11))
    return whole[1 + _KEY_BYTES : 1 + 2 * _KEY_BYTES]


def _block(digits: str) -> bytes:
    """One block of base 58. Source: monero's ``common/base58.cpp``."""
    number = 0
    for digit in digits:
        number = number * len(_DIGITS) + _DIGITS.index(digit)
    size = _BLOCK_BYTES[len(digits)]
    if number >> (8 * size):
        unreadable("address", digits)
    return number.to_bytes(size)
