"""Amounts: integers of the smallest unit inside, decimal strings outside, fractions in between.

A decimal string is matched against `DECIMAL` before anything converts it: ``int(Decimal("1e300000"))`` takes
seconds and cannot be interrupted, and `Decimal` itself takes ``NaN``, ``1_000`` and the digits of any script.
Nothing in the project holds money in a float.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from paydaemon.core.errors import invalid

MAX_INTEGER_DIGITS = 30
MAX_DECIMALS = 30

DECIMAL = re.compile(
    rf"(?:0|[1-9][0-9]{{0,{MAX_INTEGER_DIGITS - 1}}})(?:\.[0-9]{{1,{MAX_DECIMALS}}})?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Asset:
    """What can be owed on a chain, by its id `chain`.

    `code` identifies it within its chain: the symbol for the native asset, the on-chain id for a token.
    `symbol` is only for showing. One whole unit is ``10 ** decimals`` minor units,
    by its `decimals`.
    """

    chain: str
    code: str
    symbol: str
    decimals: int

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from every other asset: its chain, and its code there."""
        return self.chain, self.code


@dataclass(frozen=True, slots=True)
class Currency:
    """What an invoice is asked in: an ISO 4217 code, or the symbol of an asset."""

    code: str
    decimals: int


def parse_fraction(text: object, param: str) -> Fraction:
    """The exact value of a plain decimal string.

    Raises `Refusal` naming `param` unless `text` is a string of ASCII digits with at most one point, no sign,
    no exponent, no leading zero, and at most 30 digits on either side.
    """
    if not isinstance(text, str):
        raise invalid(param, 'must be a decimal string such as "12.50", not a number', "not_a_string")
    if DECIMAL.fullmatch(text) is None:
        raise invalid(param, 'must be a plain decimal such as "12.50"', "not_a_decimal")
    return Fraction(text)


def parse_minor(text: object, decimals: int, param: str) -> int:
    """The minor units that a decimal string of whole units stands for.

    Raises `Refusal` naming `param` for what `parse_fraction` refuses, and for more than `decimals` decimals,
    zeros too: an amount is never rounded on its way in, and half the world writes twelve thousand as 12.000.
    """
    minor = parse_fraction(text, param) * 10**decimals
    if len(str(text).partition(".")[2]) > decimals:
        raise invalid(param, f"must have at most {decimals} decimals", "too_many_decimals")
    return int(minor)


def format_minor(minor: int, decimals: int) -> str:
    """Minor units as a decimal string of whole units with exactly `decimals` decimals: 20834 → 0.00020834."""
    if minor < 0:
        return "-" + format_minor(-minor, decimals)
    if decimals == 0:
        return str(minor)
    digits = str(minor).rjust(decimals + 1, "0")
    return f"{digits[:-decimals]}.{digits[-decimals:]}"


def ceil(value: Fraction) -> int:
    """The smallest integer that is not below `value`."""
    return -(-value.numerator // value.denominator)


def due_minor(amount: Fraction, rate: Fraction, decimals: int) -> int:
    """The minor units of an asset that pay `amount` at `rate`.

    `amount` is in whole units of the invoice's currency, `rate` is that currency's price of one whole unit of
    the asset; both are more than zero. Rounds up, by less than one minor unit: the seller is never asked to
    take less than the price.
    """
    return ceil(amount / rate * 10**decimals)
