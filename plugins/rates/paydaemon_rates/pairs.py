"""Pairs: what a price is the price of."""

import re
from typing import NamedTuple

_PAIR = re.compile(r"([A-Z0-9][A-Z0-9.]{0,31})/([A-Z0-9][A-Z0-9.]{0,31})", re.ASCII)


class Pair(NamedTuple):
    """One whole unit of `base`, priced in `quote`: ``BTC/EUR``."""

    base: str
    quote: str

    def __str__(self) -> str:
        return f"{self.base}/{self.quote}"


def parse_pair(text: str) -> Pair:
    """``BTC/EUR`` → its two sides. Raises `ValueError` saying what is wrong with it."""
    match = _PAIR.fullmatch(text)
    if match is None:
        raise ValueError('must be a pair in capitals such as "BTC/EUR"')
    if match[1] == match[2]:
        raise ValueError("must be a pair of two different things")
    return Pair(match[1], match[2])
