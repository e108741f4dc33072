"""What rates are reckoned in: exact decimals, and 15 digits of what is worked out.

Nothing is rounded but prices that are turned the other way round, and results. No float is ever made.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact

from paydaemon.core.money import DECIMAL, MAX_DECIMALS

DIGITS = 15
"""Of what is worked out: means, reverses, crosses, and prices less a spread."""

EXACT = Context(prec=400, traps=[Inexact])
"""Three prices of 60 digits multiplied, and a spread or a deviation of 7: far from 400."""

ONE = Decimal(1)
PPM = 1_000_000

_ROUNDED = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN)
_TO_LAST_PLACE = Context(prec=2 * MAX_DECIMALS, rounding=ROUND_HALF_EVEN)
_LEAST = Decimal(1).scaleb(-MAX_DECIMALS)
_HALF = Decimal("0.5")


def written(value: Decimal) -> str | None:
    """A rate as it is stored: 15 significant digits, half even, at most 30 on either side of the point.

    None for what is too large or too small to be written so.
    """
    rounded = _ROUNDED.plus(value)
    if abs(rounded.adjusted()) > MAX_DECIMALS:
        return None
    if rounded.adjusted() - DIGITS < -MAX_DECIMALS:
        rounded = _TO_LAST_PLACE.quantize(rounded, _LEAST)
    text = format(rounded.normalize(EXACT), "f")
    return text if rounded > 0 and DECIMAL.fullmatch(text) else None


def reversed_price(price: Decimal) -> Decimal:
    """What one whole unit of the quote costs in the base, in 15 digits."""
    return _ROUNDED.divide(ONE, price)


def share(ppm: int) -> Decimal:
    """So many millionths."""
    return Decimal(ppm).scaleb(-6)


def mean(low: Decimal, high: Decimal) -> Decimal:
    """What lies between two prices."""
    return low if low == high else EXACT.multiply(EXACT.add(low, high), _HALF)
