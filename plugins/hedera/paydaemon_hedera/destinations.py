"""Destinations: an account of ours, and a memo that tells its credits apart.

A memo is typed by people too, so it is made of digits, and its last one is a check digit (ISO/IEC 7812-1,
annex B; Luhn's): with a digit wrong, or two neighbours swapped, it is nobody's memo and not somebody else's.
"""

from urllib.parse import urlencode

from paydaemon.core.invoice import Destination
from paydaemon.core.money import Asset, format_minor

_LEAST_DIGITS = 5


def key(account: str, memo: str) -> str:
    """What a credit to this account under this memo is recognised by."""
    return f"{account}/{memo}"


def destination(account: str, prefix: str, index: int, asset: Asset, amount_minor: int) -> Destination:
    """The destination of an index: always the same one."""
    memo = prefix + memo_of(index)
    return Destination(
        key=key(account, memo),
        index=index,
        address=account,
        memo=memo,
        uri=payment_uri(account, memo, asset, amount_minor),
    )


def memo_of(index: int) -> str:
    """The digits of an index, with their check digit: 0 → 000000, 1 → 000018."""
    digits = str(index).rjust(_LEAST_DIGITS, "0")
    return digits + str(_check_digit(digits))


def payment_uri(account: str, memo: str, asset: Asset, amount_minor: int) -> str:
    """``hedera:0.0.1001?amount=…&memo=…``, with ``token=`` for another asset than HBAR.

    There is no standard of it: it is made after BIP-21, for wallets and scripts that read it so.
    """
    asked = {"amount": format_minor(amount_minor, asset.decimals), "memo": memo}
    if asset.code != asset.symbol:
        asked["token"] = asset.code
    return f"hedera:{account}?{urlencode(asked)}"


def _check_digit(digits: str) -> int:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return -total % 10
