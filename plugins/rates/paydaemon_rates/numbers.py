"""Numbers as exchanges write them: exact, in a sane range, or refused. No float is ever made of one.

The price of a pair is the middle between the best bid and the best ask, where there are both and they are
sane: that is what the market would do now, while the last trade may be old, or somebody's slip. Where there
are not, it is the last trade.
"""

import re
from decimal import Context, Decimal

from paydaemon_rates.exchange import Unreadable

EXACT = Context(prec=100)
"""Enough for the sum and half of any two prices there can be."""
QUOTIENT = Context(prec=15)
"""For what does not end: 15 significant digits, half even."""

MAX_DIGITS = 20
MAX_DECIMALS = 28
WIDEST = Decimal("1.05")
"""A best ask further above the best bid than this says nothing of where between them the price is."""

_NUMBER = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,28})?", re.ASCII)


def price_of(bid: object, ask: object, last: object = None) -> Decimal:
    """The price that these three make. Raises `Unreadable` where any is no price, or where they make none.

    None and zero say that there is nobody who bids, asks or has traded.
    """
    low, high, traded = positive(bid), positive(ask), positive(last)
    if low and high and low <= high <= EXACT.multiply(low, WIDEST):
        return plain(EXACT.divide(EXACT.add(low, high), Decimal(2)))
    if traded:
        return plain(traded)
    if low and high:
        raise Unreadable(
            "its best bid is above its best ask" if low > high else "its bid and ask are too far apart"
        )
    raise Unreadable("it has no price")


def positive(said: object) -> Decimal | None:
    """A price as a string or a JSON number; None for zero and for nothing. Raises `Unreadable`."""
    if said is None:
        return None
    value = number(said)
    if value < 0:
        raise Unreadable("a price is less than zero")
    return value or None


def number(said: object) -> Decimal:
    """A decimal as a string or a JSON number. Raises `Unreadable`.

    Looked at before it is written out: 1e999999 has a million digits.
    """
    if isinstance(said, str):
        if _NUMBER.fullmatch(said) is None:
            raise Unreadable("a price is no number")
        return Decimal(said)
    if not isinstance(said, Decimal):
        raise Unreadable("a price is no number")
    exponent = said.as_tuple().exponent
    if not isinstance(exponent, int):
        raise Unreadable("a price is no number")
    if (said and said.adjusted() >= MAX_DIGITS) or exponent < -MAX_DECIMALS:
        raise Unreadable("a price is out of any range")
    return said


def plain(value: Decimal) -> Decimal:
    """The same without zeros at its end: however many a source writes, its price is one and the same."""
    return EXACT.normalize(value)
